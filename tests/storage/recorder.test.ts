import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PartRecord } from '#ingest/part-records.ts';
import { uuidV7Source } from '#registry/uuid-v7.ts';
import type { FinishedRecording, OpenedRecording } from '#storage/recorder-protocol.ts';
import { Recorder, type RecordedInit } from '#storage/recorder.ts';
import { rotationMs } from '#storage/rotation.ts';
import { decodeFragments, fragmentEndMs } from '#storage/spool/fragment-index.ts';
import { spoolDisk } from '#storage/spool/spool-disk.ts';
import { keepWhole, readRecording } from '#storage/spool/spool-reader.ts';
import { clipPictures, Cut, RUN_START_MS } from '#tests/ingest/cut.ts';

const CAMERA = '019e0000-0000-7000-8000-000000004e20';
const SLOT = 3;

let folder: string;
let monotonicMs: number;
let recorder: Recorder;
let opened: OpenedRecording[];
let finished: FinishedRecording[];
let fullIds = 0;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'recorder-'));
  monotonicMs = 0;
  opened = [];
  finished = [];
  let ids = 0;
  recorder = new Recorder({
    spoolFolder: folder,
    syncMs: 5_000,
    newId: () => `019e0000-0000-7000-9000-${String(ids++).padStart(12, '0')}`,
    monotonicMs: () => monotonicMs,
  });
  recorder.record(SLOT, CAMERA);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Seconds of the simulator's small clip, played again and again, through the segmenter. */
function run(seconds: number): { cut: Cut; init: RecordedInit } {
  const { config, pictures } = clipPictures('small');
  const cut = new Cut();
  cut.segmenter.configure(config);
  for (let i = 0; i < seconds * 10; i++) {
    const picture = pictures[i % pictures.length] as (typeof pictures)[number];
    cut.picture(i * 9_000, picture.randomAccess, picture.nals);
  }
  const [made] = cut.inits;
  if (made === undefined) throw new Error('no init');
  const { codec, width, height } = made.config;
  return {
    cut,
    init: { initNumber: 0, runId: 'run1', bytes: made.bytes, codec, width, height },
  };
}

function recordOf(part: Cut['parts'][number]): PartRecord {
  return { ...part, slot: SLOT, initNumber: part.initIndex };
}

function record({ cut, init }: ReturnType<typeof run>, parts = cut.parts): void {
  for (const part of parts) {
    const bytes = part.slices.map((s) => cut.reader.bytes(s.chunk, s.offset, s.length));
    recorder.part(recordOf(part), init, bytes);
    takeProgress();
  }
}

function takeProgress(): void {
  const progress = recorder.takeProgress(false);
  opened.push(...progress.opened);
  finished.push(...progress.finished);
}

async function settled(): Promise<void> {
  await vi.waitFor(() => expect(recorder.idle).toBe(true));
  takeProgress();
  // The disk may finish a later one first; ids are made in order.
  finished.sort((a, b) => (a.recordingId < b.recordingId ? -1 : 1));
}

const pathOf = (recording: { cameraId: string; recordingId: string }): string =>
  join(folder, recording.cameraId, `${recording.recordingId}.mp4`);

