import type { ClosedPart } from './fmp4/segmenter.ts';
import type { Slice } from './memory/part-writer.ts';

/**
 * Closed parts as numbers, so that a round's hundred of them pass between threads in one transferred array.
 *
 * Record: slot, flags, init number, start (Unix ms), decode ticks, duration ticks, bytes, samples, slices, then
 * (chunk, offset, length) per slice.
 */
const HEAD = 9;
const START_MS = 3;
const DECODE_TICKS = 4;
const SLICE = 3;
const FIRST_CAPACITY = 1024;

const INDEPENDENT = 1;
const STARTS_SEGMENT = 2;
const ENDS_SEGMENT = 4;
const DISCONTINUITY = 8;
/** No part: the segment of the slot ended. */
const SEGMENT_END = 16;

export interface PartRecord extends Omit<ClosedPart, 'initIndex'> {
  slot: number;
  initNumber: number;
}

/** Gathers records until they are taken. */
export class PartOutbox {
  #records = new Float64Array(FIRST_CAPACITY);
  #end = 0;
  /** Records whose wall time is asked for when they are taken. */
  #untimed: { at: number; wallMs: (decodeTicks: number) => number }[] = [];

  /**
   * With `wallMs`, the part's wall time is asked for when the records are taken: pictures of the same round that were
   * less late may have shown meanwhile that it was taken a little earlier.
   */
  part(
    slot: number,
    initNumber: number,
    part: ClosedPart,
    wallMs?: (decodeTicks: number) => number,
  ): void {
    this.#reserve(HEAD + part.slices.length * SLICE);
    const to = this.#records;
    let at = this.#end;
    if (wallMs !== undefined) this.#untimed.push({ at, wallMs });
    to[at++] = slot;
    to[at++] =
      (part.independent ? INDEPENDENT : 0) |
      (part.startsSegment ? STARTS_SEGMENT : 0) |
      (part.endsSegment ? ENDS_SEGMENT : 0) |
      (part.discontinuity ? DISCONTINUITY : 0);
    to[at++] = initNumber;
    to[at++] = part.startMs;
    to[at++] = part.decodeTicks;
    to[at++] = part.durationTicks;
    to[at++] = part.byteLength;
    to[at++] = part.samples;
    to[at++] = part.slices.length;
    for (const slice of part.slices) {
      to[at++] = slice.chunk;
      to[at++] = slice.offset;
      to[at++] = slice.length;
    }
    this.#end = at;
  }

  segmentEnd(slot: number): void {
    this.#reserve(HEAD);
    this.#records.fill(0, this.#end, this.#end + HEAD);
    this.#records[this.#end] = slot;
    this.#records[this.#end + 1] = SEGMENT_END;
    this.#end += HEAD;
  }

  /** All records since the last call; the array is the caller's to give away. */
  take(): Float64Array<ArrayBuffer> {
    for (const { at, wallMs } of this.#untimed) {
      this.#records[at + START_MS] = wallMs(this.#records[at + DECODE_TICKS] as number);
    }
    this.#untimed = [];
    const records = this.#records.slice(0, this.#end);
    this.#end = 0;
    return records;
  }

  #reserve(length: number): void {
    if (this.#end + length <= this.#records.length) return;
    const larger = new Float64Array(Math.max(this.#end + length, this.#records.length * 2));
    larger.set(this.#records.subarray(0, this.#end));
    this.#records = larger;
  }
}

/** Records of some cameras, as another reader of the same round gets them, and the bytes of media that they tell of. */
export interface PickedRecords {
  records: Float64Array<ArrayBuffer>;
  /** A chunk a slice, in the order of the records. */
  chunks: Int32Array<ArrayBuffer>;
  byteLength: number;
}

/** Copies the records of slots that are wanted; undefined when there are none. */
export function pickParts(
  records: Float64Array,
  wants: (slot: number) => boolean,
): PickedRecords | undefined {
  const picked = new Float64Array(records.length);
  const chunks: number[] = [];
  let end = 0;
  let byteLength = 0;
  for (let at = 0; at < records.length;) {
    const slices = records[at + 8] as number;
    const next = at + HEAD + slices * SLICE;
    if (wants(records[at] as number)) {
      picked.set(records.subarray(at, next), end);
      end += next - at;
      byteLength += records[at + 6] as number;
      for (let from = at + HEAD; from < next; from += SLICE) chunks.push(records[from] as number);
    }
    at = next;
  }
  if (end === 0) return undefined;
  return { records: picked.slice(0, end), chunks: Int32Array.from(chunks), byteLength };
}

/**
 * A number that is whole and small, as V8 keeps those: within the object. As it comes out of the array each would lie on the
 * heap by itself, and forty parts a camera are kept: 13 MB of a thousand cameras.
 */
function integer(records: Float64Array, at: number): number {
  return (records[at] as number) | 0;
}

/** Reads records in the order they were written. */
export function readParts(
  records: Float64Array,
  onPart: (part: PartRecord) => void,
  onSegmentEnd: (slot: number) => void,
): void {
  let at = 0;
  while (at < records.length) {
    const slot = records[at] as number;
    const flags = records[at + 1] as number;
    const sliceCount = records[at + 8] as number;
    if ((flags & SEGMENT_END) !== 0) {
      onSegmentEnd(slot);
    } else {
      const slices: Slice[] = [];
      for (let i = 0, from = at + HEAD; i < sliceCount; i++, from += SLICE) {
        slices.push({
          chunk: integer(records, from),
          offset: integer(records, from + 1),
          length: integer(records, from + 2),
        });
      }
      onPart({
        slot,
        initNumber: integer(records, at + 2),
        startMs: records[at + 3] as number,
        decodeTicks: records[at + 4] as number,
        durationTicks: integer(records, at + 5),
        byteLength: integer(records, at + 6),
        samples: integer(records, at + 7),
        independent: (flags & INDEPENDENT) !== 0,
        startsSegment: (flags & STARTS_SEGMENT) !== 0,
        endsSegment: (flags & ENDS_SEGMENT) !== 0,
        discontinuity: (flags & DISCONTINUITY) !== 0,
        // A copy has room for what is in it, one that grew has for 17.
        slices: slices.slice(),
      });
    }
    at += HEAD + sliceCount * SLICE;
  }
}
