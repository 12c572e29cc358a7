import { fragmentEndMs, type Fragment } from './fragment-index.ts';

/** Pictures may be so long apart; what is missing for longer is a gap. */
export const HOLE_MS = 1_000;
const TICKS_PER_MS = 90;

type FragmentTimes = Pick<Fragment, 'startMs' | 'decodeTicks' | 'durationTicks'>;

/** Between two fragments of a run nothing was recorded, Unix ms. */
export interface Hole {
  startMs: number;
  endMs: number;
  /** No picture is missing for most of it: the gateway's clock was set forward. */
  isClockSet: boolean;
}

/**
 * What lies between a fragment and the one after it in its run; undefined while nothing is missing. A run's wall time follows its media time but for
 * a slow drift (ingest/rtp/wall-clock.ts): where it goes on alone, the clock was set.
 */
export function holeBetween(before: FragmentTimes, after: FragmentTimes): Hole | undefined {
  const startMs = Math.round(fragmentEndMs(before));
  const endMs = Math.round(after.startMs);
  if (endMs - startMs <= HOLE_MS) return undefined;
  const mediaTicks = after.decodeTicks - before.decodeTicks - before.durationTicks;
  return { startMs, endMs, isClockSet: endMs - startMs - mediaTicks / TICKS_PER_MS > HOLE_MS };
}

/** Of a recording, in order. */
export function holesIn(fragments: readonly Fragment[]): Hole[] {
  const holes: Hole[] = [];
  let before: Fragment | undefined;
  for (const fragment of fragments) {
    const hole = before === undefined ? undefined : holeBetween(before, fragment);
    if (hole !== undefined) holes.push(hole);
    before = fragment;
  }
  return holes;
}

/** Unbroken pictures of a recording, in order, Unix ms; between two of them some were lost. */
export function stretches(fragments: readonly Fragment[]): { startMs: number; endMs: number }[] {
  const [first] = fragments;
  const last = fragments.at(-1);
  if (first === undefined || last === undefined) return [];
  const holes = holesIn(fragments);
  const starts = [Math.round(first.startMs), ...holes.map(({ endMs }) => endMs)];
  const ends = [...holes.map(({ startMs }) => startMs), Math.round(fragmentEndMs(last))];
  return starts.map((startMs, i) => ({ startMs, endMs: ends[i] ?? startMs }));
}
