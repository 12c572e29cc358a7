import type { CameraEvent, LivenessTransition, ObservedState } from './camera-event.ts';
import { isFlapping } from './observed-state.ts';

interface Last extends Pick<CameraEvent, 'state' | 'reason' | 'atMs'> {
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
    /** What the events so far have said, oldest first where there are several of a camera. */
    known: Iterable<Pick<CameraEvent, 'cameraId' | 'state' | 'reason' | 'atMs' | 'measured'>>;
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

  /** `undefined`: nobody ever looked at it. */
  stateOf(cameraId: string): ObservedState | undefined {
    return this.#cameras.get(cameraId)?.state;
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

  /** Nobody looked since `sinceMs`: our fault, and no camera's. */
  nobodyLooked(sinceMs: number, worker: string): void {
    for (const [cameraId, { state, atMs }] of this.#cameras) {
      if (state === 'unknown' || state === 'not-linked') continue;
      this.record(
        {
          cameraId,
          // Not before what was seen last.
          atMs: Math.max(sinceMs, atMs),
          state: 'unknown',
          previous: state,
          reason: 'gateway',
          measured: {},
        },
        worker,
      );
    }
  }

  /** It was deleted. */
  forget(cameraId: string): void {
    this.#cameras.delete(cameraId);
  }
}
