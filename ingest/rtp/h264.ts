import type { AccessUnits } from '../bitstream/access-units.ts';

/** Packet types of RFC 6184 §5.2. */
const LAST_SINGLE_NAL = 23;
const STAP_A = 24;
const FU_A = 28;
const FU_START = 0x80;
const FU_END = 0x40;
const START_CODE = Buffer.of(0, 0, 1);

/**
 * Takes NAL units out of RTP payloads: single NAL unit (RFC 6184 §5.6), STAP-A (§5.7.1), FU-A (§5.8); and a byte stream
 * with start codes (ITU-T H.264 annex B), which some encoders send instead. Other types, malformed or unknown, are
 * passed over; their number is returned by `ignored`.
 */
export class H264Payload {
  ignored = 0;
  readonly #units: AccessUnits;

  constructor(units: AccessUnits) {
    this.#units = units;
  }

  /** One payload: `bytes[start, end)`. */
  receive(bytes: Buffer, start: number, end: number): void {
    if (end - start < 2) {
      this.ignored++;
      return;
    }
    const indicator = bytes[start] as number;
    const type = indicator & 0x1f;
    if (type === FU_A) this.#fragment(indicator, bytes, start + 1, end);
    else if (type >= 1 && type <= LAST_SINGLE_NAL) this.#units.nal(bytes, start, end);
    else if (type === STAP_A) this.#aggregate(bytes, start + 1, end);
    else if (indicator === 0 && bytes[start + 1] === 0) this.#byteStream(bytes, start, end);
    else this.ignored++;
  }

  #fragment(indicator: number, bytes: Buffer, start: number, end: number): void {
    const fragment = bytes[start] as number;
    const header = (indicator & 0xe0) | (fragment & 0x1f);
    if ((fragment & FU_START) !== 0) this.#units.openNal(header, bytes, start + 1, end);
    else this.#units.appendNal(header, bytes, start + 1, end);
    if ((fragment & FU_END) !== 0) this.#units.closeNal();
  }

  #aggregate(bytes: Buffer, start: number, end: number): void {
    let at = start;
    while (at + 2 < end) {
      const size = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
      at += 2;
      if (size === 0 || at + size > end) {
        // Zeros at the end are padding; a NAL unit that is cut off is as one that was lost.
        if (size > 0) this.#units.lost(true);
        this.ignored++;
        return;
      }
      this.#units.nal(bytes, at, at + size);
      at += size;
    }
  }

  /** Whole NAL units with start codes before each. */
  #byteStream(bytes: Buffer, start: number, end: number): void {
    const payload = bytes.subarray(start, end);
    let at = payload.indexOf(START_CODE);
    if (at < 0) this.ignored++;
    while (at >= 0) {
      const from = at + START_CODE.length;
      at = payload.indexOf(START_CODE, from);
      let to = at < 0 ? payload.length : at;
      while (to > from && payload[to - 1] === 0) to--;
      if (to - from > 1) this.#units.nal(payload, from, to);
    }
  }
}
