import { Worker } from 'node:worker_threads';
import type { SharedChunkState } from '#ingest/memory/chunk-pool.ts';
import { pickParts, readParts, type PartRecord } from '#ingest/part-records.ts';
import type { Leases, RoundFollower } from '#ingest/round-follower.ts';
import type { FromWorker, InitNotice } from '#ingest/worker-protocol.ts';
import {
  took,
  type FromRecorder,
  type RecorderSettings,
  type RecorderWord,
  type ToRecorder,
} from './recorder-protocol.ts';
import type { PassedOverTime } from './passed-over.ts';
import { fragmentEndMs } from './spool/fragment-index.ts';
import { spoolMeter, type SpoolMeter } from './spool/spool-file.ts';

/** Media that a recorder has not written yet keeps memory from the cameras. At this, its parts are passed over. */
const MAX_BEHIND_BYTES = 192 * 1024 * 1024;
/** Handed to a recorder at once, that and a round at most: some tens of ms of writing, between which it syncs and tells. */
const BATCH_BYTES = 16 * 1024 * 1024;
/** Words for a recorder that takes none: hours of a disk that stands still while cameras come and go. At this it is ended. */
const MAX_WAITING = 50_000;
const RESTART_MS = 1_000;
const STOP = {
  /** Files are on the disk when the process ends; a disk that takes longer leaves them to recovery. */
  finishMs: 7_000,
  /** A thread that was ended does so at once, unless it waits in a call of the disk: until that is over nothing ends it. */
  endMs: 1_000,
};

export interface RecorderThreadsOptions {
  /** The composition root of a recorder thread. */
  recorderUrl: URL;
  settings: RecorderSettings;
  /** Whether a camera is to be recorded. */
  isRecorded: (cameraId: string) => boolean;
  /** What recorders tell, in the order in which they tell it. */
  onProgress: (progress: FromRecorder) => void;
  /** A camera's session ended, with the failure's stable word. */
  onRunEnded: (cameraId: string, reason: string) => void;
  /** Parts of these cameras were passed over, for the recorder is behind. */
  onPassedOver: (times: readonly PassedOverTime[]) => void;
  /** A recorder ended by a fault: what it had open has to be recovered from its files. */
  onDied: (cameraIds: readonly string[]) => void;
  /** What recorders are given when they are to stop; STOP when not given. */
  stop?: typeof STOP;
  log: (event: string, fields: Record<string, unknown>) => void;
}

interface RecorderHandle {
  thread: Worker;
  ended: Promise<void>;
  /** Not handed over yet, oldest first. */
  waiting: Handed[];
  /** In the recorder's hand; undefined while it has nothing to do. */
  inHand: Handed[] | undefined;
  /** Of both. */
  behindBytes: number;
  /** As it told last. */
  spent: SpoolMeter | undefined;
  syncLateMs: number;
  /** Unless it is up, nothing is handed over, and the next one begins a while after it has ended. */
  state: 'up' | 'given-up' | 'ended';
}

interface Handed {
  word: RecorderWord;
  /** What the word tells of, and whose leases to give back when it is written. */
  media: { chunks: Int32Array; byteLength: number; leases: Leases } | undefined;
}

interface FollowedWorker {
  /** Undefined until one of its cameras is recorded: a thread takes 18 MB. */
  recorder: RecorderHandle | undefined;
  shared: SharedChunkState | undefined;
  slabs: SharedArrayBuffer[];
  /** Of recorded cameras. */
  cameras: Map<number, string>;
  /** The latest of each camera, recorded or not: a recorder goes on with the runs that there are. */
  inits: Map<number, InitNotice>;
}

/**
 * The serving thread's side of the recorders: one thread for each camera worker of which a camera is recorded. It takes leases on what is to be
 * recorded, hands the round's records on, and gives the leases back when the recorder has written them.
 */
export class RecorderThreads implements RoundFollower {
  readonly #options: RecorderThreadsOptions;
  readonly #workers = new Map<number, FollowedWorker>();
  /** Cameras' clocks minus ours, ms, of those that told. */
  readonly #clockOffsetsMs = new Map<string, number>();
  #stopping = false;

