import type { CameraEvent, LivenessTransition } from './camera-event.ts';
import { isFlapping } from './observed-state.ts';

/** What was said of a camera last. */
export type Told = Pick<CameraEvent, 'cameraId' | 'state' | 'reason' | 'atMs'>;

interface Last extends Omit<Told, 'cameraId'> {
  flapping: boolean;
  /** In this epoch. */
  sequence: number;
}

/**
 * The one place where a transition that was seen becomes an event with a number: the next of its camera in this process's
 * epoch. What is already told is no transition: a worker that starts again sees the same camera up.
 */
export class EventRecorder {
  readonly #epoch: number;
  readonly #nextId: () => string;
  readonly #add: (event: CameraEvent) => void;
  readonly #cameras = new Map<string, Last>();

  constructor(options: {
    epoch: number;
    nextId: () => string;
    add: (event: CameraEvent) => void;
    /** What the events so far have said. */
    known: Iterable<Told & Pick<CameraEvent, 'measured'>>;
  }) {
    this.#epoch = options.epoch;
    this.#nextId = options.nextId;
    this.#add = options.add;
    for (const event of options.known) {
      const { state, reason, atMs } = event;
      const flapping = isFlapping(event);
      this.#cameras.set(event.cameraId, { state, reason, atMs, flapping, sequence: 0 });
    }
  }

  *told(): Iterable<Told> {
    for (const [cameraId, { state, reason, atMs }] of this.#cameras) {
      yield { cameraId, state, reason, atMs };
    }
  }

  record(transition: LivenessTransition, worker: string): void {
    const { cameraId, atMs, state, reason, measured } = transition;
    const last = this.#cameras.get(cameraId);
    const flapping = isFlapping(transition);
    if (last?.state === state && last.reason === reason && last.flapping === flapping) return;
    const sequence = (last?.sequence ?? 0) + 1;
    this.#cameras.set(cameraId, { state, reason, atMs, flapping, sequence });
    this.#add({
      eventId: this.#nextId(),
      cameraId,
      epoch: this.#epoch,
      sequence,
      atMs,
      state,
      // What was told of it last, which a worker that began just now does not know.
      previous: last?.state ?? 'unknown',
      reason,
      measured,
      worker,
    });
  }

  /** Nobody looks at any camera since `sinceMs`: our fault, and none of theirs. */
  nobodyLooks(sinceMs: number, worker: string): void {
    // What incidents go by (registry/incidents.ts).
    const why = { reason: 'gateway', cause: 'gateway-stopped' } as const;
    for (const cameraId of this.#cameras.keys()) this.#unknown(cameraId, sinceMs, why, worker);
  }

  /** The camera was deleted: nobody looks at it, by nobody's fault. */
  deleted(cameraId: string, atMs: number, worker: string): void {
    this.#unknown(cameraId, atMs, { reason: null, cause: 'camera-deleted' }, worker);
  }

  #unknown(
    cameraId: string,
    sinceMs: number,
    { reason, cause }: { reason: 'gateway' | null; cause: string },
    worker: string,
  ): void {
    const last = this.#cameras.get(cameraId);
    if (last === undefined || last.state === 'unknown' || last.state === 'not-linked') return;
    this.record(
      {
        cameraId,
        // Not before what was seen last.
        atMs: Math.max(sinceMs, last.atMs),
        state: 'unknown',
        previous: last.state,
        reason,
        measured: { cause },
      },
      worker,
    );
  }
}
