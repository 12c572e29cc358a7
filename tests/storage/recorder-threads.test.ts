/** Recorder threads as the serving thread drives them: media in shared memory, leases, and a recorder that dies. */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { PartOutbox } from '#ingest/part-records.ts';
import type { InitNotice } from '#ingest/worker-protocol.ts';
import type { FromRecorder } from '#storage/recorder-protocol.ts';
import { RecorderThreads } from '#storage/recorder-threads.ts';
import { readRecording } from '#storage/spool/spool-reader.ts';
import { clipPictures, Cut } from '#tests/ingest/cut.ts';

/** Its minute begins at second 20: nothing rotates here. */
const CAMERA = '019e0000-0000-7000-8000-000000004e20';
const SLOT = 4;

let folder: string;
let threads: RecorderThreads;
let cut: Cut;
let init: InitNotice;
let told: FromRecorder[];
let died: (readonly string[])[];
let slabs: SharedArrayBuffer[];
let passedOver: string[];
let logged: string[];

function startThreads(
  recorderUrl: URL,
  isRecorded: (cameraId: string) => boolean = () => true,
  stop = { finishMs: 10_000, endMs: 10_000 },
): RecorderThreads {
  return new RecorderThreads({
    recorderUrl,
    settings: { spoolFolder: folder, syncMs: 5_000 },
    isRecorded,
    onProgress: (progress) => told.push(progress),
    onRunEnded: () => {},
    onPassedOver: (times) => passedOver.push(...times.map(({ cameraId }) => cameraId)),
    onDied: (cameraIds) => died.push(cameraIds),
    stop,
    log: (event) => logged.push(event),
  });
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'recorder-threads-'));
  told = [];
  died = [];
  slabs = [];
  passedOver = [];
  logged = [];
  threads = startThreads(new URL('../../gateway/recorder-worker.ts', import.meta.url));
  const { config, pictures } = clipPictures('small');
  cut = new Cut();
  cut.pool.lease(cut.pool.take());
  slabs.push(cut.pool.slab(0).buffer as SharedArrayBuffer);
  cut.segmenter.configure(config);
  for (let i = 0; i < 100; i++) {
    const picture = pictures[i % pictures.length] as (typeof pictures)[number];
    cut.picture(i * 9_000, picture.randomAccess, picture.nals);
  }
  const { codec, width, height } = config;
  const bytes = cut.inits[0]?.bytes ?? Buffer.alloc(0);
  init = { slot: SLOT, initNumber: 0, runId: 'run1', index: 0, bytes, codec, width, height };
});
afterEach(async () => {
  await threads.stop();
  rmSync(folder, { recursive: true, force: true });
});

function round(parts: Cut['parts'], inits: readonly InitNotice[] = []): void {
  const outbox = new PartOutbox();
  for (const part of parts) outbox.part(SLOT, 0, part);
  const nothing = { conditions: [], baselines: [], looks: [] };
  const rest = { partTargets: [], states: [], sessions: [], ...nothing };
  threads.round(
    0,
    { type: 'round', slabs: inits.length > 0 ? slabs : [], inits, parts: outbox.take(), ...rest },
    cut.reader,
  );
}

const openedIn = (): string[] =>
  told.flatMap(({ opened }) => opened.map(({ recordingId }) => recordingId));

it('gives leases back when what it was handed is written', async () => {
  const before = cut.leases;
  threads.workerStarted(0, cut.pool.shared);
  threads.cameraAdded(0, SLOT, CAMERA);
  round(cut.parts.slice(0, 4), [init]);
  expect(cut.leases).toBeGreaterThan(before);
  await vi.waitFor(() => expect(cut.leases).toBe(before));
  expect(threads.behindBytes).toBe(0);
  await vi.waitFor(() => expect(openedIn()).toHaveLength(1));
});

