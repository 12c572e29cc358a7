/** Ran past the end of a NAL unit. */
export class BitsExhausted extends Error {
  readonly code = 'bits_exhausted';
}

/** Longest Exp-Golomb prefix that a 32-bit value can have, ITU-T H.264 §9.1. */
const MAX_LEADING_ZEROS = 31;

/**
 * Reads the bits of a NAL unit, leaving out emulation prevention bytes (00 00 **03**, ITU-T H.264 §7.3.1, H.265
 * §7.3.1.1). Never reads beyond `end`: throws BitsExhausted. One reader can be used for one unit after another.
 */
export class BitReader {
  #bytes: Uint8Array;
  #end: number;
  #at: number;
  #bit = 0;
  #zeros = 0;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    if (start >= end) throw new BitsExhausted('empty NAL unit');
  }

  /** Goes on with other bytes. */
  restart(bytes: Uint8Array, start: number, end: number): void {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    this.#bit = 0;
    this.#zeros = 0;
    if (start >= end) throw new BitsExhausted('empty NAL unit');
  }

  bit(): number {
    if (this.#at >= this.#end) throw new BitsExhausted('read past the end of a NAL unit');
    const value = ((this.#bytes[this.#at] as number) >> (7 - this.#bit)) & 1;
    if (++this.#bit === 8) {
      this.#bit = 0;
      this.#zeros = this.#bytes[this.#at] === 0 ? this.#zeros + 1 : 0;
      this.#at++;
      if (this.#zeros >= 2 && this.#bytes[this.#at] === 3) {
        this.#at++;
        this.#zeros = 0;
      }
    }
    return value;
  }

  /** u(n), n ≤ 32. */
  bits(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) value = value * 2 + this.bit();
    return value;
  }

  skip(count: number): void {
    for (let i = 0; i < count; i++) this.bit();
  }

  /** ue(v), §9.1. */
  unsigned(): number {
    let zeros = 0;
    while (this.bit() === 0) {
      if (++zeros > MAX_LEADING_ZEROS) throw new BitsExhausted('Exp-Golomb code too long');
    }
    return 2 ** zeros - 1 + this.bits(zeros);
  }

  /** se(v), §9.1.1. */
  signed(): number {
    const code = this.unsigned();
    return code % 2 === 1 ? (code + 1) / 2 : -code / 2;
  }
}
