/**
 * Composition root of a recorder thread: writes what one camera worker hands on into spool files. It waits for the
 * disk, which neither the camera worker nor the serving thread may.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { ChunkReader } from '#ingest/memory/chunk-pool.ts';
import { readParts, type PartRecord } from '#ingest/part-records.ts';
import { uuidV7Source } from '#registry/uuid-v7.ts';
import {
  took,
  type RecorderSettings,
  type RecorderWord,
  type ToRecorder,
} from '#storage/recorder-protocol.ts';
import { Recorder, type RecordedInit } from '#storage/recorder.ts';
import { giveWay } from './give-way.ts';

const TICK_MS = 250;
/**
 * What happened is told this often, in ticks: a timeline's end is so old. Of a thousand cameras four recordings end in a tick, and
 * what the serving thread, the catalogue and the uploader do for those of one word costs more by the word than by the recording.
 */
const TELL_TICKS = 4;
const STOPPING_MS = 20;

if (parentPort === null) throw new Error('recorder-worker.ts runs as a worker thread');
const port = parentPort;
// A camera waits 25 ms for its round, a part that is recorded as long as memory lasts (recorder-threads.ts).
giveWay();
const settings = workerData as RecorderSettings;

const recorder = new Recorder({
  ...settings,
  newId: uuidV7Source(Date.now),
  monotonicMs: () => performance.now(),
});
let reader: ChunkReader | undefined;
/** The latest of each camera, by its number: records refer to it by that. */
const inits = new Map<number, RecordedInit & { slot: number }>();

let ticks = 0;

function tell(): void {
  const isDue = ticks++ % TELL_TICKS === 0;
  // What is not recorded, an operator is told of at once.
  if (isDue || recorder.hasFailed) port.postMessage(recorder.takeProgress(isDue));
}

function record(part: PartRecord): void {
  const init = inits.get(part.initNumber);
  const from = reader;
  // A recorder that was started again learns a camera's init with its next run.
  if (init === undefined || from === undefined) return;
  recorder.part(
    part,
    init,
    part.slices.map(({ chunk, offset, length }) => from.bytes(chunk, offset, length)),
  );
}

function takeRound(round: Extract<RecorderWord, { type: 'round' }>): void {
  for (const slab of round.slabs) reader?.addSlab(slab);
  const before = round.inits.map(({ slot }) => slot);
  for (const init of round.inits) inits.set(init.initNumber, init);
  readParts(round.parts, record, () => {});
  forgetInits(before);
}

/** A camera's later rounds refer to its latest init, or newer ones. */
function forgetInits(slots: readonly number[]): void {
  for (const slot of slots) {
    const numbers = [...inits].filter(([, init]) => init.slot === slot).map(([number]) => number);
    for (const number of numbers.slice(0, -1)) inits.delete(number);
  }
}

const ticking = setInterval(() => {
  recorder.tick();
  tell();
}, TICK_MS);

function stop(): void {
  recorder.stop();
  clearInterval(ticking);
  const waiting = setInterval(() => {
    if (!recorder.idle) return;
    clearInterval(waiting);
    port.postMessage(recorder.takeProgress(true));
    port.close();
  }, STOPPING_MS);
}

function take(message: RecorderWord): void {
  switch (message.type) {
    case 'worker':
      reader = new ChunkReader(message.shared);
      inits.clear();
      return;
    case 'record':
      recorder.record(message.slot, message.cameraId);
      return;
    case 'release':
      recorder.release(message.slot, message.reason);
      return;
    case 'run-ended':
      recorder.runEnded(message.slot);
      return;
    case 'round':
      takeRound(message);
      return;
    case 'stop':
      stop();
      return;
  }
}

port.on('message', (batch: ToRecorder) => {
  for (const message of batch) take(message);
  port.postMessage(took);
});
