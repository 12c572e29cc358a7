import { contentLength, MalformedReply } from './message.ts';

/** `$`, the first byte of a frame; RFC 2326 §10.12. */
const DOLLAR = 0x24;
const FRAME_HEADER_BYTES = 4;
const MAX_HEAD_BYTES = 16 * 1024;
const MAX_BODY_BYTES = 256 * 1024;
/** Bytes passed over in search of a frame before the connection is given up. */
const MAX_GARBAGE_BYTES = 1024 * 1024;
const FIRST_CARRY_BYTES = 2048;
const END_OF_HEAD = Buffer.from('\r\n\r\n');
const RTSP_NAME = Buffer.from('RTSP/');
/** `RTSP/1.0` */
const RTSP_VERSION_BYTES = 8;
const SPACE = 0x20;

export interface InterleavedConsumer {
  /** A frame's payload, `bytes[start, end)`; valid during the call only. */
  frame(channel: number, bytes: Buffer, start: number, end: number): void;
  /** A reply's head and body. */
  message(head: string, body: Buffer): void;
}

/** The peer sends nothing that can be understood. */
export class NotRtsp extends Error {
  readonly code = 'not_rtsp';
}

/**
 * Tells apart what comes on one RTSP connection: interleaved frames (RFC 2326 §10.12) and replies.
 *
 * Frames are handed on where they lie in the read buffer; only one that a read cut in two is copied. Bytes that are
 * neither are passed over until something plausible begins, and counted (policy `garbage-between-frames`). Throws NotRtsp, MalformedReply.
 */
export class InterleavedReader {
  garbageBytes = 0;
  readonly #consumer: InterleavedConsumer;
  /** Policy `frames-of-another-session`. Channels beyond this are not ours; a frame on one is passed over. */
  highestChannel = 1;
  #carry = Buffer.allocUnsafe(FIRST_CARRY_BYTES);
  #carried = 0;
  #garbageSinceFrame = 0;

  constructor(consumer: InterleavedConsumer) {
    this.#consumer = consumer;
  }

  feed(bytes: Buffer, start: number, end: number): void {
    let at = start;
    if (this.#carried > 0) {
      at = this.#completeCarried(bytes, start, end);
      if (at < 0) return;
    }
    at = this.#readAll(bytes, at, end);
    if (at < end) this.#carryOn(bytes, at, end);
  }

