import { isIdr, isLeading, isSubLayerNonReference } from './nal-unit.ts';
import type { SliceHeader } from './slice-header.ts';

/** Picture order counts of one stream, in decoding order; ITU-T H.265 §8.3.1. */
export class PictureOrder {
  #lastMsb = 0;
  #lastLsb = 0;

  /** `restarts`: decoding begins with this random access point (NoRaslOutputFlag, §8.1.3). */
  next(header: SliceHeader, lsbBits: number, restarts: boolean): number {
    const modulus = 2 ** lsbBits;
    const { orderLsb: lsb, type } = header;
    let msb = 0;
    if (!restarts && !isIdr(type)) {
      msb = this.#lastMsb;
      if (lsb < this.#lastLsb && this.#lastLsb - lsb >= modulus / 2) msb += modulus;
      else if (lsb > this.#lastLsb && lsb - this.#lastLsb > modulus / 2) msb -= modulus;
    }
    if (header.temporalId === 0 && !isLeading(type) && !isSubLayerNonReference(type)) {
      this.#lastMsb = msb;
      this.#lastLsb = lsb;
    }
    return msb + lsb;
  }
}