  constructor(options: RecorderThreadsOptions) {
    this.#options = options;
  }

  workerStarted(worker: number, shared: SharedChunkState): void {
    const followed = this.#follow(worker);
    followed.shared = shared;
    followed.slabs = [];
    followed.inits.clear();
    this.#tell(followed, { type: 'worker', shared });
  }

  cameraAdded(worker: number, slot: number, cameraId: string): void {
    if (!this.#options.isRecorded(cameraId)) return;
    const followed = this.#follow(worker);
    followed.cameras.set(slot, cameraId);
    if (followed.recorder === undefined) {
      this.#begin(worker, followed);
      return;
    }
    this.#tell(followed, { type: 'record', slot, cameraId });
    const init = followed.inits.get(slot);
    if (init === undefined) return;
    this.#tell(followed, { type: 'round', slabs: [], inits: [init], parts: new Float64Array() });
  }

  cameraKept(worker: number, slot: number, cameraId: string): void {
    const followed = this.#follow(worker);
    const isRecorded = this.#options.isRecorded(cameraId);
    if (isRecorded === followed.cameras.has(slot)) return;
    if (isRecorded) this.cameraAdded(worker, slot, cameraId);
    else this.#endRecording(followed, slot);
  }

  cameraRemoved(worker: number, slot: number): void {
    const followed = this.#workers.get(worker);
    if (followed === undefined) return;
    followed.inits.delete(slot);
    this.#endRecording(followed, slot);
  }

  round(
    worker: number,
    { slabs, inits, parts, sessions }: Extract<FromWorker, { type: 'round' }>,
    leases: Leases,
  ): void {
    const followed = this.#follow(worker);
    followed.slabs.push(...slabs);
    const { recorder, cameras } = followed;
    if (recorder?.state !== 'up') {
      // It ends when the disk lets it, which may take hours; once it has, the gap says that a recorder is restarted.
      if (recorder?.state === 'given-up') this.#passOver(parts, cameras);
      this.#remember(followed, inits);
      return;
    }
    const behind = recorder.behindBytes > MAX_BEHIND_BYTES;
    const picked = pickParts(parts, (slot) => cameras.has(slot));
    if (behind) this.#passOver(parts, cameras);
    const taken = behind ? undefined : picked;
    const ofRecorded = inits.filter(({ slot }) => cameras.has(slot));
    this.#remember(followed, inits);
    for (const { slot, clockOffsetMs } of sessions) {
      const cameraId = cameras.get(slot);
      if (cameraId === undefined) continue;
      if (clockOffsetMs === null) this.#clockOffsetsMs.delete(cameraId);
      else this.#clockOffsetsMs.set(cameraId, clockOffsetMs);
    }
    if (taken === undefined && slabs.length + ofRecorded.length === 0) return;
    if (taken === undefined) {
      this.#tell(followed, { type: 'round', slabs, inits: ofRecorded, parts: new Float64Array() });
      return;
    }
    const { records, chunks, byteLength } = taken;
    for (const chunk of chunks) leases.lease(chunk);
    recorder.behindBytes += byteLength;
    const media = { chunks, byteLength, leases };
    this.#tell(followed, { type: 'round', slabs, inits: ofRecorded, parts: records }, media);
  }

  runEnded(worker: number, slot: number, reason: string): void {
    const followed = this.#workers.get(worker);
    followed?.inits.delete(slot);
    const cameraId = followed?.cameras.get(slot);
    if (followed === undefined || cameraId === undefined) return;
    this.#tell(followed, { type: 'run-ended', slot });
    this.#options.onRunEnded(cameraId, reason);
  }

  /** Media that waits to be written, bytes. */
  get behindBytes(): number {
    let sum = 0;
    for (const { recorder } of this.#workers.values()) sum += recorder?.behindBytes ?? 0;
    return sum;
  }

  /** How late the spool's longest due sync is, ms. */
  get syncLateMs(): number {
    return Math.max(
      0,
      ...[...this.#workers.values()].map(({ recorder }) => recorder?.syncLateMs ?? 0),
    );
  }

  /** What writing has cost the recorders that run now. */
  get spent(): SpoolMeter {
    const sum = spoolMeter();
    for (const { recorder } of this.#workers.values()) {
      const spent = recorder?.spent;
      if (spent === undefined) continue;
      sum.writtenBytes += spent.writtenBytes;
      sum.hashedBytes += spent.hashedBytes;
      sum.writeMs += spent.writeMs;
      sum.hashMs += spent.hashMs;
    }
    return sum;
  }

  /** A camera's clock minus ours, ms; undefined when it has not told its time. */
  clockOffsetMs(cameraId: string): number | undefined {
    return this.#clockOffsetsMs.get(cameraId);
  }

  /**
   * Has every recording finished, if the disk lets it in time; after the camera workers have stopped. `stuck`: a recorder waits for
   * its disk still, and what it was writing is left to recovery. A process that has such a thread is not ended by `process.exit`,
   * which waits for it.
   */
  async stop(): Promise<'ended' | 'stuck'> {
    this.#stopping = true;
    const { finishMs, endMs } = this.#options.stop ?? STOP;
    const stops = [...this.#workers].map(async ([worker, followed]) => {
      if (followed.recorder === undefined) return true;
      const { thread, ended } = followed.recorder;
      this.#tell(followed, { type: 'stop' });
      if (await isWithin(ended, finishMs)) return true;
      void thread.terminate();
      if (await isWithin(ended, endMs)) return true;
      this.#options.log('recorder waits for its disk and does not end', { worker });
      return false;
    });
    return (await Promise.all(stops)).every(Boolean) ? 'ended' : 'stuck';
  }

  /** For tests of what happens then: ends a recorder as a fault would. */
  async kill(worker: number): Promise<void> {
    await this.#workers.get(worker)?.recorder?.thread.terminate();
  }

  #endRecording(followed: FollowedWorker, slot: number): void {
    const cameraId = followed.cameras.get(slot);
    if (cameraId === undefined) return;
    followed.cameras.delete(slot);
    this.#clockOffsetsMs.delete(cameraId);
    this.#tell(followed, { type: 'release', slot, reason: 'recording-off' });
    // It is to be recorded still: it is dialled anew, for its address or its site was changed.
    const isStill = this.#options.isRecorded(cameraId);
    this.#options.onRunEnded(cameraId, isStill ? 'stream-changed' : 'recording-off');
  }

  #remember({ inits }: FollowedWorker, told: readonly InitNotice[]): void {
    for (const init of told) inits.set(init.slot, init);
  }

