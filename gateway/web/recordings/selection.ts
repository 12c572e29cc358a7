import type { TimeRange } from '../api/footage.ts';
import { DAY_MS, dayOf } from '../thai-day.ts';
import type { TypedInstant } from '../typed-day.ts';

/** What is selected of footage (pure): time, of any days; its end is missing while it is being chosen. */
export type Selection = Partial<TimeRange>;

/** As long as a hold may be. */
export const LONGEST_SELECTION_DAYS = 366;
const LONGEST_SELECTION_MS = LONGEST_SELECTION_DAYS * DAY_MS;
/** As long as a clip may be. */
export const LONGEST_CLIP_HOURS = 6;
const LONGEST_CLIP_MS = LONGEST_CLIP_HOURS * 3_600_000;
/** Shorter is a slip of the hand. */
const SHORTEST_SELECTION_MS = 500;

/** The range, once it has both ends, and can be one. */
export function wholeOf({ fromMs, toMs }: Selection): TimeRange | undefined {
  if (fromMs === undefined || toMs === undefined) return undefined;
  const isOne = toMs - fromMs >= SHORTEST_SELECTION_MS && toMs - fromMs <= LONGEST_SELECTION_MS;
  return isOne ? { fromMs, toMs } : undefined;
}

/** It begins at `ms`; an end that comes after that stays. */
export function begunAt({ toMs }: Selection, ms: number): Selection {
  return { fromMs: ms, ...(toMs !== undefined && wholeOf({ fromMs: ms, toMs }) && { toMs }) };
}

/** It ends at `ms`; without a beginning before that, it begins `usualMs` earlier, and not before `earliestMs`. */
export function endedAt(
  { fromMs }: Selection,
  ms: number,
  { usualMs, earliestMs }: { usualMs: number; earliestMs: number },
): Selection {
  const isBegun = fromMs !== undefined && fromMs < ms && ms - fromMs <= LONGEST_SELECTION_MS;
  return { fromMs: isBegun ? fromMs : Math.max(earliestMs, ms - usualMs), toMs: ms };
}

export function isClip({ fromMs, toMs }: TimeRange): boolean {
  return toMs - fromMs <= LONGEST_CLIP_MS;
}

/** Whether all of it lies on one day of Thailand; its end may be where the day ends. */
export function isOfDay({ fromMs, toMs }: TimeRange, day: string): boolean {
  return dayOf(fromMs) === day && dayOf(toMs - 1) === day;
}

/** Two moments as they were typed; of a day alone, all of it. */
export function typedRange(from: TypedInstant, to: TypedInstant): TimeRange {
  return { fromMs: from.atMs ?? from.dayMs, toMs: to.atMs ?? to.dayMs + DAY_MS };
}
