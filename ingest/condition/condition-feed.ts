import { unknownBaseline } from './baseline.ts';
import type { ConditionNotice, KnownCondition } from '../worker-protocol.ts';
import type {
  LivenessTransition,
  ObservedReason,
  ObservedState,
} from '#registry/events/camera-event.ts';
import type { Light, StreamBaseline, UsualStream } from '#registry/usual-stream.ts';

/** Who saw it: `worker-0` of this process, or the process itself. */
export type Seer = `worker-${number}` | 'gateway';

export type TransitionListener = (transition: LivenessTransition, seer: Seer) => void;

interface Known {
  state: ObservedState;
  reason: ObservedReason | null;
  atMs: number;
}

/**
 * The serving thread's side of conditions: takes what workers find, adds what was before, and what no worker can tell:
 * that one ended, that a camera has no stream any more, that the gateway stops. Each change is told once, in order.
 *
 * A camera of which nothing is known is `unknown`, or `not-linked` where it has no stream; that is not told, only changes
 * of it are.
 */
export class ConditionFeed {
  readonly #now: () => number;
  readonly #known = new Map<string, Known>();
  readonly #baselines = new Map<string, StreamBaseline>();
  readonly #listeners = new Set<TransitionListener>();
  readonly #learnt = new Set<(cameraId: string, light: Light, usual: UsualStream) => void>();

  /** `now`: Unix ms. */
  constructor(options: { now: () => number }) {
    this.#now = options.now;
  }

  /** Returns how to end it. */
  subscribe(listener: TransitionListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onLearnt(listener: (cameraId: string, light: Light, usual: UsualStream) => void): () => void {
    this.#learnt.add(listener);
    return () => this.#learnt.delete(listener);
  }

  /** What was told last, before this process began. Nobody has looked since: unless it says so already, that is told. */
  restore(cameraId: string, { state, reason, atMs }: Known): void {
    this.#known.set(cameraId, { state, reason, atMs });
    if (state !== 'not-linked') this.#unknown(cameraId, { cause: 'gateway-started' });
  }

  setBaseline(cameraId: string, baseline: StreamBaseline): void {
    this.#baselines.set(cameraId, baseline);
  }

  baseline(cameraId: string): StreamBaseline {
    return this.#baselines.get(cameraId) ?? unknownBaseline;
  }

  /** The stream is another: what was usual is not any more. */
  forgetBaseline(cameraId: string): void {
    this.#baselines.delete(cameraId);
  }

  /** What a worker that begins to watch the camera is told. */
  known(cameraId: string): KnownCondition {
    const known = this.#known.get(cameraId);
    const isWatched = known !== undefined && known.state !== 'not-linked';
    return {
      state: isWatched ? known.state : 'unknown',
      reason: isWatched ? known.reason : null,
      baseline: this.baseline(cameraId),
    };
  }

  linked(cameraId: string): void {
    if (this.#known.get(cameraId)?.state === 'not-linked') {
      this.#unknown(cameraId, { cause: 'not-looked-yet' });
    }
  }

  /** Its stream was taken away. */
  notLinked(cameraId: string): void {
    this.#tell(cameraId, 'gateway', {
      state: 'not-linked',
      reason: null,
      atMs: this.#now(),
      measured: {},
    });
    this.forgetBaseline(cameraId);
  }

  /** The camera was deleted: nothing is told of it. */
  removed(cameraId: string): void {
    this.#known.delete(cameraId);
    this.forgetBaseline(cameraId);
  }

  found(worker: number, cameraId: string, notice: ConditionNotice): void {
    this.#tell(cameraId, `worker-${worker}`, notice);
  }

  learnt(cameraId: string, light: Light, usual: UsualStream): void {
    this.#baselines.set(cameraId, { ...this.baseline(cameraId), [light]: usual });
    for (const listener of this.#learnt) listener(cameraId, light, usual);
  }

  /** A worker is gone, and with it what it saw of these cameras. That is our doing, not theirs. */
  workerEnded(worker: number, cameraIds: Iterable<string>): void {
    const measured = { cause: 'worker-ended', worker: `worker-${worker}` };
    for (const cameraId of cameraIds) this.#unknown(cameraId, measured);
  }

  /** Nobody looks any more. */
  stop(): void {
    for (const [cameraId, { state }] of this.#known) {
      if (state !== 'not-linked') this.#unknown(cameraId, { cause: 'gateway-stopped' });
    }
  }

  #unknown(cameraId: string, measured: LivenessTransition['measured']): void {
    const state = this.#known.get(cameraId)?.state ?? 'unknown';
    if (state === 'unknown') return;
    const atMs = this.#now();
    this.#tell(cameraId, 'gateway', { state: 'unknown', reason: 'gateway', atMs, measured });
  }

  #tell(
    cameraId: string,
    seer: Seer,
    { state, reason, atMs, measured }: Omit<ConditionNotice, 'slot'>,
  ): void {
    const before = this.#known.get(cameraId);
    // A state begins no earlier than the one before it, whoever set the clock.
    const orderedMs = Math.max(atMs, before?.atMs ?? 0);
    this.#known.set(cameraId, { state, reason, atMs: orderedMs });
    const transition: LivenessTransition = {
      cameraId,
      atMs: orderedMs,
      state,
      previous: before?.state ?? 'unknown',
      reason,
      measured,
    };
    for (const listener of this.#listeners) listener(transition, seer);
  }
}
