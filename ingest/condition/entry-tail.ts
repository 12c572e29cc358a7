import { crc32 } from 'node:zlib';
import { chunkStart, type ChunkPool } from '../memory/chunk-pool.ts';
import type { Slice } from '../memory/part-writer.ts';

/** Looked at, at most. */
const MAX_TAIL_BYTES = 4096;
/**
 * The start of a picture is left out: headers count pictures (idr_pic_id, ITU-T H.264 §7.4.3), and cameras put the time
 * into SEI. Slice data of CABAC begin at a byte (§9.3.1.2), so the rest is alike where the picture is.
 */
const TAIL_SHARE = 0.75;

/** CRC-32 of the end of a part's bytes `[start, start + length)`, which are those of one picture. */
export function entryTail(
  pool: Pick<ChunkPool, 'slab'>,
  slices: readonly Slice[],
  start: number,
  length: number,
): number {
  const end = start + length;
  // A power of two, for the same picture may be a byte longer under another number.
  const whole = 2 ** Math.floor(Math.log2(Math.max(1, length * TAIL_SHARE)));
  let from = end - Math.min(MAX_TAIL_BYTES, whole);
  let sliceStart = 0;
  let crc = 0;
  for (const slice of slices) {
    const sliceEnd = sliceStart + slice.length;
    if (from < sliceEnd) {
      const at = chunkStart(slice.chunk) + slice.offset - sliceStart;
      crc = crc32(pool.slab(slice.chunk).subarray(at + from, at + Math.min(end, sliceEnd)), crc);
      from = sliceEnd;
    }
    if (sliceEnd >= end) break;
    sliceStart = sliceEnd;
  }
  return crc;
}
