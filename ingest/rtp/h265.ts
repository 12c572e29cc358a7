import type { AccessUnits } from '../bitstream/access-units.ts';

/** Packet types of RFC 7798 §4.4. */
const AGGREGATION = 48;
const FRAGMENTATION = 49;
const PACI = 50;
const HEADER_BYTES = 2;
const ORDER_BYTES = 2;
const FU_START = 0x80;
const FU_END = 0x40;

/**
 * Takes NAL units out of RTP payloads: single NAL unit (RFC 7798 §4.4.1), aggregation packet (§4.4.2), fragmentation
 * unit (§4.4.3), each with decoding order numbers where the session description says so (sprop-max-don-diff > 0): over
 * a transport that keeps order they tell nothing, and are passed over.
 * PACI packets (§4.4.4) are taken apart for the payload that they carry; other types are passed over and counted.
 */
export class H265Payload {
  ignored = 0;
  readonly #units: AccessUnits;
  readonly #orderBytes: number;

  constructor(units: AccessUnits, options: { decodingOrderNumbers: boolean }) {
    this.#units = units;
    this.#orderBytes = options.decodingOrderNumbers ? ORDER_BYTES : 0;
  }

  /** One payload: `bytes[start, end)`. */
  receive(bytes: Buffer, start: number, end: number): void {
    if (end - start <= HEADER_BYTES) {
      this.ignored++;
      return;
    }
    const header = ((bytes[start] as number) << 8) | (bytes[start + 1] as number);
    const type = (header >> 9) & 0x3f;
    const at = start + HEADER_BYTES;
    if (type === FRAGMENTATION) this.#fragment(header, bytes, at, end);
    else if (type === AGGREGATION) this.#aggregate(bytes, at, end);
    else if (type === PACI) this.#contained(header, bytes, at, end);
    else if (type < AGGREGATION) this.#single(header, bytes, at + this.#orderBytes, end);
    else this.ignored++;
  }

  #single(header: number, bytes: Buffer, start: number, end: number): void {
    if (start >= end) {
      this.ignored++;
      return;
    }
    this.#units.openNal(header, bytes, start, end);
    this.#units.closeNal();
  }

  #fragment(header: number, bytes: Buffer, start: number, end: number): void {
    const fragment = bytes[start] as number;
    const nalHeader = (header & 0x81ff) | ((fragment & 0x3f) << 9);
    if ((fragment & FU_START) !== 0) {
      const at = Math.min(end, start + 1 + this.#orderBytes);
      this.#units.openNal(nalHeader, bytes, at, end);
    } else {
      this.#units.appendNal(nalHeader, bytes, start + 1, end);
    }
    if ((fragment & FU_END) !== 0) this.#units.closeNal();
  }

  #aggregate(bytes: Buffer, start: number, end: number): void {
    let at = start + this.#orderBytes;
    while (at + 2 < end) {
      const size = bytes.readUInt16BE(at);
      at += 2;
      if (size === 0 || at + size > end) {
        // Zeros at the end are padding; a NAL unit that is cut off is as one that was lost.
        if (size > 0) this.#units.lost(true);
        this.ignored++;
        return;
      }
      this.#units.nal(bytes, at, at + size);
      // A difference of decoding order numbers (DOND) stands before each but the first.
      at += size + (this.#orderBytes > 0 ? 1 : 0);
    }
  }

  /** A: forbidden bit of what is contained, cType, PHSsize, F0-F2, Y; then the header extension. */
  #contained(header: number, bytes: Buffer, start: number, end: number): void {
    if (start + 2 > end) {
      this.ignored++;
      return;
    }
    const fields = bytes.readUInt16BE(start);
    const type = (fields >> 9) & 0x3f;
    const at = start + 2 + ((fields >> 4) & 0x1f);
    const inner = (header & 0x1ff) | (type << 9) | (fields & 0x8000);
    if (at >= end || type === PACI) this.ignored++;
    else if (type === FRAGMENTATION) this.#fragment(inner, bytes, at, end);
    else if (type === AGGREGATION) this.#aggregate(bytes, at, end);
    else this.#single(inner, bytes, at + this.#orderBytes, end);
  }
}
