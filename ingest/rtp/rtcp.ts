/** RTCP as far as a receiver needs it: RFC 3550 §6. */

const SENDER_REPORT = 200;
const RECEIVER_REPORT = 201;
const SOURCE_DESCRIPTION = 202;
const HEADER_BYTES = 4;
const SENDER_REPORT_BYTES = 28;
const RECEIVER_REPORT_BYTES = 32;
/** Seconds from 1900 (NTP) to 1970 (Unix), RFC 3550 §4. */
const NTP_TO_UNIX_SECONDS = 2_208_988_800;
/** The most significant bit of NTP seconds has been set since 1968; without it they count from 2036, RFC 5905 §6. */
const NTP_ERA_SECONDS = 0x1_0000_0000;
/** Packets looked at in one compound packet; real ones hold two or three. */
const MAX_PACKETS = 16;

/** What a sender says of its clocks: at this moment of its wall clock, its RTP timestamp was this. */
export interface SenderReport {
  source: number;
  /** Unix ms by the sender's clock, which may be anything. */
  wallMs: number;
  rtpTimestamp: number;
  /** The middle 32 bits of its NTP timestamp, to be named in the next report. */
  middle: number;
}

/**
 * The sender report in a compound packet `bytes[start, end)`, the last of several; undefined without one. What is
 * malformed is passed over.
 */
export function senderReportIn(
  bytes: Buffer,
  start: number,
  end: number,
): SenderReport | undefined {
  let found: SenderReport | undefined;
  let at = start;
  for (let packets = 0; packets < MAX_PACKETS && at + HEADER_BYTES <= end; packets++) {
    if ((bytes[at] as number) >> 6 !== 2) break;
    const report = at;
    at += (bytes.readUInt16BE(report + 2) + 1) * 4;
    if (bytes[report + 1] === SENDER_REPORT && at <= end && at - report >= SENDER_REPORT_BYTES) {
      const seconds = bytes.readUInt32BE(report + 8);
      const fraction = bytes.readUInt32BE(report + 12);
      // Policy `no-clock`: a sender without one says 0 (RFC 3550 §6.4.1).
      if (seconds === 0) continue;
      const era = seconds < 0x8000_0000 ? NTP_ERA_SECONDS : 0;
      found = {
        source: bytes.readUInt32BE(report + 4),
        wallMs: (seconds + era - NTP_TO_UNIX_SECONDS) * 1000 + (fraction / 0x1_0000_0000) * 1000,
        rtpTimestamp: bytes.readUInt32BE(report + 16),
        middle: bytes.readUInt32BE(report + 10),
      };
    }
  }
  return found;
}

/** What a receiver saw of one source; RFC 3550 §A.3 and §A.8. */
export class ReceptionStatistics {
  source = 0;
  #first = 0;
  #highest = 0;
  /** Times that the 16-bit sequence number came round. */
  #cycles = 0;
  #received = 0;
  #started = false;
  #expectedBefore = 0;
  #receivedBefore = 0;
  #transitTicks = 0;
  #jitterTicks = 0;
  #report: { middle: number; atMs: number } | undefined;
  readonly #ticksPerMs: number;

  constructor(clockRate: number) {
    this.#ticksPerMs = clockRate / 1000;
  }

  /** One RTP packet; `nowMs` is monotonic. */
  packet(bytes: Buffer, nowMs: number): void {
    const source = bytes.readUInt32BE(8);
    const sequence = bytes.readUInt16BE(2);
    const transit = nowMs * this.#ticksPerMs - bytes.readUInt32BE(4);
    if (!this.#started || source !== this.source) {
      this.source = source;
      this.#started = true;
      this.#first = this.#highest = sequence;
      this.#cycles = this.#received = this.#expectedBefore = this.#receivedBefore = 0;
      this.#jitterTicks = 0;
      this.#transitTicks = transit;
    } else {
      const step = (sequence - this.#highest) & 0xffff;
      if (step < 0x8000) {
        if (sequence < this.#highest) this.#cycles++;
        this.#highest = sequence;
      }
      // A timestamp that came round moves the transit by 2^32: no jitter.
      const difference = Math.abs(transit - this.#transitTicks);
      this.#transitTicks = transit;
      if (difference < 0x8000_0000) this.#jitterTicks += (difference - this.#jitterTicks) / 16;
    }
    this.#received++;
  }

  senderReport(report: SenderReport, nowMs: number): void {
    this.#report = { middle: report.middle, atMs: nowMs };
  }

  /** Packets that should have come since the stream began and did not. */
  get lost(): number {
    if (!this.#started) return 0;
    return Math.max(0, this.#expected() - this.#received);
  }

  /** A receiver report with the description that must go with it (§6.4.2, §6.5), or undefined before any packet. */
  receiverReport(ours: number, nowMs: number): Buffer | undefined {
    if (!this.#started) return undefined;
    const expected = this.#expected();
    const expectedNow = expected - this.#expectedBefore;
    const lostNow = expectedNow - (this.#received - this.#receivedBefore);
    this.#expectedBefore = expected;
    this.#receivedBefore = this.#received;
    const fraction =
      expectedNow > 0 && lostNow > 0 ? Math.min(255, (lostNow * 256) / expectedNow) : 0;
    const name = Buffer.from('gateway');
    const descriptionBytes = HEADER_BYTES + 4 + 2 + name.length + 1;
    const padded = (descriptionBytes + 3) & ~3;
    const packet = Buffer.alloc(RECEIVER_REPORT_BYTES + padded);
    packet[0] = 0x81;
    packet[1] = RECEIVER_REPORT;
    packet.writeUInt16BE(RECEIVER_REPORT_BYTES / 4 - 1, 2);
    packet.writeUInt32BE(ours >>> 0, 4);
    packet.writeUInt32BE(this.source, 8);
    packet[12] = fraction;
    packet.writeUIntBE(Math.min(this.lost, 0x7f_ffff), 13, 3);
    packet.writeUInt32BE((this.#cycles * 0x10000 + this.#highest) >>> 0, 16);
    packet.writeUInt32BE(Math.min(0xffff_ffff, Math.round(this.#jitterTicks)), 20);
    if (this.#report !== undefined) {
      packet.writeUInt32BE(this.#report.middle, 24);
      // In units of 1/65536 s.
      const since = Math.max(0, ((nowMs - this.#report.atMs) * 65_536) / 1000);
      packet.writeUInt32BE(Math.min(0xffff_ffff, Math.round(since)), 28);
    }
    const description = packet.subarray(RECEIVER_REPORT_BYTES);
    description[0] = 0x81;
    description[1] = SOURCE_DESCRIPTION;
    description.writeUInt16BE(padded / 4 - 1, 2);
    description.writeUInt32BE(ours >>> 0, 4);
    description[8] = 1; // CNAME
    description[9] = name.length;
    name.copy(description, 10);
    return packet;
  }

  #expected(): number {
    return this.#cycles * 0x10000 + this.#highest - this.#first + 1;
  }
}
