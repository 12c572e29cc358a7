import type { BitReader } from './bit-reader.ts';

export const SQUARE: readonly [number, number] = [1, 1];
const EXTENDED_ASPECT = 255;
/** aspect_ratio_idc 1-16, ITU-T H.264 table E-1, H.265 table E.1. */
const ASPECTS: readonly (readonly [number, number])[] = [
  [1, 1],
  [1, 1],
  [12, 11],
  [10, 11],
  [16, 11],
  [40, 33],
  [24, 11],
  [20, 11],
  [32, 11],
  [80, 33],
  [18, 11],
  [15, 11],
  [64, 33],
  [160, 99],
  [4, 3],
  [3, 2],
  [2, 1],
];

/** The shape of a sample at the head of vui_parameters, ITU-T H.264 §E.1.1, H.265 §E.2.1. A strange one is square. */
export function readSampleAspect(bits: BitReader): readonly [number, number] {
  if (bits.bit() === 0) return SQUARE;
  const idc = bits.bits(8);
  if (idc !== EXTENDED_ASPECT) return ASPECTS[idc] ?? SQUARE;
  const x = bits.bits(16);
  const y = bits.bits(16);
  return x > 0 && y > 0 ? [x, y] : SQUARE;
}