it.skipIf(process.platform !== 'linux')(
  'has a recorder give way to the process that serves',
  async () => {
    threads.workerStarted(0, cut.pool.shared);
    threads.cameraAdded(0, SLOT, CAMERA);
    round(cut.parts.slice(0, 4), [init]);
    await vi.waitFor(() => expect(openedIn()).toHaveLength(1));
    const ofServing = niceness('/proc/self/stat').at(0) ?? 0;
    const ofRecorders = readdirSync('/proc/self/task').flatMap((task) =>
      niceness(`/proc/self/task/${task}/stat`, 'recorder-0'),
    );
    expect(ofRecorders).toEqual([Math.min(19, ofServing + 10)]);
  },
);

it('records on in the same run after its recorder died, without a word from the camera', async () => {
  const before = cut.leases;
  const second = cut.parts.findIndex(({ independent }, i) => i > 5 && independent);
  threads.workerStarted(0, cut.pool.shared);
  threads.cameraAdded(0, SLOT, CAMERA);
  round(cut.parts.slice(0, second), [init]);
  await vi.waitFor(() => expect(openedIn()).toHaveLength(1));
  await threads.kill(0);
  await vi.waitFor(() => expect(died).toEqual([[CAMERA]]));
  // Between two recorders nothing is handed over, and no lease kept.
  round(cut.parts.slice(second, second + 1));
  expect(cut.leases).toBe(before);
  const third = cut.parts.findIndex(({ independent }, i) => i > second + 1 && independent);
  await vi.waitFor(
    () => {
      round(cut.parts.slice(third, third + 1));
      expect(openedIn()).toHaveLength(2);
    },
    { interval: 300 },
  );
  await threads.stop();
  const files = readdirSync(join(folder, CAMERA)).toSorted();
  expect(files.map((name) => name.slice(0, 36))).toEqual(openedIn().toSorted());
  for (const name of files) {
    const read = readRecording(join(folder, CAMERA, name));
    expect(read?.head.runId).toBe('run1');
    expect(read?.fragments[0]?.independent).toBe(true);
  }
  await vi.waitFor(() => expect(cut.leases).toBe(before));
});

it('hands a recorder one batch at a time: one that is behind gets to its timers and its disk between', async () => {
  await threads.stop();
  threads = startThreads(new URL('scripted-recorder.ts', import.meta.url));
  const before = cut.leases;
  threads.workerStarted(0, cut.pool.shared);
  threads.cameraAdded(0, SLOT, CAMERA);
  const [part] = cut.parts;
  if (part === undefined) throw new Error('no part');
  // 10 MB each, by what their records say: two to a batch, and twenty before parts are passed over.
  const large = { ...part, byteLength: 10_000_000 };
  for (let i = 0; i < 25; i++) round([large], i === 0 ? [init] : []);
  expect(threads.behindBytes).toBe(210_000_000);
  expect(passedOver).toEqual(Array.from({ length: 4 }, () => CAMERA));
  await vi.waitFor(() => expect(threads.behindBytes).toBe(0));
  expect(cut.leases).toBe(before);
  round([large]);
  expect(threads.behindBytes).toBe(10_000_000);
  await threads.stop();
  expect(readFileSync(join(folder, 'batches'), 'utf8').trim().split('\n')).toEqual([
    'worker',
    'record round round',
    ...Array.from({ length: 9 }, () => 'round round'),
    'round',
    'round',
    'stop',
  ]);
});

it('has no recorder until a camera is recorded, and tells it then of the memory that there is', async () => {
  await threads.stop();
  let isRecorded = false;
  threads = startThreads(new URL('scripted-recorder.ts', import.meta.url), () => isRecorded);
  const before = cut.leases;
  threads.workerStarted(0, cut.pool.shared);
  threads.cameraAdded(0, SLOT, CAMERA);
  round(cut.parts.slice(0, 4), [init]);
  await threads.kill(0);
  expect([cut.leases, threads.behindBytes, threads.syncLateMs]).toEqual([before, 0, 0]);
  threads.cameraRemoved(0, SLOT);
  isRecorded = true;
  threads.cameraAdded(0, SLOT, CAMERA);
  await threads.stop();
  expect(died).toEqual([]);
  expect(readFileSync(join(folder, 'batches'), 'utf8').trim().split('\n')).toEqual([
    'worker',
    'record round stop',
  ]);
});

