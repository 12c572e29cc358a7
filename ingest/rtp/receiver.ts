import type { Timeline } from './timeline.ts';
import { WallClock } from './wall-clock.ts';

const HEADER_BYTES = 12;
const EXTENSION_HEADER_BYTES = 4;
/** A sequence number this far behind is an old packet come late, RFC 3550 §A.1; further, the sender began anew. */
const MAX_MISORDER = 100;
/** The wall clock and the monotonic one do not part by so much between two pictures unless one is set. */
const CLOCK_SET_MS = 250;

/** Takes apart the payload of a packet, `bytes[start, end)`. */
export interface PayloadReader {
  receive(bytes: Buffer, start: number, end: number): void;
}

/** What the packets of one timestamp are to. */
export interface UnitConsumer {
  /** Packets of another timestamp follow, at `ticks` of the run's timeline. */
  begin(ticks: number): void;
  /** See AccessUnits. */
  lost(insideUnit: boolean, between: boolean, packets: number): void;
  end(): void;
  /** The stream is over. */
  close(): void;
}

/**
 * Receives the RTP packets of one track over a transport that keeps order (RFC 3550 §5.1): finds lost ones,
 * places timestamps, tells units apart. `receive` is called for every packet, so it makes nothing.
 */
export class RtpReceiver {
  packets = 0;
  lostPackets = 0;
  malformed = 0;
  readonly #payloadType: number;
  readonly #payload: PayloadReader;
  readonly #units: UnitConsumer;
  readonly #timeline: Timeline;
  readonly #clock: WallClock;
  readonly #ticksPerMs: number;
  /** The pace of arrivals, by the clock that nobody sets. */
  readonly #pace = new WallClock();
  #wallAheadMs = 0;
  #started = false;
  #sequence = 0;
  #source = 0;
  #timestamp = 0;
  #marked = false;
  /** Policy `markers-lie`. The camera marks packets that do not end a unit, such as every slice. */
  #markersLie = false;

  constructor(options: {
    payloadType: number;
    clockRate: number;
    payload: PayloadReader;
    units: UnitConsumer;
    timeline: Timeline;
    clock: WallClock;
  }) {
    this.#payloadType = options.payloadType;
    this.#payload = options.payload;
    this.#units = options.units;
    this.#timeline = options.timeline;
    this.#clock = options.clock;
    this.#ticksPerMs = options.clockRate / 1000;
  }

  /** RTP timestamp of the latest unit, signed 32 bits; undefined before the first. */
  get timestamp(): number | undefined {
    return this.#started ? this.#timestamp : undefined;
  }

  /**
   * When the packets that follow arrived, Unix ms, and by the clock that nobody sets. Told once a read and not with
   * every packet: as an argument it would be a number made on the heap each time.
   */
  arrivalMs = 0;
  arrivalMonotonicMs = 0;

  /** One packet, `bytes[start, end)`. */
  receive(bytes: Buffer, start: number, end: number): void {
    const first = bytes[start] as number;
    if (end - start < HEADER_BYTES || first >> 6 !== 2) {
      this.malformed++;
      return;
    }
    const second = bytes[start + 1] as number;
    const sequence = ((bytes[start + 2] as number) << 8) | (bytes[start + 3] as number);
    // Signed, both: only compared here, and small integers lie in the object itself.
    const source = bytes.readInt32BE(start + 8);
    if ((second & 0x7f) !== this.#payloadType) {
      // Policy `foreign-payload-types`. Not ours, such as Geovision's type 50; counted with ours by some, by itself by others.
      const next = (this.#sequence + 1) & 0xffff;
      if (this.#started && source === this.#source && sequence === next) this.#sequence = sequence;
      return;
    }
    let payloadStart = start + HEADER_BYTES + (first & 0x0f) * 4;
    if ((first & 0x10) !== 0) {
      payloadStart +=
        payloadStart + EXTENSION_HEADER_BYTES <= end
          ? EXTENSION_HEADER_BYTES + bytes.readUInt16BE(payloadStart + 2) * 4
          : EXTENSION_HEADER_BYTES;
    }
    let payloadEnd = end;
    if ((first & 0x20) !== 0) payloadEnd -= bytes[end - 1] as number;
    if (payloadStart > payloadEnd) {
      this.malformed++;
      return;
    }
    const timestamp = bytes.readInt32BE(start + 4);

    let lost = 0;
    if (this.#started) {
      if (source !== this.#source) {
        lost = 1; // another sender: what was begun will not be finished
      } else {
        const step = (sequence - this.#sequence) & 0xffff;
        if (step === 0 || step > 0xffff - MAX_MISORDER) return; // repeated, or late
        lost = step - 1;
      }
    }
    this.packets++;
    this.lostPackets += lost;
    this.#sequence = sequence;
    this.#source = source;

    if (this.#marked && this.#started && timestamp === this.#timestamp) this.#markersLie = true;
    // After a true marker, what is missing lies between two units; both may be whole, but what follows refers to it.
    if (lost > 0) {
      this.#units.lost(!this.#marked || this.#markersLie, timestamp !== this.#timestamp, lost);
    }
    if (!this.#started || timestamp !== this.#timestamp) {
      if (this.#started) this.#units.end();
      this.#started = true;
      this.#timestamp = timestamp;
      this.#units.begin(this.#place(timestamp >>> 0));
    }
    this.#marked = (second & 0x80) !== 0;
    this.#payload.receive(bytes, payloadStart, payloadEnd);
  }

  /** On the run's timeline, which keeps the pace of arrivals; what was observed of it is for the wall time. */
  #place(timestamp: number): number {
    const monotonicMs = this.arrivalMonotonicMs;
    const ticks = this.#timeline.place(timestamp, monotonicMs);
    const mediaMs = ticks / this.#ticksPerMs;
    this.#pace.observe(mediaMs, monotonicMs);
    this.#timeline.keepPace(this.#pace.lateMs, monotonicMs);
    const setMs = this.arrivalMs - monotonicMs - this.#wallAheadMs;
    this.#wallAheadMs += setMs;
    // Somebody set the gateway's clock; smaller steps are those of time servers.
    if (Math.abs(setMs) > CLOCK_SET_MS) this.#clock.shift(setMs);
    this.#clock.observe(mediaMs, this.arrivalMs);
    return ticks;
  }

  /** The stream ends here: a unit that no marker ended is not whole. */
  finish(): void {
    if (!this.#started) return;
    if (!this.#marked) this.#units.lost(true, false, 1);
    this.#units.close();
  }
}
