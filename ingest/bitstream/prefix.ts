/** What precedes the first slice of a picture (SEI mostly) is kept up to here; beyond it SEI is dropped. */
const MAX_BYTES = 64 * 1024;
const FIRST_BYTES = 1024;
const MAX_UNITS = 32;
/** Numbers per unit kept: start, end, 1 for a parameter set. */
const FIELDS = 3;

/**
 * NAL units that came before the first slice of their picture: where they go is known when that has come. Written in
 * place, as most cameras send one a picture.
 */
export class Prefix {
  /** Bytes of the units; also of one that is being received, from `openedAt`. */
  bytes = Buffer.allocUnsafe(FIRST_BYTES);
  openedAt = 0;
  end = 0;
  readonly #units = new Uint32Array(MAX_UNITS * FIELDS);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  start(unit: number): number {
    return this.#units[unit * FIELDS] as number;
  }

  endOf(unit: number): number {
    return this.#units[unit * FIELDS + 1] as number;
  }

  isParameterSet(unit: number): boolean {
    return this.#units[unit * FIELDS + 2] === 1;
  }

  clear(): void {
    this.end = 0;
    this.#count = 0;
  }

  /** A unit begins with its header, of one byte or two. */
  open(header: number, headerBytes: number): void {
    this.openedAt = this.end;
    this.#reserve(2);
    if (headerBytes === 2) this.bytes[this.end++] = header >> 8;
    this.bytes[this.end++] = header & 0xff;
  }

  /** False when the unit is beyond bounds: it is forgotten. */
  append(from: Buffer, start: number, end: number): boolean {
    if (!this.#reserve(end - start)) {
      this.forget();
      return false;
    }
    from.copy(this.bytes, this.end, start, end);
    this.end += end - start;
    return true;
  }

  /** The open unit is left out. */
  forget(): void {
    this.end = this.openedAt;
  }

  /** The open unit is whole and kept, or left out when there are too many. */
  keep(isParameterSet: boolean): void {
    if (this.#count === MAX_UNITS) {
      this.forget();
      return;
    }
    const at = this.#count++ * FIELDS;
    this.#units[at] = this.openedAt;
    this.#units[at + 1] = this.end;
    this.#units[at + 2] = isParameterSet ? 1 : 0;
  }

  #reserve(length: number): boolean {
    const needed = this.end + length;
    if (needed > MAX_BYTES) return false;
    if (needed > this.bytes.length) {
      const larger = Buffer.allocUnsafe(
        Math.min(MAX_BYTES, Math.max(needed, this.bytes.length * 2)),
      );
      this.bytes.copy(larger, 0, 0, this.end);
      this.bytes = larger;
    }
    return true;
  }
}
