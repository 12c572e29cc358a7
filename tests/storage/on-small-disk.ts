/**
 * What the object folder and the recorder do on a disk that is full, or read-only: `on-small-disk.ts <what> <folder>`, where
 * the folder is such a disk (small-disk.ts). Prints what was seen as JSON.
 */
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { openFolderStore } from '#storage/objects/folder.ts';
import type { FinishedFile } from '#storage/objects/object-store.ts';
import type { FinishedRecording } from '#storage/recorder-protocol.ts';
import { Recorder } from '#storage/recorder.ts';
import { readRecording } from '#storage/spool/spool-reader.ts';
import { clipPictures, Cut } from '../ingest/cut.ts';

const CAMERA = '019e0000-0000-7000-8000-000000004e20';
const OBJECT_BYTES = 300_000;
const MAX_OBJECTS = 20;
/** After a failure it is not tried again sooner (recorder.ts). */
const RETRY_MS = 6_000;

const [what, folder = ''] = process.argv.slice(2);
const spool = mkdtempSync(join(tmpdir(), 'on-small-disk-'));

console.log(JSON.stringify(await seen()));
rmSync(spool, { recursive: true });

async function seen(): Promise<unknown> {
  switch (what) {
    case 'objects-full':
      return objectsFull();
    case 'objects-read-only':
      return objectsReadOnly();
    case 'recorder-full':
      return recorderFull();
    case 'recorder-read-only':
      return recorderReadOnly();
    default:
      throw new Error(`what is ${what}?`);
  }
}

function finishedFile(): FinishedFile {
  const bytes = randomBytes(OBJECT_BYTES);
  const path = join(spool, 'finished.mp4');
  writeFileSync(path, bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { path, byteLength: bytes.length, sha256 };
}

/** The code of the error, or `kept`. */
async function put(key: string): Promise<string> {
  try {
    await openFolderStore(folder).put(key, finishedFile());
    return 'kept';
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
}

async function objectsFull() {
  let kept = 0;
  let said = '';
  while (kept < MAX_OBJECTS) {
    said = await put(`camera/day/${kept}.mp4`);
    if (said !== 'kept') break;
    kept++;
  }
  const files = readdirSync(join(folder, 'camera/day')).length;
  await openFolderStore(folder).delete({ key: 'camera/day/0.mp4', versionId: null });
  return { kept, said, files, withRoom: await put('camera/day/again.mp4') };
}

async function objectsReadOnly() {
  remount('ro');
  const said = await put('camera/day/a.mp4');
  remount('rw');
  return { said, writable: await put('camera/day/a.mp4') };
}

async function recorderFull() {
  const recorder = recording();
  // The simulator's clip for as long as it takes, and no more.
  const failed = recorder.until(({ failures }) => failures.length > 0);
  const first = (await recorder.settled()).at(-1);
  if (first === undefined) throw new Error('nothing was recorded');
  const path = join(folder, CAMERA, `${first.recordingId}.mp4`);
  const read = readRecording(path);
  const whole = read?.fileBytes === first.byteLength && read.fragments.length === first.fragments;
  const extraFiles = readdirSync(join(folder, CAMERA)).length - failed.opened;
  unlinkSync(path);
  recorder.later();
  const after = recorder.until(({ opened }) => opened > failed.opened);
  recorder.stop();
  const finished = await recorder.settled();
  return {
    failures: failed.failures,
    whole,
    extraFiles,
    failuresWithRoom: after.failures.length - failed.failures.length,
    endReasons: finished.slice(failed.opened - 1).map(({ endReason }) => endReason),
  };
}

async function recorderReadOnly() {
  remount('ro');
  const recorder = recording();
  const failed = recorder.until(({ failures }) => failures.length > 0);
  remount('rw');
  recorder.later();
  recorder.until(({ opened }) => opened > 0);
  recorder.stop();
  const finished = await recorder.settled();
  return {
    failures: failed.failures,
    endReasons: finished.map(({ endReason }) => endReason),
  };
}

function remount(how: 'ro' | 'rw'): void {
  execFileSync('mount', ['-o', `remount,${how}`, folder]);
}

interface Told {
  opened: number;
  failures: { full: boolean }[];
}

/** A recorder that is handed the simulator's clip, part by part. */
function recording() {
  let monotonicMs = 0;
  let ids = 0;
  let pictures = 0;
  let partsGiven = 0;
  const told: Told = { opened: 0, failures: [] };
  const finished: FinishedRecording[] = [];
  const clip = clipPictures('small');
  const cut = new Cut();
  cut.segmenter.configure(clip.config);
  const recorder = new Recorder({
    spoolFolder: folder,
    syncMs: 5_000,
    newId: () => `019e0000-0000-7000-9000-${String(ids++).padStart(12, '0')}`,
    monotonicMs: () => monotonicMs,
  });
  recorder.record(0, CAMERA);
  const take = (): void => {
    const progress = recorder.takeProgress(false);
    told.opened += progress.opened.length;
    told.failures.push(...progress.failed.map(({ full }) => ({ full })));
    finished.push(...progress.finished);
  };
  const hand = (): void => {
    const picture = clip.pictures[pictures % clip.pictures.length];
    if (picture === undefined) throw new Error('the clip is empty');
    cut.picture(pictures++ * 9_000, picture.randomAccess, picture.nals);
    const [made] = cut.inits;
    for (const part of cut.parts.slice(partsGiven)) {
      if (made === undefined) throw new Error('no init');
      const { codec, width, height } = made.config;
      const bytes = part.slices.map((s) => cut.reader.bytes(s.chunk, s.offset, s.length));
      const init = { initNumber: 0, runId: 'run1', bytes: made.bytes, codec, width, height };
      recorder.part({ ...part, slot: 0, initNumber: part.initIndex }, init, bytes);
      partsGiven++;
    }
    take();
  };
  return {
    until(isSeen: (now: Told) => boolean): Told {
      while (!isSeen(told)) {
        if (pictures > 10_000) throw new Error('it was not seen');
        hand();
      }
      return { ...told, failures: [...told.failures] };
    },
    later: () => void (monotonicMs += RETRY_MS),
    stop: () => recorder.stop(),
    /** In the order of their beginnings: two at once wait for the disk, and either may be there first. */
    async settled(): Promise<FinishedRecording[]> {
      while (!recorder.idle) await wait(5);
      take();
      return finished.toSorted((a, b) => a.startMs - b.startMs);
    },
  };
}