it('takes a run that goes on, from where its camera is recorded, and leaves it where it is no more', async () => {
  await threads.stop();
  let isRecorded = false;
  threads = startThreads(
    new URL('../../gateway/recorder-worker.ts', import.meta.url),
    () => isRecorded,
  );
  threads.workerStarted(0, cut.pool.shared);
  threads.cameraAdded(0, SLOT, CAMERA);
  const second = cut.parts.findIndex(({ independent }, i) => i > 5 && independent);
  round(cut.parts.slice(0, second), [init]);
  isRecorded = true;
  threads.cameraKept(0, SLOT, CAMERA);
  threads.cameraKept(0, SLOT, CAMERA);
  round(cut.parts.slice(second, second + 2));
  await vi.waitFor(() => expect(openedIn()).toHaveLength(1));
  isRecorded = false;
  threads.cameraKept(0, SLOT, CAMERA);
  round(cut.parts.slice(second + 2, second + 4));
  isRecorded = true;
  threads.cameraKept(0, SLOT, CAMERA);
  await threads.stop();
  const finished = told.flatMap((progress) => progress.finished);
  expect(finished.map(({ fragments, endReason }) => [fragments, endReason])).toEqual([
    [2, 'recording-off'],
  ]);
});

it('ends a recorder that takes nothing, keeps no lease for it, says what is passed over, and tells the next one all that there is', async () => {
  await threads.stop();
  const stuck = join(folder, 'stuck');
  writeFileSync(stuck, '');
  threads = startThreads(new URL('scripted-recorder.ts', import.meta.url));
  const before = cut.leases;
  threads.workerStarted(0, cut.pool.shared);
  threads.cameraAdded(0, SLOT, CAMERA);
  round(cut.parts.slice(0, 4), [init]);
  expect(cut.leases).toBeGreaterThan(before);
  for (let i = 0; i < 50_000; i++) threads.runEnded(0, SLOT, 'refused');
  expect(cut.leases).toBe(before);
  expect(threads.behindBytes).toBe(0);
  // Until the disk lets it end nothing is recorded, and that is said all the while.
  expect(passedOver).toEqual([]);
  round(cut.parts.slice(4, 8));
  round([]);
  round(cut.parts.slice(8, 9));
  expect(passedOver).toEqual([CAMERA, CAMERA]);
  expect(cut.leases).toBe(before);
  await vi.waitFor(() => expect(died).toEqual([[CAMERA]]));
  // From here on it is a recorder that is restarted.
  round(cut.parts.slice(9, 10));
  expect(passedOver).toEqual([CAMERA, CAMERA]);
  rmSync(stuck);
  const batches = (): string[] =>
    readFileSync(join(folder, 'batches'), 'utf8').trim().split('\n').slice(-2);
  await vi.waitFor(() => expect(batches()).toEqual(['worker', 'record round']));
});

it('does not wait for ever for a recorder that waits for its disk', async () => {
  await threads.stop();
  const disk = join(folder, 'disk');
  execFileSync('mkfifo', [disk]);
  const reading = openSync(disk, constants.O_RDONLY | constants.O_NONBLOCK);
  const waits = { finishMs: 1, endMs: 20 };
  threads = startThreads(new URL('scripted-recorder.ts', import.meta.url), undefined, waits);
  threads.workerStarted(0, cut.pool.shared);
  threads.cameraAdded(0, SLOT, CAMERA);
  try {
    // It has begun to write when a byte has come.
    await vi.waitFor(() => expect(readSync(reading, Buffer.alloc(1))).toBe(1));
    expect(await threads.stop()).toBe('stuck');
    expect(logged).toEqual(['recorder waits for its disk and does not end']);
  } finally {
    // The disk fails, and what waited for it ends.
    closeSync(reading);
  }
  // For as long as it takes to end.
  waits.endMs = 60_000;
  expect(await threads.stop()).toBe('ended');
});

/** Of a thread, if it is of that name. proc_pid_stat(5): comm, nice. */
function niceness(path: string, name?: string): number[] {
  const stat = readFileSync(path, 'latin1');
  const end = stat.lastIndexOf(')');
  if (name !== undefined && stat.slice(stat.indexOf('(') + 1, end) !== name) return [];
  return [Number(stat.slice(end + 2).split(' ')[16])];
}