describe('the recorder', () => {
  it('writes a file a minute, each beginning with a random access point, and loses no part', async () => {
    const made = run(150);
    record(made);
    recorder.stop();
    await settled();
    expect(finished.map(({ endReason }) => endReason)).toEqual([
      'rotated',
      'rotated',
      'rotated',
      'stopped',
    ]);
    const fragments = finished.flatMap(({ fragmentIndex }) => decodeFragments(fragmentIndex));
    expect(fragments.map(({ decodeTicks }) => decodeTicks)).toEqual(
      made.cut.parts.map(({ decodeTicks }) => decodeTicks),
    );
    for (const { fragmentIndex } of finished) {
      expect(decodeFragments(fragmentIndex)[0]?.independent).toBe(true);
    }
    // 4e20 of the camera's id is 20 s into the minute.
    expect(rotationMs(CAMERA, RUN_START_MS)).toBe(RUN_START_MS + 20_000);
    const starts = opened.map(({ startMs }) => (startMs - RUN_START_MS) / 1000);
    expect(starts[0]).toBe(0);
    expect(starts[1]).toBeGreaterThanOrEqual(20);
    expect(starts[1]).toBeLessThan(26);
    expect(starts[2]).toBeGreaterThanOrEqual(80);
  });

  it('hashes what it wrote, and chains the recordings of a run', async () => {
    record(run(90));
    recorder.stop();
    await settled();
    for (const [i, recording] of finished.entries()) {
      const bytes = readFileSync(pathOf(recording));
      expect(bytes).toHaveLength(recording.byteLength);
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(recording.sha256);
      expect(opened[i]?.previousSha256).toBe(finished[i - 1]?.sha256 ?? null);
    }
  });

  it('makes files that tell by themselves what the catalogue would know', async () => {
    record(run(40));
    recorder.stop();
    await settled();
    for (const [i, recording] of finished.entries()) {
      const read = readRecording(pathOf(recording));
      expect(read?.fragments).toEqual(decodeFragments(recording.fragmentIndex));
      const { path, initBytes, headBytes, ...head } = opened[i] as OpenedRecording;
      expect(read?.head).toEqual(head);
      expect({ initBytes: read?.initBytes, headBytes: read?.headBytes }).toEqual({
        initBytes,
        headBytes,
      });
      expect(join(folder, path)).toBe(pathOf(recording));
    }
  });

  it('tells of an open recording as it grows', () => {
    const { cut, init } = run(3);
    for (const part of cut.parts) {
      const bytes = part.slices.map((s) => cut.reader.bytes(s.chunk, s.offset, s.length));
      recorder.part(recordOf(part), init, bytes);
    }
    const progress = recorder.takeProgress(true);
    expect(progress.opened).toHaveLength(1);
    const [grown] = progress.grown;
    const fragments = decodeFragments(grown?.fragmentIndex ?? Buffer.alloc(0));
    expect(fragments).toHaveLength(cut.parts.length);
    expect(grown?.endMs).toBe(fragmentEndMs(fragments.at(-1) as (typeof fragments)[number]));
    expect(recorder.takeProgress(true).grown).toEqual([]);
  });

  it('tells to the last part how far a recording came that is over, though its disk has not all of it yet', () => {
    const { cut, init } = run(90);
    recorder = new Recorder({
      spoolFolder: folder,
      syncMs: 5_000,
      newId: uuidV7Source(Date.now),
      monotonicMs: () => 0,
      // It is slow, and has answered nothing.
      disk: { ...spoolDisk, sync: () => {} },
    });
    recorder.record(SLOT, CAMERA);
    let told = 0;
    for (const [i, part] of cut.parts.entries()) {
      const bytes = part.slices.map((s) => cut.reader.bytes(s.chunk, s.offset, s.length));
      recorder.part(recordOf(part), init, bytes);
      const { grown, finished: over } = recorder.takeProgress(i === cut.parts.length - 1);
      expect(over).toEqual([]);
      for (const { fragmentIndex } of grown) told += decodeFragments(fragmentIndex).length;
    }
    expect(told).toBe(cut.parts.length);
  });

  it('begins anew with another init, and with another run', async () => {
    const { cut, init } = run(6);
    const third = Math.ceil(cut.parts.length / 3);
    const from = (start: number) => {
      const at = cut.parts.findIndex((part, i) => i >= start && part.independent);
      return at < 0 ? cut.parts.length : at;
    };
    const second = from(third);
    record({ cut, init }, cut.parts.slice(0, second));
    record({ cut, init: { ...init, initNumber: 1 } }, cut.parts.slice(second, from(2 * third)));
    recorder.runEnded(SLOT);
    const later = { ...init, initNumber: 2, runId: 'run2' };
    record({ cut, init: later }, cut.parts.slice(from(2 * third)));
    recorder.stop();
    await settled();
    expect(finished.map(({ endReason }) => endReason)).toEqual([
      'parameters-changed',
      'run-ended',
      'stopped',
    ]);
    expect(opened.map(({ previousSha256 }) => previousSha256 !== null)).toEqual([
      false,
      true,
      false,
    ]);
  });

  it.each([
    { words: 'parts are missing where the minute is over', skipped: 7_000, setMs: 0 },
    { words: 'the clock is set forward', skipped: 0, setMs: 5 * 3_600_000 },
  ])('says what lies between two recordings when $words', async ({ skipped, setMs }) => {
    const made = run(100);
    const endMs = rotationMs(CAMERA, RUN_START_MS);
    const isAfter = (part: { startMs: number; independent: boolean }): boolean =>
      part.startMs >= endMs && part.independent;
    const first = made.cut.parts.findIndex(isAfter);
    const kept = made.cut.parts.filter(({ startMs }, i) => i >= first || startMs < endMs - skipped);
    const set = kept.map((part) => {
      return {
        ...part,
        startMs: part.startMs + (part.startMs < (made.cut.parts[first]?.startMs ?? 0) ? 0 : setMs),
      };
    });
    record(made, set);
    recorder.stop();
    await settled();
    const hole = { startMs: finished[0]?.endMs, endMs: opened[1]?.startMs };
    expect(opened[1]?.hole).toEqual({ ...hole, isClockSet: setMs > 0 });
    expect([opened[0]?.hole, opened[2]?.hole]).toEqual([undefined, undefined]);
  });

  it('ends a recording when the clock is set back an hour, and loses no picture of it', async () => {
    const { cut, init } = run(8);
    const half = Math.floor(cut.parts.length / 2);
    const setBack = cut.parts.map((part, i) =>
      i < half ? part : { ...part, startMs: part.startMs - 3_600_000 },
    );
    record({ cut, init }, setBack);
    recorder.stop();
    await settled();
    expect(finished.map(({ endReason }) => endReason)).toEqual(['clock-set', 'stopped']);
    expect(opened.map(({ startMs }) => startMs)).toEqual([
      RUN_START_MS,
      Math.round((cut.parts[half]?.startMs ?? 0) - 3_600_000),
    ]);
    for (const [i, { endMs }] of finished.entries()) {
      expect(endMs).toBeGreaterThan(opened[i]?.startMs ?? 0);
    }
    const fragments = finished.flatMap(({ fragmentIndex }) => decodeFragments(fragmentIndex));
    expect(fragments.map(({ decodeTicks }) => decodeTicks)).toEqual(
      cut.parts.map(({ decodeTicks }) => decodeTicks),
    );
    expect(opened[1]?.previousSha256).toBe(finished[0]?.sha256);
  });

  it('says that the disk is full, keeps what is whole, and records on when there is room', async () => {
    const { cut, init } = run(12);
    let full = false;
    recorder = new Recorder({
      spoolFolder: folder,
      syncMs: 5_000,
      newId: () => `019e0000-0000-7000-a000-${String(fullIds++).padStart(12, '0')}`,
      monotonicMs: () => monotonicMs,
      disk: {
        ...spoolDisk,
        write(handle, buffers, position) {
          if (!full) return spoolDisk.write(handle, buffers, position);
          // A disk takes what it has room for first.
          const some = buffers[0]?.subarray(0, 10);
          if (some !== undefined) spoolDisk.write(handle, [some], position);
          throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
        },
      },
    });
    recorder.record(SLOT, CAMERA);
    record({ cut, init }, cut.parts.slice(0, 5));
    full = true;
    const [next] = cut.parts.slice(5, 6);
    if (next === undefined) throw new Error('no part');
    recorder.part(
      recordOf(next),
      init,
      next.slices.map((s) => cut.reader.bytes(s.chunk, s.offset, s.length)),
    );
    const progress = recorder.takeProgress(false);
    expect(progress.failed).toMatchObject([{ cameraId: CAMERA, full: true }]);
    finished.push(...progress.finished);
    full = false;
    monotonicMs += 6_000;
    const after = cut.parts.findIndex(({ independent }, i) => i > 6 && independent);
    record({ cut, init }, cut.parts.slice(after));
    recorder.stop();
    await settled();
    expect(finished.map(({ endReason }) => endReason)).toEqual(['storage', 'stopped']);
    const read = readRecording(pathOf(finished[0] as FinishedRecording));
    expect(read?.fragments).toHaveLength(5);
    expect(read?.fileBytes).toBe(finished[0]?.byteLength);
  });

  it('records nothing of a camera whose recording is off', async () => {
    recorder.release(SLOT, 'recording-off');
    record(run(3));
    await settled();
    expect(opened).toEqual([]);
  });

  it('says when the spool cannot be written, and goes on when it can again', async () => {
    const made = run(12);
    const half = made.cut.parts.findIndex((part, i) => i > 8 && part.independent);
    // What is not a folder takes no file, from root neither.
    rmSync(join(folder, CAMERA), { recursive: true, force: true });
    writeFileSync(join(folder, CAMERA), '');
    const failed: unknown[] = [];
    for (const part of made.cut.parts.slice(0, 3)) {
      const bytes = part.slices.map((s) => made.cut.reader.bytes(s.chunk, s.offset, s.length));
      recorder.part(recordOf(part), made.init, bytes);
      failed.push(...recorder.takeProgress(false).failed);
    }
    // Told once a try, not once a part.
    expect(failed).toMatchObject([{ cameraId: CAMERA, full: false }]);
    unlinkSync(join(folder, CAMERA));
    monotonicMs += 6_000;
    record(made, made.cut.parts.slice(half));
    recorder.stop();
    await settled();
    expect(finished).toHaveLength(1);
    expect(existsSync(pathOf(finished[0] as FinishedRecording))).toBe(true);
  });

  it('leaves no file behind for each try on a disk that is full', async () => {
    const { cut, init } = run(12);
    recorder = new Recorder({
      spoolFolder: folder,
      syncMs: 5_000,
      newId: () => `019e0000-0000-7000-b000-${String(fullIds++).padStart(12, '0')}`,
      monotonicMs: () => monotonicMs,
      disk: {
        ...spoolDisk,
        write: () => {
          throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
        },
      },
    });
    recorder.record(SLOT, CAMERA);
    for (let tries = 0; tries < 3; tries++) {
      record({ cut, init }, cut.parts.slice(0, 1));
      monotonicMs += 6_000;
    }
    expect(readdirSync(join(folder, CAMERA))).toEqual([]);
    expect(opened).toEqual([]);
  });
});

