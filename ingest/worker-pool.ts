import { isDeepStrictEqual } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { ConditionFeed } from './condition/condition-feed.ts';
import type { PictureLooks } from './condition/picture-looks.ts';
import { StaticAssignment } from './assignment/static.ts';
import { latestEntry } from './hls/latest-entry.ts';
import {
  LiveWindow,
  type Numbering,
  type WindowInit,
  type WindowRules,
} from './hls/live-window.ts';
import { measureWindow } from './hls/multivariant-playlist.ts';
import { plainState, type LiveState, type LiveStateBoard } from './live-states.ts';
import { ChunkReader } from './memory/chunk-pool.ts';
import { readParts } from './part-records.ts';
import type { Transport } from './rtsp/transport-choice.ts';
import type { RoundFollower } from './round-follower.ts';
import type { StreamSource } from '#registry/cameras.ts';
import type { StreamBaseline } from '#registry/usual-stream.ts';
import type {
  FromWorker,
  LoopLag,
  SessionNotice,
  StateNotice,
  ToWorker,
  WorkerCounters,
  WorkerSettings,
} from './worker-protocol.ts';

/** A worker that dies is started again after this; each time later, up to the second, while it lives only briefly. */
const RESTART_MS = 1_000;
const LONGEST_RESTART_MS = 60_000;
/** A worker that lived this long is a sound one. */
const SOUND_LIFE_MS = 60_000;
/** How long a worker may take to leave its cameras when the process ends. */
const STOP_MS = 3_000;
/** A camera's last pictures can be played for so long after it went down; then their memory is given back. */
const KEEP_AFTER_DOWN_MS = 30_000;
/** Removed cameras whose numbers are known still; beyond it the clock alone keeps them rising (decisions/0002). */
const MAX_NUMBERINGS = 10_000;

export interface WorkerPoolOptions {
  /** The composition root of a worker thread. */
  workerUrl: URL;
  workers: number;
  settings: WorkerSettings;
  windowRules: WindowRules;
  states: LiveStateBoard;
  follower?: RoundFollower;
  /** Takes what workers find of cameras' conditions. */
  conditions?: ConditionFeed;
  /** Answers workers that want a picture looked at. */
  looks?: PictureLooks | undefined;
  /** Unix ms. */
  now: () => number;
  /** One line for a state change. */
  log: (event: string, fields: Record<string, unknown>) => void;
}

interface Camera {
  slot: number;
  worker: number;
  source: StreamSource;
  window: LiveWindow;
  /** Of the latest part, for the live state. */
  init: WindowInit | undefined;
  /** The present run, once it has an init; for the log. */
  runId: string | undefined;
  measured: boolean;
  /** It came up, which is told once a wall can play it: with its first whole segment. */
  untoldUp: LiveState | undefined;
  /** How its packets came at last; kept over sessions and workers. */
  transport: Transport | undefined;
  clockOffsetMs: number | null;
  clearing: NodeJS.Timeout | undefined;
}

interface WorkerHandle {
  worker: number;
  thread: Worker;
  ended: Promise<void>;
  /** Monotonic. */
  startedMs: number;
  /** How long to wait should it end soon. */
  restartMs: number;
  reader: ChunkReader | undefined;
  inits: Map<number, { slot: number; init: WindowInit }>;
  counters: WorkerCounters;
  lag: LoopLag;
  openBytes: number;
}

export interface WorkerReport {
  worker: number;
  counters: WorkerCounters;
  lag: LoopLag;
  /** Of media in parts that are being written. */
  openBytes: number;
}