  /** Goes on with what the last read cut. Returns where `bytes` goes on, or -1 when it was used up. */
  #completeCarried(bytes: Buffer, start: number, end: number): number {
    if (this.#carry[0] !== DOLLAR) {
      // A reply, or garbage, cut in two: rare, so joined and read anew.
      const joined = Buffer.concat([
        this.#carry.subarray(0, this.#carried),
        bytes.subarray(start, end),
      ]);
      this.#carried = 0;
      const rest = this.#readAll(joined, 0, joined.length);
      if (rest < joined.length) this.#carryOn(joined, rest, joined.length);
      return -1;
    }
    let at = start;
    // The header and the byte after it tell whether this is a frame: to wait for the whole of what is none would
    // hold back all that follows.
    while (this.#carried <= FRAME_HEADER_BYTES) {
      if (this.#carried === FRAME_HEADER_BYTES && this.#carry.readUInt16BE(2) === 0) break;
      if (at === end) return -1;
      this.#carry[this.#carried++] = bytes[at++] as number;
    }
    if (!this.#isFrame(this.#carry, 0, this.#carried)) {
      // Its first byte is garbage, the rest is read anew.
      const joined = Buffer.concat([
        this.#carry.subarray(1, this.#carried),
        bytes.subarray(at, end),
      ]);
      this.#carried = 0;
      this.#countGarbage(1);
      const rest = this.#readAll(joined, 0, joined.length);
      if (rest < joined.length) this.#carryOn(joined, rest, joined.length);
      return -1;
    }
    const frameEnd = FRAME_HEADER_BYTES + this.#carry.readUInt16BE(2);
    this.#reserve(frameEnd);
    const length = Math.min(frameEnd - this.#carried, end - at);
    bytes.copy(this.#carry, this.#carried, at, at + length);
    this.#carried += length;
    at += length;
    if (this.#carried < frameEnd) return -1;
    this.#carried = 0;
    this.#frame(this.#carry, 0, frameEnd);
    return at;
  }

  /** Hands on all that is whole; returns where the unfinished rest begins. */
  #readAll(bytes: Buffer, start: number, end: number): number {
    let at = start;
    while (at < end) {
      if (bytes[at] === DOLLAR) {
        if (end - at < FRAME_HEADER_BYTES) return at;
        const frameEnd =
          at + FRAME_HEADER_BYTES + (((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number));
        if (!this.#isFrame(bytes, at, end)) {
          this.#countGarbage(1);
          at++;
          continue;
        }
        if (frameEnd > end) return at;
        this.#frame(bytes, at, frameEnd);
        at = frameEnd;
      } else if (startsReply(bytes, at, end)) {
        const next = this.#message(bytes, at, end);
        if (next < 0) return at;
        at = next;
      } else {
        const next = nextPlausible(bytes, at + 1, end);
        this.#countGarbage(next - at);
        at = next;
      }
    }
    return at;
  }

  /** On a channel of ours, RTP and RTCP both begin with version 2 (RFC 3550 §5.1, §6.4.1). */
  #isFrame(bytes: Buffer, at: number, end: number): boolean {
    const channel = bytes[at + 1] as number;
    if (channel > this.highestChannel) return this.#garbageSinceFrame === 0 && channel < 32;
    const length = bytes.readUInt16BE(at + 2);
    if (length === 0) return true;
    return at + FRAME_HEADER_BYTES >= end || (bytes[at + FRAME_HEADER_BYTES] as number) >> 6 === 2;
  }

  #frame(bytes: Buffer, at: number, frameEnd: number): void {
    this.#garbageSinceFrame = 0;
    const channel = bytes[at + 1] as number;
    if (channel <= this.highestChannel) {
      this.#consumer.frame(channel, bytes, at + FRAME_HEADER_BYTES, frameEnd);
    }
  }

  /** Returns where the message ends, or -1 while it is not whole. */
  #message(bytes: Buffer, at: number, end: number): number {
    const headEnd = bytes.subarray(at, end).indexOf(END_OF_HEAD);
    if (headEnd < 0) {
      if (end - at > MAX_HEAD_BYTES) throw new MalformedReply('the head of a reply does not end');
      return -1;
    }
    if (headEnd > MAX_HEAD_BYTES) throw new MalformedReply('the head of a reply is too long');
    const head = bytes.toString('latin1', at, at + headEnd);
    const bodyStart = at + headEnd + END_OF_HEAD.length;
    const bodyLength = contentLength(head);
    if (bodyLength > MAX_BODY_BYTES) throw new MalformedReply('the body of a reply is too long');
    if (bodyStart + bodyLength > end) return -1;
    this.#garbageSinceFrame = 0;
    this.#consumer.message(head, bytes.subarray(bodyStart, bodyStart + bodyLength));
    return bodyStart + bodyLength;
  }

  #carryOn(bytes: Buffer, at: number, end: number): void {
    this.#reserve(end - at);
    bytes.copy(this.#carry, 0, at, end);
    this.#carried = end - at;
  }

  /** Bound: a frame (64 KB), or a head and a body. */
  #reserve(length: number): void {
    if (length <= this.#carry.length) return;
    const larger = Buffer.allocUnsafe(Math.max(length, this.#carry.length * 2));
    this.#carry.copy(larger, 0, 0, this.#carried);
    this.#carry = larger;
  }

  #countGarbage(bytes: number): void {
    this.garbageBytes += bytes;
    this.#garbageSinceFrame += bytes;
    if (this.#garbageSinceFrame > MAX_GARBAGE_BYTES) {
      throw new NotRtsp('a megabyte without a frame or a reply');
    }
  }
}

/**
 * A reply, or as much of its first word as has come. Policy `camera-asks`: in a request of the camera's own, which is passed over, the
 * version ends the line: no space follows it.
 */
function startsReply(bytes: Buffer, at: number, end: number): boolean {
  const length = Math.min(RTSP_NAME.length, end - at);
  if (bytes.compare(RTSP_NAME, 0, length, at, at + length) !== 0) return false;
  const versionEnd = at + RTSP_VERSION_BYTES;
  return versionEnd >= end || bytes[versionEnd] === SPACE;
}

function nextPlausible(bytes: Buffer, start: number, end: number): number {
  for (let at = start; at < end; at++) {
    if (bytes[at] === DOLLAR) return at;
    if (bytes[at] === RTSP_NAME[0] && startsReply(bytes, at, end)) return at;
  }
  return end;
}
