import type { SliceHeader } from './slice-header.ts';
import type { SequenceParameters } from './sps.ts';

/**
 * Picture order counts of one stream, in decoding order; ITU-T H.264 §8.2.1, types 0, 1 and 2. What a picture's order
 * is relative to is the last IDR picture.
 *
 * memory_management_control_operation 5, which restarts the count without an IDR picture, is not looked for: it stands
 * deep in the slice header, and no camera is known to use it.
 */
export class PictureOrder {
  #referenceMsb = 0;
  #referenceLsb = 0;
  #frameNumber = 0;
  #frameNumberOffset = 0;

  /** Order count of the frame or field that this slice belongs to. */
  next(header: SliceHeader, sequence: SequenceParameters): number {
    const { order } = sequence;
    if (order.type === 0) return this.#byLsb(header, order.lsbBits);
    const offset = this.#nextFrameNumberOffset(header, 2 ** sequence.frameNumberBits);
    if (order.type === 2) {
      const count = 2 * (offset + header.frameNumber);
      return header.referenceIdc === 0 && count > 0 ? count - 1 : count;
    }
    return this.#byCycle(header, order, offset + header.frameNumber);
  }

  /** §8.2.1.1. */
  #byLsb(header: SliceHeader, bits: number): number {
    const modulus = 2 ** bits;
    if (header.idr) this.#referenceMsb = this.#referenceLsb = 0;
    const lsb = header.orderLsb;
    let msb = this.#referenceMsb;
    if (lsb < this.#referenceLsb && this.#referenceLsb - lsb >= modulus / 2) msb += modulus;
    else if (lsb > this.#referenceLsb && lsb - this.#referenceLsb > modulus / 2) msb -= modulus;
    if (header.referenceIdc !== 0) {
      this.#referenceMsb = msb;
      this.#referenceLsb = lsb;
    }
    const top = msb + lsb;
    return header.field ? top : Math.min(top, top + header.orderDeltaBottom);
  }

  /** FrameNumOffset, §8.2.1.2 and §8.2.1.3. */
  #nextFrameNumberOffset(header: SliceHeader, maxFrameNumber: number): number {
    if (header.idr) this.#frameNumberOffset = 0;
    else if (this.#frameNumber > header.frameNumber) this.#frameNumberOffset += maxFrameNumber;
    this.#frameNumber = header.frameNumber;
    return this.#frameNumberOffset;
  }

  /** §8.2.1.2. */
  #byCycle(
    header: SliceHeader,
    order: Extract<SequenceParameters['order'], { type: 1 }>,
    frameNumber: number,
  ): number {
    const offsets = order.offsetsForReferences;
    let number = offsets.length > 0 ? frameNumber : 0;
    if (header.referenceIdc === 0 && number > 0) number--;
    let expected = 0;
    if (number > 0) {
      const cycle = offsets.reduce((sum, offset) => sum + offset, 0);
      const cycles = Math.floor((number - 1) / offsets.length);
      expected = cycles * cycle;
      for (let i = 0; i <= (number - 1) % offsets.length; i++) expected += offsets[i] as number;
    }
    if (header.referenceIdc === 0) expected += order.offsetForNonReference;
    const top = expected + header.orderDelta0;
    const toBottom = order.offsetForTopToBottom;
    if (header.field) return header.bottomField ? expected + toBottom + header.orderDelta0 : top;
    return Math.min(top, top + toBottom + header.orderDelta1);
  }
}