describe('a recording whose writer was killed', () => {
  it('is whole up to the last whole fragment, wherever it was torn', async () => {
    record(run(6));
    recorder.stop();
    await settled();
    const [recording] = finished;
    if (recording === undefined) throw new Error('nothing recorded');
    const bytes = readFileSync(pathOf(recording));
    const fragments = decodeFragments(recording.fragmentIndex);
    const torn = join(folder, 'torn.mp4');
    const headBytes = fragments[0]?.offset ?? 0;
    // Every byte around the borders, and some between them.
    const cuts = new Set<number>([0, 1, 7, 8, headBytes - 1]);
    for (const { offset, byteLength } of fragments) {
      for (const near of [-9, -1, 0, 1, 8, 31, 32, 33, 40, 200]) cuts.add(offset + near);
      cuts.add(offset + Math.floor(byteLength / 2));
    }
    for (const length of cuts) {
      writeFileSync(torn, bytes.subarray(0, length));
      const read = readRecording(torn);
      const whole = fragments.filter(({ offset, byteLength }) => offset + byteLength <= length);
      if (length < headBytes) {
        expect(read).toBeUndefined();
        continue;
      }
      expect(read?.fragments).toEqual(whole);
      if (read === undefined) throw new Error('its head is whole');
      keepWhole(torn, read);
      expect(readFileSync(torn)).toHaveLength(
        whole.length === 0
          ? headBytes
          : (whole.at(-1)?.offset ?? 0) + (whole.at(-1)?.byteLength ?? 0),
      );
    }
  });

  it('never brings a reader down, whatever its bytes have become', async () => {
    record(run(4));
    recorder.stop();
    await settled();
    const path = pathOf(finished[0] as FinishedRecording);
    const bytes = readFileSync(path);
    const count = decodeFragments(finished[0]?.fragmentIndex ?? Buffer.alloc(0)).length;
    let seed = 1;
    const random = (below: number): number => {
      seed = (seed * 48_271) % 0x7fffffff;
      return seed % below;
    };
    for (let i = 0; i < 300; i++) {
      const damaged = Buffer.from(bytes);
      for (let k = 0; k < 8; k++) damaged[random(Math.min(bytes.length, 4_000))] = random(256);
      writeFileSync(path, damaged);
      expect(readRecording(path)?.fragments.length ?? 0).toBeLessThanOrEqual(count);
    }
    truncateSync(path, 0);
    expect(readRecording(path)).toBeUndefined();
  });
});
