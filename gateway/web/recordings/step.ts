/**
 * Up to four cameras in step by wall time: what the clock and each picture do next (pure). The clock follows the first
 * picture that plays, for that is the smoothest; the others are drawn towards the clock by their speed, and only by a
 * jump when they are far from it.
 */

/** Further than that from the clock a picture jumps; nearer, it is played a little slower or faster. */
const JUMP_MS = 700;
const DRAWN_BY = 0.1;
/** A picture that should be still is where it should be within half a picture. */
const STILL_MS = 15;
/** What the clock believes of its leader at a time, beyond what has passed: a leader that jumps is not followed. */
const LEADER_MS = 400;
/** All wait so long for one that has no picture yet; then it is left behind until it has. */
export const WAIT_MS = 8_000;

/** What a video element says of itself. */
export interface Playing {
  /** Wall time of the picture that it shows, Unix ms; undefined: none yet. */
  wallMs: number | undefined;
  /** It has the picture, and (while playing) some more. */
  ready: boolean;
}

export type Move =
  | { kind: 'jump' }
  /** Plays on at this speed. */
  | { kind: 'play'; rate: number };

/** How a picture follows the clock. */
export function follow(
  playing: Playing,
  clockMs: number,
  run: { playing: boolean; rate: number },
): Move {
  const { wallMs } = playing;
  const rate = run.playing ? run.rate : 0;
  if (wallMs === undefined) return { kind: 'jump' };
  const aheadMs = wallMs - clockMs;
  if (!run.playing) {
    return Math.abs(aheadMs) > STILL_MS ? { kind: 'jump' } : { kind: 'play', rate };
  }
  if (Math.abs(aheadMs) > JUMP_MS * Math.max(1, run.rate)) return { kind: 'jump' };
  const drawn = Math.min(DRAWN_BY, Math.max(-DRAWN_BY, aheadMs / 2_000));
  return { kind: 'play', rate: rate * (1 - drawn) };
}

/** Where the clock is after `elapsedMs`, with the wall time of the picture that leads, if one plays. */
export function ticked(
  clockMs: number,
  elapsedMs: number,
  rate: number,
  leaderMs: number | undefined,
): number {
  const expected = clockMs + elapsedMs * rate;
  if (leaderMs === undefined) return expected;
  return Math.abs(leaderMs - expected) <= LEADER_MS * Math.max(1, rate) ? leaderMs : expected;
}

/** Into a picture, not onto its edge: less than half of `STILL_MS`, so that the picture is not sought again. */
const INTO_MS = 4;

/** Where the clock stands when a picture was stepped to: one time for a picture, from whichever side it was come to. */
export function clockAt(pictureMs: number): number {
  return pictureMs + INTO_MS;
}

/**
 * Where the picture before or after one is looked for (`lengthMs` from where that one begins): over a gap, in the first
 * picture behind it or the last one before it. Undefined: there is no footage on that side.
 */
export function stepTarget(
  spans: readonly { fromMs: number; toMs: number }[],
  pictureMs: number,
  lengthMs: number,
  forward: boolean,
): number | undefined {
  const ms = clockAt(forward ? pictureMs + lengthMs : pictureMs - lengthMs);
  if (spans.some(({ fromMs, toMs }) => fromMs <= ms && ms < toMs)) return ms;
  if (forward) {
    const starts = spans.map(({ fromMs }) => fromMs).filter((fromMs) => fromMs > ms);
    return starts.length === 0 ? undefined : clockAt(Math.min(...starts));
  }
  const ends = spans.map(({ toMs }) => toMs).filter((toMs) => toMs <= ms);
  return ends.length === 0 ? undefined : Math.max(...ends) - INTO_MS;
}

/** How long a camera's pictures last, as far as is known. */
export interface PictureLength {
  ms: number;
  /** Of pictures that a step has found; otherwise of what was seen while it played, of which some may have been left out. */
  measured: boolean;
}

/** Of how many pictures that were seen while it played the shortest counts. */
const SEEN = 12;

/**
 * What playing tells of how long pictures last. A browser that is busy shows, or tells of, every second picture only: so the shortest of some
 * counts, and a step still looks for nearer ones.
 */
export class SeenLengths {
  #lengths: number[] = [];

  seen(ms: number): PictureLength {
    this.#lengths = [...this.#lengths.slice(1 - SEEN), ms];
    return { ms: Math.min(...this.#lengths), measured: false };
  }

  forget(): void {
    this.#lengths = [];
  }
}

/** A step is tried over so many pictures' length, until another picture shows. */
const STEP_LENGTHS = [1, 2, 4, 8, 16, 25];
/** Nearer first where it is not sure that none lies between. */
const NEARER_LENGTHS = [0.25, 0.5];

/** How far a step looks for the next picture, try by try, ms. */
export function stepTriesMs({ ms, measured }: PictureLength): number[] {
  return [...(measured ? [] : NEARER_LENGTHS), ...STEP_LENGTHS].map((lengths) => lengths * ms);
}

/** Speeds, slowest first. */
export const RATES = [0.25, 0.5, 1, 2, 4, 8, 16] as const;

export function nextRate(rate: number, faster: boolean): number {
  const index = RATES.findIndex((each) => each === rate);
  return RATES[index + (faster ? 1 : -1)] ?? rate;
}

/** A media time of a playlist, and the wall time that its playlist gives it. */
export interface Timed {
  /** Media time of the segment, s. */
  start: number;
  duration: number;
  /** Unix ms. */
  programDateTime: number;
}

/** Media time, s, of a wall time; of a time in a hole, where the next segment begins. Undefined: beyond them all. */
export function mediaTimeOf(segments: readonly Timed[], wallMs: number): number | undefined {
  for (const { start, duration, programDateTime } of segments) {
    if (wallMs >= programDateTime + duration * 1_000) continue;
    return start + Math.max(0, wallMs - programDateTime) / 1_000;
  }
  return undefined;
}

/** A picture that begins where a segment ends is the next one's, which may be of another hour. */
const EDGE_S = 0.002;

export function wallTimeOf(segments: readonly Timed[], mediaTime: number): number | undefined {
  const segment =
    segments.find(({ start, duration }) => mediaTime < start + duration - EDGE_S) ??
    segments.at(-1);
  if (segment === undefined) return undefined;
  return segment.programDateTime + (mediaTime - segment.start) * 1_000;
}
