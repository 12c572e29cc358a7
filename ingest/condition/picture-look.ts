import type { Light } from '#registry/usual-stream.ts';

/** A picture as it is looked at: so many points of it, not blended, for noise tells a live sensor from a dead one. */
export const LOOK_WIDTH = 160;
export const LOOK_HEIGHT = 90;
const POINTS = LOOK_WIDTH * LOOK_HEIGHT;
/** Planes Y, U and V, one byte a point each (yuv444p, limited range). */
export const LOOK_BYTES = POINTS * 3;

/** What one decoded picture shows, and how it compares with the one looked at before. */
export interface PictureLook {
  /** Dark, or without colour as cameras see by infrared: night. */
  light: Light;
  /** Nothing but black, without the noise of a sensor. */
  black: boolean;
  /** Almost all of it of one colour that is not black: what encoders show without a camera. */
  plain: boolean;
  /** Share of the points that are exactly those of the picture before; null for a first one. */
  sameShare: number | null;
  /** Time between the two, ms; null for a first one. */
  apartMs: number | null;
}

/** Y of black; nothing is brighter than the second in a black picture, but for a share of points (a clock, a name). */
const BLACK_LUMA = 24;
const DARK_LUMA = 60;
const BLACK_SHARE = 0.97;
/** Noise is seen from this spread of Y on. */
const MAX_BLACK_SPREAD = 2;
/** Mean distance of U and V from no colour. */
const COLOURLESS = 2.5;
const PLAIN_SHARE = 0.85;
const PLAIN_STEP = 4;

/** `planes`: LOOK_BYTES, as the decoder gives them. `before`: Y of the picture that was looked at before. */
export function lookAt(
  planes: Uint8Array,
  before: { luma: Uint8Array; apartMs: number } | undefined,
): PictureLook {
  const luma = planes.subarray(0, POINTS);
  let sum = 0;
  let dark = 0;
  let darkSum = 0;
  let darkSquares = 0;
  let colour = 0;
  let same = 0;
  const histogram = new Uint32Array(256);
  for (let i = 0; i < POINTS; i++) {
    const y = luma[i] as number;
    sum += y;
    histogram[y] = (histogram[y] as number) + 1;
    if (y <= BLACK_LUMA) {
      dark++;
      darkSum += y;
      darkSquares += y * y;
    }
    colour +=
      Math.abs((planes[POINTS + i] as number) - 128) +
      Math.abs((planes[2 * POINTS + i] as number) - 128);
    if (before !== undefined && before.luma[i] === y) same++;
  }
  const spread =
    dark === 0 ? 0 : Math.sqrt(Math.max(0, darkSquares / dark - (darkSum / dark) ** 2));
  const black = dark >= POINTS * BLACK_SHARE && spread <= MAX_BLACK_SPREAD;
  return {
    light: sum / POINTS < DARK_LUMA || colour / (2 * POINTS) < COLOURLESS ? 'night' : 'day',
    black,
    plain: !black && isPlain(histogram),
    sameShare: before === undefined ? null : same / POINTS,
    apartMs: before?.apartMs ?? null,
  };
}

function isPlain(histogram: Uint32Array): boolean {
  let within = 0;
  for (let y = 0; y < 256; y++) {
    within += histogram[y] as number;
    if (y >= PLAIN_STEP) within -= histogram[y - PLAIN_STEP] as number;
    if (within >= POINTS * PLAIN_SHARE) return true;
  }
  return false;
}
