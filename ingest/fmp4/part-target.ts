import { TIMESCALE } from './init.ts';

/**
 * EXT-X-PART-INF:PART-TARGET of one camera (RFC 8216bis §4.4.3.7), or `ticks` 0 for a camera of so few pictures a
 * second that its playlist has no parts. Kept for the life of the camera's URL: players stop when it changes.
 */
export interface PartTarget {
  ticks: number;
}

/** Below this many pictures a second a part of half a second cannot hold 85 % to 100 % of any target. */
const MIN_PICTURES_PER_SECOND = 4;
/** Parts at the camera's even rate are this share of the target, so that a picture may come early or late. */
const EVEN_SHARE = 0.92;
/** RFC 8216bis §4.4.4.9: no part but a segment's last, or one that begins independent, is shorter than this. */
const MIN_SHARE = 0.85;
/** A part that could only just take one more picture does not wait for it. */
const MARGIN_SHARE = 0.04;
/** A measured rate this near to a whole number is that number, so that a restart chooses the same target. */
const WHOLE_RATE_TOLERANCE = 0.03;

/** From the usual time between pictures and the length to aim at, both in ticks. */
export function choosePartTarget(pictureTicks: number, aimTicks: number): PartTarget {
  const rate = TIMESCALE / pictureTicks;
  const whole = Math.round(rate);
  const steady = whole > 0 && Math.abs(rate - whole) / whole <= WHOLE_RATE_TOLERANCE ? whole : rate;
  if (steady < MIN_PICTURES_PER_SECOND) return { ticks: 0 };
  const picture = TIMESCALE / steady;
  const pictures = Math.max(1, Math.floor((aimTicks * 1.001) / picture));
  return { ticks: Math.round((pictures * picture) / EVEN_SHARE) };
}

/**
 * Whether a part that now lasts `durationTicks` ends here. The last two pictures lasted `beforeTicks` and
 * `lastTicks`. One that came late does not say that the next will: a part that is still too short goes on if a
 * usual picture fits, one that is long enough ends if a late one would not.
 */
export function partEnds(
  target: PartTarget,
  durationTicks: number,
  beforeTicks: number,
  lastTicks: number,
): boolean {
  // Without parts in the playlist they are still how media is handed on: about half a second each.
  if (target.ticks === 0) return durationTicks >= TIMESCALE / 2;
  if (durationTicks + Math.min(beforeTicks, lastTicks) > target.ticks) return true;
  return (
    durationTicks >= MIN_SHARE * target.ticks &&
    durationTicks + Math.max(beforeTicks, lastTicks) > (1 - MARGIN_SHARE) * target.ticks
  );
}

/** How long a part lasts of a camera whose pictures come evenly, `pictureTicks` apart: where `partEnds` ends it. */
export function usualPartTicks(target: PartTarget, pictureTicks: number): number {
  if (target.ticks === 0) return Math.ceil(TIMESCALE / 2 / pictureTicks) * pictureTicks;
  const withMargin = Math.floor(((1 - MARGIN_SHARE) * target.ticks) / pictureTicks) * pictureTicks;
  if (withMargin >= MIN_SHARE * target.ticks) return withMargin;
  return Math.max(1, Math.floor(target.ticks / pictureTicks)) * pictureTicks;
}
