/**
 * One clock for all cameras. A beat is a frame rate and a phase; cameras on the same beat and clip send the same
 * bytes at the same moment, so a picture is stamped once for all of them. A beat that nobody watches does not tick.
 */
import { stampPicture, TICKS_PER_SECOND, type Clip, type PacketisedPicture } from './clip.ts';

/** Phases that cameras of one frame rate are spread over. */
export const PHASES = 10;
/** Ticks made up for after the process was held up; beyond it they are passed over. */
const MAX_TICKS_LATE = 100;
/** Groups of pictures between the starts of neighbouring phases, so that they do not show the same. */
const GROUPS_APART = 7;

/** A picture at its place in an RTP stream. */
export interface Moment {
  picture: PacketisedPicture;
  randomAccess: boolean;
  timestamp: number;
}

/** From where positions in a clip are counted: the position that has this sequence number and timestamp. */
export interface Origin {
  position: number;
  sequence: number;
  timestamp: number;
}

/** Chosen so that sequence numbers wrap within the first minute and timestamps within the second. */
export const SHARED_ORIGIN: Origin = {
  position: 0,
  sequence: 65_000,
  timestamp: 2 ** 32 - 90 * TICKS_PER_SECOND,
};

/** Position counts pictures through all rounds of the loop. */
export function momentAt(clip: Clip, position: number, origin: Origin): Moment {
  const index = position % clip.pictures.length;
  const { sequence, timestamp } = placeAt(clip, position, origin);
  return {
    picture: stampPicture(clip, index, sequence, timestamp),
    randomAccess: clip.pictures[index]?.randomAccess === true,
    timestamp,
  };
}

/** Sequence number and timestamp at a position, both within their wrap. */
export function placeAt(
  clip: Clip,
  position: number,
  origin: Origin,
): { sequence: number; timestamp: number } {
  const packets = packetsUntil(clip, position) - packetsUntil(clip, origin.position);
  const ticks = Math.round(
    ((position - origin.position) * TICKS_PER_SECOND) / clip.framesPerSecond,
  );
  return {
    sequence: wrap(origin.sequence + packets, 2 ** 16),
    timestamp: wrap(origin.timestamp + ticks, 2 ** 32),
  };
}

/** The last position, `position` or before it, at which decoding can begin. */
export function randomAccessBefore(clip: Clip, position: number): number {
  const index = position % clip.pictures.length;
  return position - index + (clip.randomAccessPoints.findLast((point) => point <= index) ?? 0);
}

/** The first position, `position` or after it, at which decoding can begin. */
export function randomAccessAfter(clip: Clip, position: number): number {
  const index = position % clip.pictures.length;
  const next = clip.randomAccessPoints.find((point) => point >= index);
  return position - index + (next ?? clip.pictures.length);
}

function packetsUntil(clip: Clip, position: number): number {
  const index = position % clip.pictures.length;
  const rounds = (position - index) / clip.pictures.length;
  return rounds * clip.packets + (clip.packetsBefore[index] ?? 0);
}

function wrap(value: number, modulus: number): number {
  return ((value % modulus) + modulus) % modulus;
}

export interface Ticking {
  /** `atMs` is the Unix time at which the picture is due. */
  tick(atMs: number): void;
}

export class Beat {
  readonly #cameras = new Set<Ticking>();
  readonly #intervalMs: number;
  readonly #offsetMs: number;
  readonly #phase: number;
  readonly #now: () => number;
  readonly #wake: () => void;
  #count = 0;
  #shared: { clip: Clip; position: number; moment: Moment }[] = [];

  constructor(options: {
    framesPerSecond: number;
    phase: number;
    now: () => number;
    wake: () => void;
  }) {
    this.#intervalMs = 1000 / options.framesPerSecond;
    this.#offsetMs = (options.phase / PHASES) * this.#intervalMs;
    this.#phase = options.phase;
    this.#now = options.now;
    this.#wake = options.wake;
  }

  get idle(): boolean {
    return this.#cameras.size === 0;
  }

  /** When the next tick is due, in ms since the clock began. */
  get nextMs(): number {
    return this.#offsetMs + this.#count * this.#intervalMs;
  }

  join(camera: Ticking): void {
    if (this.idle)
      this.#count = Math.max(0, Math.ceil((this.#now() - this.#offsetMs) / this.#intervalMs));
    this.#cameras.add(camera);
    this.#wake();
  }

  leave(camera: Ticking): void {
    this.#cameras.delete(camera);
  }

  /** The position in the clip that the next tick shows to cameras without a run of their own. */
  nextPosition(clip: Clip): number {
    const points = clip.randomAccessPoints;
    return this.#count + (points[(this.#phase * GROUPS_APART) % points.length] ?? 0);
  }

  sharedMoment(clip: Clip, position: number): Moment {
    const known = this.#shared.find((entry) => entry.clip === clip && entry.position === position);
    if (known !== undefined) return known.moment;
    const moment = momentAt(clip, position, SHARED_ORIGIN);
    this.#shared = this.#shared.filter((entry) => entry.clip !== clip);
    this.#shared.push({ clip, position, moment });
    return moment;
  }

  /** Ticks as often as is due. `unixMs` tells the Unix time of a moment of the clock. */
  run(nowMs: number, unixMs: (clockMs: number) => number): void {
    const late = Math.floor((nowMs - this.nextMs) / this.#intervalMs);
    if (late > MAX_TICKS_LATE) this.#count += late;
    while (!this.idle && this.nextMs <= nowMs) {
      const atMs = unixMs(this.nextMs);
      for (const camera of this.#cameras) camera.tick(atMs);
      this.#count++;
    }
  }
}

/** All beats of one simulator, on one timer. */
export class BeatClock {
  readonly #startMs = performance.now();
  readonly #startUnixMs = Date.now();
  readonly #beats = new Map<string, Beat>();
  #timer: NodeJS.Timeout | undefined;
  #timerMs = 0;
  #closed = false;

  beat(framesPerSecond: number, phase: number): Beat {
    const key = `${framesPerSecond}/${phase}`;
    let beat = this.#beats.get(key);
    if (beat === undefined) {
      beat = new Beat({ framesPerSecond, phase, now: () => this.#now(), wake: () => this.#arm() });
      this.#beats.set(key, beat);
    }
    return beat;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #now(): number {
    return performance.now() - this.#startMs;
  }

  #arm(): void {
    const next = Math.min(
      ...this.#beats
        .values()
        .filter((beat) => !beat.idle)
        .map((beat) => beat.nextMs),
    );
    if (this.#closed || next === Infinity) return;
    if (this.#timer !== undefined && this.#timerMs <= next) return;
    clearTimeout(this.#timer);
    this.#timerMs = next;
    this.#timer = setTimeout(() => this.#run(), Math.max(0, next - this.#now()));
  }

  #run(): void {
    this.#timer = undefined;
    const nowMs = this.#now();
    for (const beat of this.#beats.values()) {
      if (!beat.idle) beat.run(nowMs, (clockMs) => this.#startUnixMs + clockMs);
    }
    this.#arm();
  }
}
