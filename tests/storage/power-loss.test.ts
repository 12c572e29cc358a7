/** A power cut takes what the disk was not made to keep: at most SPOOL_SYNC_MS of a camera, and the part being made. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Databases } from '#registry/database/database.ts';
import { openDatabases } from '#registry/database/open-databases.ts';
import { openCatalogue } from '#storage/catalogue/open-catalogue.ts';
import { lastEndMs, recordingsIn } from '#storage/catalogue/recordings.ts';
import type { Catalogue } from '#storage/catalogue/tables.ts';
import { Recorder, type RecordedInit } from '#storage/recorder.ts';
import { recoverSpool } from '#storage/spool/recover-spool.ts';
import { spoolDisk, type SpoolDisk } from '#storage/spool/spool-disk.ts';
import { clipPictures, Cut, RUN_START_MS } from '#tests/ingest/cut.ts';
import { seededRandom } from '#tests/simulator/seeded-random.ts';

const SYNC_MS = 5_000;
const PART_MS = 500;
const CAMERAS = [1, 2, 3].map((i) => `019e0000-0000-7000-8000-00000000000${i}`);

let folder: string;
let databases: Databases;
let catalogue: Catalogue;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'power-'));
  mkdirSync(join(folder, 'spool'));
  databases = openDatabases({ dataDir: join(folder, 'data') });
  catalogue = await openCatalogue(databases);
});
afterEach(async () => {
  await databases.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A disk that knows what it was made to keep; syncs end when the test says. */
function forgetfulDisk() {
  const files = new Map<number, { path: string; length: number; kept: number }>();
  const namesKept = new Set<string>();
  const pending: (() => void)[] = [];
  const disk: SpoolDisk = {
    ...spoolDisk,
    create(path) {
      const handle = spoolDisk.create(path);
      files.set(handle, { path, length: 0, kept: 0 });
      return handle;
    },
    write(handle, buffers, position) {
      const written = spoolDisk.write(handle, buffers, position);
      const file = files.get(handle);
      if (file !== undefined) file.length = Math.max(file.length, position + written);
      return written;
    },
    sync(handle, done) {
      const file = files.get(handle);
      const length = file?.length ?? 0;
      pending.push(() => {
        if (file !== undefined) file.kept = Math.max(file.kept, length);
        done(null);
      });
    },
    syncFolder(syncedFolder, done) {
      pending.push(() => {
        for (const { path } of files.values())
          if (dirname(path) === syncedFolder) namesKept.add(path);
        done(null);
      });
    },
    // A handle's number may come again.
    close() {},
  };
  return {
    disk,
    finishSyncs: () => {
      for (const done of pending.splice(0)) done();
    },
    /** What was not kept is gone, or partly there, or there as zeros. */
    cutPower: (random: () => number): void => {
      for (const { path, length, kept } of files.values()) {
        if (!namesKept.has(path)) {
          rmSync(path, { force: true });
          continue;
        }
        const left = kept + Math.floor(random() * (length - kept));
        if (random() < 0.5) truncateSync(path, left);
        else {
          const bytes = readFileSync(path);
          writeFileSync(path, bytes.fill(0, left));
        }
      }
      for (const handle of files.keys()) spoolDisk.close(handle);
    },
  };
}

/** Seconds of the simulator's clip, cut as a camera worker does. */
function cutClip(seconds: number): { cut: Cut; init: RecordedInit } {
  const { config, pictures } = clipPictures('small');
  const cut = new Cut();
  cut.segmenter.configure(config);
  for (let i = 0; i < seconds * 10; i++) {
    const picture = pictures[i % pictures.length] as (typeof pictures)[number];
    cut.picture(i * 9_000, picture.randomAccess, picture.nals);
  }
  const { codec, width, height } = config;
  const bytes = cut.inits[0]?.bytes ?? Buffer.alloc(0);
  return { cut, init: { initNumber: 0, runId: 'run1', bytes, codec, width, height } };
}

it('loses no more than SPOOL_SYNC_MS, whenever the power goes', { timeout: 60_000 }, async () => {
  const random = seededRandom(8);
  const made = cutClip(75);
  let ids = 0;
  const lostMs: number[] = [];
  for (let trial = 0; trial < 15; trial++) {
    rmSync(join(folder, 'spool'), { recursive: true });
    mkdirSync(join(folder, 'spool'));
    const { disk, finishSyncs, cutPower } = forgetfulDisk();
    let nowMs = 0;
    const recorder = new Recorder({
      spoolFolder: join(folder, 'spool'),
      syncMs: SYNC_MS,
      newId: () => `019e0000-0000-7000-9000-${String(ids++).padStart(12, '0')}`,
      monotonicMs: () => nowMs,
      disk,
    });
    for (const [slot, cameraId] of CAMERAS.entries()) recorder.record(slot, cameraId);
    const cutAtMs = SYNC_MS + PART_MS + random() * 68_000;
    // The disk takes up to 400 ms for a sync; a tick comes four times a second, as in the recorder's thread.
    let syncsEndMs = 400 * random();
    let next = 0;
    for (; nowMs < cutAtMs; nowMs += 50) {
      for (; ; next++) {
        const part = made.cut.parts[next];
        if (part === undefined || part.startMs - RUN_START_MS + PART_MS > nowMs) break;
        const bytes = part.slices.map((s) => made.cut.reader.bytes(s.chunk, s.offset, s.length));
        for (const slot of CAMERAS.keys()) {
          recorder.part({ ...part, slot, initNumber: 0 }, made.init, bytes);
        }
      }
      if (nowMs % 250 === 0) recorder.tick();
      if (nowMs >= syncsEndMs) {
        finishSyncs();
        syncsEndMs = nowMs + 400 * random();
      }
    }
    cutPower(random);
    await catalogue.deleteFrom('recordings').execute();
    await recoverSpool(catalogue, join(folder, 'spool'));
    expect(await recordingsIn(catalogue, 'open', 10)).toEqual([]);
    for (const cameraId of CAMERAS) {
      const endMs = ((await lastEndMs(catalogue, cameraId)) ?? RUN_START_MS) - RUN_START_MS;
      lostMs.push(cutAtMs - endMs);
    }
  }
  expect(Math.max(...lostMs)).toBeLessThanOrEqual(SYNC_MS + 2 * PART_MS);
  // And it does cut something.
  expect(Math.max(...lostMs)).toBeGreaterThan(2_000);
});