  #passOver(parts: Float64Array, cameras: ReadonlyMap<number, string>): void {
    const times = timesOf(parts, cameras);
    if (times.length > 0) this.#options.onPassedOver(times);
  }

  #follow(worker: number): FollowedWorker {
    let followed = this.#workers.get(worker);
    if (followed === undefined) {
      const cameras = new Map<number, string>();
      followed = {
        recorder: undefined,
        shared: undefined,
        slabs: [],
        cameras,
        inits: new Map(),
      };
      this.#workers.set(worker, followed);
    }
    return followed;
  }

  #tell({ recorder }: FollowedWorker, word: RecorderWord, media?: Handed['media']): void {
    // The next one is told all that there is (#begin).
    if (recorder?.state !== 'up') return;
    recorder.waiting.push({ word, media });
    if (recorder.waiting.length > MAX_WAITING) this.#giveUp(recorder);
    else this.#handOver(recorder);
  }

  /** It ends when the disk lets it. */
  #giveUp(handle: RecorderHandle): void {
    this.#options.log('recorder takes nothing, ending it', { waiting: handle.waiting.length });
    handle.state = 'given-up';
    this.#giveBack(handle, handle.waiting.splice(0));
    void handle.thread.terminate();
  }

  /** What waits, unless it has something in hand. */
  #handOver(handle: RecorderHandle): void {
    const { waiting, inHand } = handle;
    if (inHand !== undefined || waiting.length === 0) return;
    let count = 0;
    let byteLength = 0;
    while (count < waiting.length && byteLength < BATCH_BYTES) {
      byteLength += waiting[count++]?.media?.byteLength ?? 0;
    }
    const batch = waiting.splice(0, count);
    handle.inHand = batch;
    handle.thread.postMessage(
      batch.map(({ word }) => word) satisfies ToRecorder,
      batch.flatMap(({ word }) => (word.type === 'round' ? [word.parts.buffer] : [])),
    );
  }

  #start(worker: number): RecorderHandle {
    const thread = new Worker(this.#options.recorderUrl, {
      workerData: this.#options.settings,
      name: `recorder-${worker}`,
    });
    const handle: RecorderHandle = {
      thread,
      ended: new Promise((resolve) => thread.once('exit', () => resolve())),
      waiting: [],
      inHand: undefined,
      behindBytes: 0,
      spent: undefined,
      syncLateMs: 0,
      state: 'up',
    };
    thread.on('message', (message: FromRecorder | typeof took) => {
      if (message === took) {
        this.#giveBack(handle, handle.inHand);
        handle.inHand = undefined;
        this.#handOver(handle);
        return;
      }
      handle.spent = message.spent;
      handle.syncLateMs = message.syncLateMs;
      this.#options.onProgress(message);
    });
    thread.on('error', (error) => {
      this.#options.log('recorder failed', { worker, err: error });
    });
    thread.on('exit', () => this.#exited(worker, handle));
    return handle;
  }

  #giveBack(handle: RecorderHandle, handed: readonly Handed[] = []): void {
    for (const { media } of handed) {
      if (media === undefined) continue;
      handle.behindBytes -= media.byteLength;
      for (const chunk of media.chunks) media.leases.release(chunk);
    }
  }

  #exited(worker: number, handle: RecorderHandle): void {
    handle.state = 'ended';
    this.#giveBack(handle, handle.inHand);
    this.#giveBack(handle, handle.waiting.splice(0));
    handle.inHand = undefined;
    const followed = this.#workers.get(worker);
    if (this.#stopping || followed?.recorder !== handle) return;
    this.#options.log('recorder ended, starting it again', { worker });
    this.#options.onDied([...followed.cameras.values()]);
    setTimeout(() => {
      if (!this.#stopping) this.#begin(worker, followed);
    }, RESTART_MS).unref();
  }

  /** The thread is told all that is known, as the one before it was, and records from each camera's next random access point. */
  #begin(worker: number, followed: FollowedWorker): void {
    followed.recorder = this.#start(worker);
    const { shared, slabs } = followed;
    if (shared !== undefined) this.#tell(followed, { type: 'worker', shared });
    for (const [slot, cameraId] of followed.cameras) {
      this.#tell(followed, { type: 'record', slot, cameraId });
    }
    const inits = [...followed.inits.values()].filter(({ slot }) => followed.cameras.has(slot));
    if (slabs.length + inits.length === 0) return;
    this.#tell(followed, { type: 'round', slabs, inits, parts: new Float64Array() });
  }
}

async function isWithin(ended: Promise<void>, ms: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(() => resolve(false), ms);
  const isEnded = await Promise.race([ended.then(() => true), late]);
  clearTimeout(timer);
  return isEnded;
}

/** Of cameras that have a part among these records. */
function timesOf(parts: Float64Array, cameras: ReadonlyMap<number, string>): PassedOverTime[] {
  const found = new Map<number, PassedOverTime>();
  const take = (part: PartRecord): void => {
    const cameraId = cameras.get(part.slot);
    if (cameraId === undefined) return;
    const { startMs } = found.get(part.slot) ?? part;
    found.set(part.slot, { cameraId, startMs, endMs: fragmentEndMs(part) });
  };
  readParts(parts, take, () => {});
  return [...found.values()];
}
