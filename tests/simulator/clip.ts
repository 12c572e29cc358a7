/**
 * A clip that is played in a loop to all: packetised to RTP once, when it is loaded. Each picture is kept as one
 * buffer of interleaved frames (RFC 2326 §10.12), so that playing it is a copy, a stamp and one write.
 */
import { readFileSync } from 'node:fs';
import { isParameterSet, parameterSets, readPictures } from './annex-b.ts';

export const PAYLOAD_TYPE = 96;
export const TICKS_PER_SECOND = 90_000;
/** Payload bytes of a packet at most, so that it would fit an Ethernet frame. */
const MAX_PAYLOAD_BYTES = 1400;
const FRAME_HEADER_BYTES = 4;
const RTP_HEADER_BYTES = 12;
const STAP_A = 24;
const FU_A = 28;

export interface ClipSource {
  /** An Annex B byte stream without B-frames. */
  path: string;
  /** At what rate it is played, whatever it was recorded at. */
  framesPerSecond: number;
}

/** One picture as it leaves: interleaved frames one after another, and where each begins. */
export interface PacketisedPicture {
  bytes: Buffer;
  frameStarts: readonly number[];
}

export interface Clip {
  framesPerSecond: number;
  sps: Buffer;
  pps: Buffer;
  /** Sequence numbers and timestamps are still zero. */
  pictures: readonly (PacketisedPicture & { randomAccess: boolean })[];
  /** Packets before each picture of the clip. */
  packetsBefore: readonly number[];
  packets: number;
  /** Indices of the pictures at which decoding can begin, ascending; the first is 0. */
  randomAccessPoints: readonly number[];
}

/** Reads and packetises a clip (RFC 6184 §5.6-5.8). Throws UnplayableClip. */
export function loadClip(source: ClipSource, synchronisationSource: number): Clip {
  const pictures = readPictures(readFileSync(source.path));
  const first = pictures[0];
  if (first === undefined) throw new RangeError('a clip without pictures');
  const packetised = pictures.map(({ nalUnits, randomAccess }) => ({
    ...frame(payloads(nalUnits), synchronisationSource),
    randomAccess,
  }));
  const packetsBefore: number[] = [];
  let packets = 0;
  for (const picture of packetised) {
    packetsBefore.push(packets);
    packets += picture.frameStarts.length;
  }
  return {
    framesPerSecond: source.framesPerSecond,
    ...parameterSets(first),
    pictures: packetised,
    packetsBefore,
    packets,
    randomAccessPoints: packetised.flatMap((picture, index) =>
      picture.randomAccess ? [index] : [],
    ),
  };
}

/** A copy of picture `index` with its place in an RTP stream written in; both wrap (RFC 3550 §5.1). */
export function stampPicture(
  clip: Clip,
  index: number,
  sequence: number,
  timestamp: number,
): PacketisedPicture {
  const picture = clip.pictures[index];
  if (picture === undefined) throw new RangeError(`no picture ${index}`);
  const bytes = Buffer.allocUnsafe(picture.bytes.length);
  picture.bytes.copy(bytes);
  let number = sequence;
  for (const start of picture.frameStarts) {
    bytes.writeUInt16BE(number & 0xffff, start + FRAME_HEADER_BYTES + 2);
    bytes.writeUInt32BE(timestamp >>> 0, start + FRAME_HEADER_BYTES + 4);
    number++;
  }
  return { bytes, frameStarts: picture.frameStarts };
}

/** The same picture without the packets for which `lost` is true; it may end up empty. */
export function losePackets(
  picture: PacketisedPicture,
  lost: (packet: number) => boolean,
): PacketisedPicture {
  const { bytes, frameStarts } = picture;
  const kept: Buffer[] = [];
  const starts: number[] = [];
  let length = 0;
  for (const [packet, start] of frameStarts.entries()) {
    if (lost(packet)) continue;
    const frame = bytes.subarray(start, frameStarts[packet + 1] ?? bytes.length);
    kept.push(frame);
    starts.push(length);
    length += frame.length;
  }
  return { bytes: Buffer.concat(kept, length), frameStarts: starts };
}

/** The same picture on another interleaved channel. */
export function onChannel(picture: PacketisedPicture, channel: number): PacketisedPicture {
  if (channel === 0) return picture;
  const bytes = Buffer.from(picture.bytes);
  for (const start of picture.frameStarts) bytes[start + 1] = channel;
  return { bytes, frameStarts: picture.frameStarts };
}

/** RTP payloads of one picture: parameter sets together (STAP-A), large units in fragments (FU-A), the rest single. */
function payloads(nalUnits: readonly Buffer[]): Buffer[] {
  const all: Buffer[] = [];
  const sets = nalUnits.filter(isParameterSet);
  if (sets.length > 0) all.push(aggregate(sets));
  for (const nalUnit of nalUnits) {
    if (isParameterSet(nalUnit)) continue;
    if (nalUnit.length <= MAX_PAYLOAD_BYTES) all.push(nalUnit);
    else all.push(...fragment(nalUnit));
  }
  return all;
}

/** RFC 6184 §5.7.1. */
function aggregate(nalUnits: readonly Buffer[]): Buffer {
  const importance = Math.max(...nalUnits.map((nalUnit) => (nalUnit[0] ?? 0) & 0x60));
  const parts = nalUnits.flatMap((nalUnit) => {
    const size = Buffer.alloc(2);
    size.writeUInt16BE(nalUnit.length);
    return [size, nalUnit];
  });
  return Buffer.concat([Buffer.from([importance | STAP_A]), ...parts]);
}

/** RFC 6184 §5.8. */
function fragment(nalUnit: Buffer): Buffer[] {
  const header = nalUnit[0] ?? 0;
  const step = MAX_PAYLOAD_BYTES - 2;
  const fragments: Buffer[] = [];
  for (let at = 1; at < nalUnit.length; at += step) {
    const start = at === 1 ? 0x80 : 0;
    const end = at + step >= nalUnit.length ? 0x40 : 0;
    const indicator = Buffer.from([(header & 0xe0) | FU_A, start | end | (header & 0x1f)]);
    fragments.push(Buffer.concat([indicator, nalUnit.subarray(at, at + step)]));
  }
  return fragments;
}

/** Puts each payload behind an RTP header and an interleaved frame header; the last has the marker. */
function frame(all: readonly Buffer[], synchronisationSource: number): PacketisedPicture {
  const frameStarts: number[] = [];
  const parts: Buffer[] = [];
  let length = 0;
  for (const [index, payload] of all.entries()) {
    const header = Buffer.alloc(FRAME_HEADER_BYTES + RTP_HEADER_BYTES);
    header[0] = 0x24;
    header.writeUInt16BE(RTP_HEADER_BYTES + payload.length, 2);
    header[FRAME_HEADER_BYTES] = 0x80;
    header[FRAME_HEADER_BYTES + 1] = PAYLOAD_TYPE | (index === all.length - 1 ? 0x80 : 0);
    header.writeUInt32BE(synchronisationSource, FRAME_HEADER_BYTES + 8);
    parts.push(header, payload);
    frameStarts.push(length);
    length += header.length + payload.length;
  }
  return { bytes: Buffer.concat(parts, length), frameStarts };
}
