/** Takes a frame: `bytes[start, end)`, shown at `ticks` of the track's own clock. */
export type FrameConsumer = (bytes: Buffer, start: number, end: number, ticks: number) => void;

/** Lengths in AU headers, RFC 3640 §4.1; bits. */
export interface AuHeaderLengths {
  size: number;
  index: number;
  indexDelta: number;
}

/** How frames stand in packets: AU headers of RFC 3640, or LATM of RFC 6416 with its config in the description. */
export type AacFraming = { kind: 'generic'; lengths: AuHeaderLengths } | { kind: 'latm' };

/** A frame of AAC-LC is at most 6144 bits a channel, ISO 14496-3 §4.5.3.2; here with room. */
const MAX_FRAME_BYTES = 4096;
const MAX_FRAMES_A_PACKET = 32;

/**
 * Takes AAC frames out of RTP packets; a consumer of RtpReceiver like AccessUnits, one unit being all packets of a
 * timestamp. A frame of several packets is put together; one that lost a packet is dropped and counted.
 */
export class AacPayload {
  dropped = 0;
  readonly #framing: AacFraming;
  readonly #frameTicks: number;
  readonly #frame: FrameConsumer;
  #ticks = 0;
  #frames = 0;
  #broken = false;
  readonly #partial = Buffer.allocUnsafe(MAX_FRAME_BYTES);
  #partialBytes = 0;

  constructor(options: { framing: AacFraming; frameTicks: number; frame: FrameConsumer }) {
    this.#framing = options.framing;
    this.#frameTicks = options.frameTicks;
    this.#frame = options.frame;
  }

  begin(ticks: number): void {
    this.#ticks = ticks;
    this.#frames = 0;
    this.#partialBytes = 0;
    this.#broken = false;
  }

  lost(insideUnit: boolean): void {
    if (!insideUnit) return;
    this.#broken = true;
    this.#partialBytes = 0;
    this.dropped++;
  }

  end(): void {
    this.#partialBytes = 0;
  }

  close(): void {
    this.#partialBytes = 0;
  }

  receive(bytes: Buffer, start: number, end: number): void {
    if (this.#framing.kind === 'generic') this.#generic(bytes, start, end, this.#framing.lengths);
    else this.#latm(bytes, start, end);
  }

  /** AU-headers-length, AU headers, access units or a part of one: RFC 3640 §3.2. */
  #generic(bytes: Buffer, start: number, end: number, lengths: AuHeaderLengths): void {
    if (start + 2 > end) return;
    const headerBits = bytes.readUInt16BE(start);
    const headers = start + 2;
    let data = headers + Math.ceil(headerBits / 8);
    if (data > end) return;
    let bit = 0;
    for (let frame = 0; frame < MAX_FRAMES_A_PACKET && bit < headerBits; frame++) {
      const size = bitsAt(bytes, headers, bit, lengths.size);
      bit += lengths.size + (frame === 0 ? lengths.index : lengths.indexDelta);
      if (bit > headerBits || size === 0) return;
      if (data + size > end) {
        // The whole frame's size stands in each of its packets.
        if (frame === 0) this.#piece(bytes, data, end, size);
        return;
      }
      this.#whole(bytes, data, data + size);
      data += size;
    }
  }

  /** PayloadLengthInfo and payload of one frame, ISO 14496-3 §1.7.3; maybe in several packets. */
  #latm(bytes: Buffer, start: number, end: number): void {
    if (this.#broken || this.#partialBytes + end - start > MAX_FRAME_BYTES) {
      this.#partialBytes = 0;
      return;
    }
    bytes.copy(this.#partial, this.#partialBytes, start, end);
    this.#partialBytes += end - start;
    let size = 0;
    let at = 0;
    while (at < this.#partialBytes && this.#partial[at] === 0xff) {
      size += 255;
      at++;
    }
    size += this.#partial[at++] ?? 0;
    if (at > this.#partialBytes || at + size > this.#partialBytes) return;
    if (size > 0) this.#whole(this.#partial, at, at + size);
    this.#partialBytes = 0;
  }

  #piece(bytes: Buffer, start: number, end: number, size: number): void {
    if (this.#broken || size > MAX_FRAME_BYTES || this.#partialBytes + end - start > size) {
      this.#partialBytes = 0;
      return;
    }
    bytes.copy(this.#partial, this.#partialBytes, start, end);
    this.#partialBytes += end - start;
    if (this.#partialBytes < size) return;
    this.#whole(this.#partial, 0, size);
    this.#partialBytes = 0;
  }

  #whole(bytes: Buffer, start: number, end: number): void {
    if (end - start > MAX_FRAME_BYTES) return;
    this.#frame(bytes, start, end, this.#ticks + this.#frames++ * this.#frameTicks);
  }
}

function bitsAt(bytes: Buffer, from: number, bit: number, count: number): number {
  let value = 0;
  for (let i = bit; i < bit + count; i++) {
    value = value * 2 + (((bytes[from + (i >> 3)] ?? 0) >> (7 - (i & 7))) & 1);
  }
  return value;
}