/**
 * The serving thread's side of the camera workers: spreads cameras over them, takes what they hand on into live
 * windows, and starts a worker again that died, the others undisturbed. Windows outlive their worker.
 */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #assignment: StaticAssignment;
  readonly #workers: WorkerHandle[] = [];
  readonly #cameras = new Map<string, Camera>();
  readonly #slots = new Map<number, Camera>();
  /** Of workers that are gone. */
  readonly #pastCounters: WorkerCounters = { droppedUnits: 0, lostPackets: 0, parts: 0 };
  /** Where those of removed cameras were: what is added under the same address goes on above it. */
  readonly #numberings = new Map<string, Numbering>();
  #nextSlot = 0;
  #stopping = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#assignment = new StaticAssignment(options.workers);
    for (let i = 0; i < options.workers; i++) this.#workers.push(this.#start(i));
  }

  add(source: StreamSource): void {
    this.addAll([source]);
  }

  addAll(sources: readonly StreamSource[]): void {
    const { now, windowRules, states } = this.#options;
    const added = sources.flatMap((source): Camera[] => {
      if (this.#keeps(source)) return [];
      this.remove(source.cameraId);
      const camera: Camera = {
        slot: this.#nextSlot++,
        worker: this.#assignment.place(source.site?.id ?? null),
        source,
        window: new LiveWindow(
          source.cameraId,
          windowRules,
          now(),
          this.#numberings.get(source.cameraId),
        ),
        init: undefined,
        runId: undefined,
        measured: false,
        untoldUp: undefined,
        transport: undefined,
        clockOffsetMs: null,
        clearing: undefined,
      };
      this.#cameras.set(source.cameraId, camera);
      this.#slots.set(camera.slot, camera);
      states.set(plainState(source.cameraId, 'connecting', now()));
      this.#options.conditions?.linked(source.cameraId);
      this.#options.follower?.cameraAdded(camera.worker, camera.slot, source.cameraId);
      return [camera];
    });
    this.#workers.forEach((_, worker) =>
      this.#assign(
        worker,
        added.filter((camera) => camera.worker === worker),
      ),
    );
  }

  remove(cameraId: string): void {
    const camera = this.#cameras.get(cameraId);
    if (camera === undefined) return;
    this.#cameras.delete(cameraId);
    this.#slots.delete(camera.slot);
    this.#assignment.remove(camera.source.site?.id ?? null, camera.worker);
    clearTimeout(camera.clearing);
    camera.window.clear();
    this.#rememberNumbering(camera.window);
    this.#options.states.remove(cameraId);
    this.#options.looks?.forget(cameraId);
    this.#tell(camera.worker, { type: 'release', slots: [camera.slot] });
    this.#options.follower?.cameraRemoved(camera.worker, camera.slot);
  }

  /** Somebody corrected what is usual for a camera's stream; its worker goes by it from here on. */
  setBaseline(cameraId: string, baseline: StreamBaseline): void {
    const camera = this.#cameras.get(cameraId);
    if (camera === undefined) return;
    this.#tell(camera.worker, { type: 'baseline', slot: camera.slot, baseline });
  }

  window(cameraId: string): LiveWindow | undefined {
    return this.#cameras.get(cameraId)?.window;
  }

  *windows(): Iterable<LiveWindow> {
    for (const camera of this.#cameras.values()) yield camera.window;
  }

  reports(): WorkerReport[] {
    return this.#workers.map(({ worker, counters, lag, openBytes }) => ({
      worker,
      counters,
      lag,
      openBytes,
    }));
  }

  counters(): WorkerCounters {
    const sum = { ...this.#pastCounters };
    for (const { counters } of this.#workers) add(sum, counters);
    return sum;
  }

  /** Leaves all cameras; resolves when every worker has ended. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(
      this.#workers.map(async ({ thread, ended }) => {
        const timer = setTimeout(() => void thread.terminate(), STOP_MS);
        thread.postMessage({ type: 'stop' } satisfies ToWorker);
        await ended;
        clearTimeout(timer);
      }),
    );
    for (const camera of this.#cameras.values()) clearTimeout(camera.clearing);
  }

  /** For tests of what happens then: ends a worker as a fault would. */
  async kill(worker: number): Promise<void> {
    await this.#workers[worker]?.thread.terminate();
  }

  /** Whether the camera's session can go on with this source: only what becomes of its pictures is another. */
  #keeps(source: StreamSource): boolean {
    const camera = this.#cameras.get(source.cameraId);
    if (camera === undefined) return false;
    const recordedAlike = { ...camera.source, record: source.record };
    if (!isDeepStrictEqual(recordedAlike, { ...source, record: source.record })) return false;
    camera.source = source;
    this.#options.follower?.cameraKept(camera.worker, camera.slot, source.cameraId);
    return true;
  }

  #rememberNumbering(window: LiveWindow): void {
    // The latest to be removed are the last ones.
    this.#numberings.delete(window.cameraId);
    this.#numberings.set(window.cameraId, window.numbering);
    if (this.#numberings.size <= MAX_NUMBERINGS) return;
    for (const oldest of this.#numberings.keys()) {
      this.#numberings.delete(oldest);
      return;
    }
  }

  #start(worker: number, restartMs = RESTART_MS): WorkerHandle {
    const thread = new Worker(this.#options.workerUrl, {
      workerData: this.#options.settings,
      name: `camera-worker-${worker}`,
      // For leave-out-of-forks.ts, which does without where it fails.
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
    const handle: WorkerHandle = {
      worker,
      thread,
      ended: new Promise((resolve) => thread.once('exit', () => resolve())),
      startedMs: performance.now(),
      restartMs,
      reader: undefined,
      inits: new Map(),
      counters: { droppedUnits: 0, lostPackets: 0, parts: 0 },
      lag: { p50: 0, p99: 0 },
      openBytes: 0,
    };
    thread.on('message', (message: FromWorker) => this.#receive(handle, message));
    thread.on('error', (error) => {
      this.#options.log('camera worker failed', { worker, err: error });
    });
    thread.on('exit', () => this.#exited(worker, handle));
    return handle;
  }

  #exited(worker: number, handle: WorkerHandle): void {
    if (this.#stopping) return;
    add(this.#pastCounters, handle.counters);
    handle.counters = { droppedUnits: 0, lostPackets: 0, parts: 0 };
    handle.openBytes = 0;
    const { now, log, states } = this.#options;
    const wasSound = performance.now() - handle.startedMs >= SOUND_LIFE_MS;
    const restartMs = wasSound ? RESTART_MS : handle.restartMs;
    log('camera worker ended, starting it again', { worker, restartMs });
    const cameras = [...this.#cameras.values()].filter((camera) => camera.worker === worker);
    this.#options.conditions?.workerEnded(
      worker,
      cameras.map(({ source }) => source.cameraId),
    );
    for (const camera of cameras) {
      camera.untoldUp = undefined;
      camera.window.endRun();
      this.#options.follower?.runEnded(worker, camera.slot, 'worker-restarted');
      states.set({
        ...plainState(camera.source.cameraId, 'connecting', now()),
        reason: 'worker-restarted',
      });
    }
    setTimeout(() => {
      if (this.#stopping) return;
      this.#workers[worker] = this.#start(worker, Math.min(LONGEST_RESTART_MS, restartMs * 2));
      this.#assign(
        worker,
        [...this.#cameras.values()].filter((camera) => camera.worker === worker),
      );
    }, restartMs);
  }

  #assign(worker: number, cameras: readonly Camera[]): void {
    if (cameras.length === 0) return;
    this.#tell(worker, {
      type: 'assign',
      assignments: cameras.map(({ source, slot, window, transport }) => ({
        source,
        slot,
        partTarget: window.partTarget,
        transport,
        known: this.#options.conditions?.known(source.cameraId),
      })),
    });
  }

  #tell(worker: number, message: ToWorker): void {
    this.#workers[worker]?.thread.postMessage(message);
  }

  #receive(handle: WorkerHandle, message: FromWorker): void {
    switch (message.type) {
      case 'ready':
        handle.reader = new ChunkReader(message.shared);
        this.#options.follower?.workerStarted(handle.worker, message.shared);
        return;
      case 'round':
        this.#takeRound(handle, message);
        return;
      case 'report':
        handle.counters = message.counters;
        handle.lag = message.lag;
        handle.openBytes = message.openBytes;
        return;
    }
  }

  #takeRound(handle: WorkerHandle, round: Extract<FromWorker, { type: 'round' }>): void {
    const { reader, inits } = handle;
    if (reader === undefined) return;
    for (const slab of round.slabs) reader.addSlab(slab);
    for (const notice of round.inits) {
      const { slot, initNumber, runId, index, codec, width, height } = notice;
      inits.set(initNumber, {
        slot,
        init: { runId, index, bytes: Buffer.from(notice.bytes), codec, width, height },
      });
      const camera = this.#slots.get(slot);
      if (camera !== undefined) camera.runId = runId;
    }
    for (const { slot, target } of round.partTargets) {
      const window = this.#slots.get(slot)?.window;
      if (window !== undefined) window.partTarget ??= target;
    }
    readParts(
      round.parts,
      (part) => {
        const camera = this.#slots.get(part.slot);
        const init = inits.get(part.initNumber)?.init;
        if (camera === undefined || init === undefined) {
          for (const slice of part.slices) reader.release(slice.chunk);
          return;
        }
        camera.window.add(part, init, reader);
        if (init !== camera.init) this.#newInit(camera, init);
        if (part.endsSegment) this.#segmentEnded(camera);
      },
      (slot) => {
        const camera = this.#slots.get(slot);
        camera?.window.endSegment();
        if (camera !== undefined) this.#segmentEnded(camera);
      },
    );
    this.#options.follower?.round(handle.worker, round, reader);
    if (round.inits.length > 0) this.#forgetInits(inits);
    for (const notice of round.sessions) this.#takeSession(notice);
    for (const notice of round.states) this.#takeState(notice);
    this.#takeConditions(handle, round);
  }

  #takeConditions(
    handle: WorkerHandle,
    { conditions, baselines, looks }: Extract<FromWorker, { type: 'round' }>,
  ): void {
    const feed = this.#options.conditions;
    for (const notice of conditions) {
      const camera = this.#slots.get(notice.slot);
      if (camera !== undefined) feed?.found(handle.worker, camera.source.cameraId, notice);
    }
    for (const { slot, light, usual } of baselines) {
      const camera = this.#slots.get(slot);
      if (camera !== undefined) feed?.learnt(camera.source.cameraId, light, usual);
    }
    for (const { slot, urgent } of looks) {
      const camera = this.#slots.get(slot);
      if (camera === undefined) continue;
      this.#options.looks?.want({
        cameraId: camera.source.cameraId,
        urgent,
        file: () => latestEntry(camera.window),
        answer: (look) => {
          this.#tell(camera.worker, { type: 'looked', slot, picture: look ?? null });
        },
      });
    }
  }

  #takeSession({ slot, transport, clockOffsetMs }: SessionNotice): void {
    const camera = this.#slots.get(slot);
    if (camera === undefined) return;
    camera.transport = transport;
    camera.clockOffsetMs = clockOffsetMs;
    const state = this.#options.states.get(camera.source.cameraId);
    if (state?.state === 'up') this.#options.states.set(this.#withStream(camera, state));
  }

  /** A round's parts may refer to a camera's earlier inits; those of later rounds refer to its latest, or newer ones. */
  #forgetInits(inits: WorkerHandle['inits']): void {
    const latest = new Map<number, number>();
    for (const [number, { slot }] of inits) {
      const before = latest.get(slot);
      if (before !== undefined) inits.delete(before);
      latest.set(slot, number);
      if (!this.#slots.has(slot)) inits.delete(number);
    }
  }

  #newInit(camera: Camera, init: WindowInit): void {
    camera.init = init;
    camera.measured = false;
    const state = this.#options.states.get(camera.source.cameraId);
    if (state?.state === 'up') this.#options.states.set(this.#withStream(camera, state));
  }

  #segmentEnded(camera: Camera): void {
    if (camera.untoldUp !== undefined) this.#tellUp(camera, camera.untoldUp);
    if (!camera.measured) this.#measure(camera);
  }

  #tellUp(camera: Camera, plain: LiveState): void {
    camera.untoldUp = undefined;
    this.#options.states.set(this.#withStream(camera, plain));
    this.#options.log('camera up', { cameraId: plain.cameraId, runId: camera.runId });
  }

  /** The first whole segment tells rate and size. */
  #measure(camera: Camera): void {
    const state = this.#options.states.get(camera.source.cameraId);
    if (state?.state !== 'up') return;
    camera.measured = true;
    this.#options.states.set(this.#withStream(camera, state));
  }

  #withStream(camera: Camera, state: LiveState): LiveState {
    const { meanBitsPerSecond, frameRate } = measureWindow(camera.window);
    return {
      ...state,
      codec: camera.init?.codec ?? null,
      width: camera.init?.width ?? null,
      height: camera.init?.height ?? null,
      frameRate: frameRate === undefined ? null : Math.round(frameRate * 100) / 100,
      bitsPerSecond: meanBitsPerSecond === undefined ? null : Math.round(meanBitsPerSecond),
      transport: camera.transport ?? null,
      clockOffsetMs: camera.clockOffsetMs,
    };
  }

  #takeState(notice: StateNotice): void {
    const camera = this.#slots.get(notice.slot);
    if (camera === undefined) return;
    const { states, log } = this.#options;
    const { cameraId } = camera.source;
    const plain = plainState(cameraId, notice.state, notice.atMs);
    camera.untoldUp = undefined;
    if (notice.state === 'connecting') {
      states.set(plain);
      return;
    }
    if (notice.state === 'up') {
      clearTimeout(camera.clearing);
      camera.measured = false;
      if (camera.window.segments[0]?.closed === true) this.#tellUp(camera, plain);
      else camera.untoldUp = plain;
      return;
    }
    const before = states.get(cameraId);
    states.set({
      ...plain,
      // Down since the first failure, however often it was tried again.
      sinceMs: before?.state === 'down' ? before.sinceMs : notice.atMs,
      reason: notice.failure.reason,
      detail: notice.failure.detail,
      retryAtMs: notice.retryAtMs,
    });
    if (before?.state !== 'down' || before.reason !== notice.failure.reason) {
      log('camera down', { cameraId, runId: camera.runId, ...notice.failure });
    }
    camera.runId = undefined;
    this.#options.follower?.runEnded(camera.worker, camera.slot, notice.failure.reason);
    // A run may give a part without having come up: one picture, and its end.
    if (camera.window.running) camera.window.endRun();
    else if (before?.state === 'down') return;
    clearTimeout(camera.clearing);
    camera.clearing = setTimeout(() => camera.window.clear(), KEEP_AFTER_DOWN_MS);
  }
}

function add(sum: WorkerCounters, more: WorkerCounters): void {
  sum.droppedUnits += more.droppedUnits;
  sum.lostPackets += more.lostPackets;
  sum.parts += more.parts;
}
