import { mkdirSync, mkdtempSync, rmSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { newCamera } from '#registry/camera.ts';
import { openDatabases } from '#registry/database/open-databases.ts';
import { openRegistry } from '#registry/schema/open-registry.ts';
import { uuidV7Source } from '#registry/uuid-v7.ts';
import { insertGap } from '#storage/catalogue/gaps.ts';
import { openCatalogue } from '#storage/catalogue/open-catalogue.ts';
import { insertOpened, markSpooled, markStored } from '#storage/catalogue/recordings.ts';
import { lengthenRetention } from '#storage/catalogue/retentions.ts';
import type { Catalogue, GapCause } from '#storage/catalogue/tables.ts';
import { objectKey } from '#storage/catalogue/object-key.ts';
import { openFolderStore } from '#storage/objects/folder.ts';
import type { ObjectStore } from '#storage/objects/object-store.ts';
import type { FinishedRecording, OpenedRecording } from '#storage/recorder-protocol.ts';
import { Recorder } from '#storage/recorder.ts';
import { clipPictures, Cut, RUN_START_MS, type ClipPictures } from '../ingest/cut.ts';
import { byTest, camerasOf } from '../registry/cameras-of.ts';
import { krabiCamera } from '../registry/krabi-camera.ts';

const TICKS_A_SECOND = 90_000;
const SMALL_CLIP_PICTURES_A_SECOND = 10;
const SLOT = 1;
/** Parts are given back to the pool so often. */
const SETTLE_MS = 5;

export interface SeededRun {
  startMs: number;
  seconds: number;
  /** The gateway's clock is set back by `ms` after so much of it. */
  setBack?: { afterSeconds: number; ms: number };
}

export interface SeededCamera {
  position: string;
  lao?: { name: string; district: string; province: string };
  retentionDays?: number;
  /** In force, where that is more than the inventory says now. */
  keptDays?: number;
  runs: readonly SeededRun[];
  gaps?: readonly { startMs: number; endMs: number; cause: GapCause; detail: string | null }[];
}

/**
 * A data folder as a gateway would have left it: cameras that are registered and not linked, with recordings of these
 * times, made by the segmenter and the recorder from the simulator's small clip. Returns the cameras' ids.
 */
export async function seedHistory(
  dataDir: string,
  cameras: readonly SeededCamera[],
): Promise<string[]> {
  const databases = openDatabases({ dataDir });
  const registry = camerasOf(await openRegistry(databases));
  const catalogue = await openCatalogue(databases);
  const store = openFolderStore(join(dataDir, 'objects'));
  const newId = uuidV7Source(Date.now);
  const ids: string[] = [];
  try {
    for (const { position, lao, retentionDays, keptDays, runs, gaps = [] } of cameras) {
      const given = krabiCamera({
        position,
        ...(lao === undefined ? {} : { lao }),
        stream: null,
        retentionDays: retentionDays ?? 30,
      });
      const { id } = await registry.create(newCamera.parse(given), byTest);
      ids.push(id);
      if (keptDays !== undefined) await lengthenRetention(catalogue, id, keptDays);
      for (const run of runs) await seedRun({ catalogue, store, newId }, id, run);
      for (const gap of gaps) await insertGap(catalogue, newId(), { cameraId: id, ...gap });
    }
  } finally {
    await databases.close();
  }
  return ids;
}

/** What a run is recorded from, again and again. */
export interface SeededPictures {
  pictures: ClipPictures;
  perSecond: number;
}

function smallClip(): SeededPictures {
  return { pictures: clipPictures('small'), perSecond: SMALL_CLIP_PICTURES_A_SECOND };
}

/** Records a run of a clip, the simulator's small one unless another is given, and puts it into the store. Returns its recordings, oldest first. */
export async function seedRun(
  into: { catalogue: Catalogue; store: Pick<ObjectStore, 'put'>; newId: () => string },
  cameraId: string,
  { startMs, seconds, setBack }: SeededRun,
  { pictures: clip, perSecond }: SeededPictures = smallClip(),
): Promise<{ opened: OpenedRecording; finished: FinishedRecording }[]> {
  const { catalogue, store, newId } = into;
  const spoolFolder = mkdtempSync(join(tmpdir(), 'seeded-'));
  mkdirSync(spoolFolder, { recursive: true });
  const recorder = new Recorder({ spoolFolder, syncMs: 5_000, newId, monotonicMs: () => 0 });
  const opened = new Map<string, OpenedRecording>();
  const finished: FinishedRecording[] = [];
  const take = (): void => {
    const progress = recorder.takeProgress(false);
    for (const one of progress.opened) opened.set(one.recordingId, one);
    finished.push(...progress.finished);
  };
  try {
    recorder.record(SLOT, cameraId);
    const { config, pictures } = clip;
    const cut = new Cut();
    cut.segmenter.configure(config);
    const runId = newId().replaceAll('-', '');
    // One picture more, which closes the last part.
    for (let i = 0; i <= seconds * perSecond; i++) {
      const picture = pictures[i % pictures.length];
      if (picture === undefined) throw new Error('the clip is empty');
      const at = Math.round((i * TICKS_A_SECOND) / perSecond);
      cut.picture(at, picture.randomAccess, picture.nals);
      if (cut.parts.length > 0) {
        for (const part of cut.parts) {
          const [made] = cut.inits;
          if (made === undefined) throw new Error('no init segment');
          const { codec, width, height } = made.config;
          const runMs = part.startMs - RUN_START_MS;
          const isSetBack = setBack !== undefined && runMs >= setBack.afterSeconds * 1_000;
          recorder.part(
            {
              ...part,
              slot: SLOT,
              initNumber: part.initIndex,
              startMs: startMs + runMs - (isSetBack ? setBack.ms : 0),
            },
            { initNumber: part.initIndex, runId, bytes: made.bytes, codec, width, height },
            part.slices.map((s) => cut.reader.bytes(s.chunk, s.offset, s.length)),
          );
        }
        cut.release();
        cut.events.length = 0;
        take();
      }
    }
    recorder.stop();
    while (!recorder.idle) await wait(SETTLE_MS);
    take();
    const made = finished
      .toSorted((a, b) => (a.recordingId < b.recordingId ? -1 : 1))
      .map((one) => ({ opened: opened.get(one.recordingId) as OpenedRecording, finished: one }));
    for (const one of made) {
      const path = join(spoolFolder, one.opened.path);
      const { byteLength, sha256 } = one.finished;
      await insertOpened(catalogue, [one.opened]);
      await markSpooled(catalogue, [one.finished]);
      const stored = await store.put(objectKey(one.opened), { path, byteLength, sha256 });
      const { recordingId: id, startMs: beganMs } = one.opened;
      await markStored(catalogue, [{ id, startMs: beganMs, versionId: stored.versionId }]);
      unlinkSync(path);
    }
    return made;
  } finally {
    rmSync(spoolFolder, { recursive: true, force: true });
  }
}
