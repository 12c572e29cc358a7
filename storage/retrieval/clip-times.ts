import { BOX_HEADER_BYTES, boxesIn, boxesOf, BoxesNotReadable, type Box } from './boxes.ts';
import { timescales } from './init-tracks.ts';

/**
 * A clip's times begin at zero. A run's decode times go on for as long as its camera does, and what plays a file takes
 * the last of them for its length: ten seconds of a camera that has run since yesterday would be a file of a day. So each
 * fragment's times are set back while it is sent; nothing else in it changes.
 */
export interface SetBack {
  /** Where the clip's zero lies on the run's timeline. */
  seconds: number;
  /** The same in ticks of each track, by track_ID. */
  ticks: ReadonlyMap<number, number>;
}

/** `prft` and `moof` of a part, which holds at most 128 pictures and their sound: some 4 KB. */
export const MAX_HEAD_BYTES = 64 * 1024;

/**
 * By what a clip is set back, so that the earliest of its tracks begins at zero. `head`: its first fragment, or
 * MAX_HEAD_BYTES of it; where that is damaged, `decodeSeconds` is what its index says of it. Throws BoxesNotReadable for
 * an init segment that cannot be read.
 */
export function setBackOf(init: Buffer, head: Buffer, decodeSeconds: number): SetBack {
  const scales = timescales(init);
  const seconds = Math.min(decodeSeconds, ...beginsIn(head, scales));
  const ticks = new Map([...scales].map(([track, scale]) => [track, Math.floor(seconds * scale)]));
  return { seconds, ticks };
}

/** Seconds, of each track that the head tells of; none where it cannot be read. */
function beginsIn(head: Buffer, scales: ReadonlyMap<number, number>): number[] {
  try {
    return timesIn(head.subarray(0, headLength(head) ?? 0)).flatMap(({ track, time }) => {
      const scale = scales.get(track);
      return scale === undefined ? [] : [readTime(time) / scale];
    });
  } catch (error) {
    if (error instanceof BoxesNotReadable) return [];
    throw error;
  }
}

/** Sets back the times of a fragment's head, in place. A head that cannot be read stays as it is: what plays the file passes over it. */
export function setBackHead(head: Buffer, { ticks }: SetBack): void {
  try {
    for (const { track, time } of timesIn(head)) {
      writeTime(time, Math.max(0, readTime(time) - (ticks.get(track) ?? 0)));
    }
  } catch (error) {
    if (!(error instanceof BoxesNotReadable)) throw error;
  }
}

/** Bytes to the end of a fragment's `moof`; undefined: more is needed to tell; 0: there is none. */
export function headLength(bytes: Buffer): number | undefined {
  for (let at = 0; at < MAX_HEAD_BYTES;) {
    if (bytes.length < at + BOX_HEADER_BYTES) return undefined;
    const size = bytes.readUInt32BE(at);
    const type = bytes.toString('latin1', at + 4, at + 8);
    if (size < BOX_HEADER_BYTES || at + size > MAX_HEAD_BYTES || type === 'mdat') return 0;
    at += size;
    if (type === 'moof') return bytes.length < at ? undefined : at;
  }
  return 0;
}

/** A time on the timeline of a track: a view of its four or eight bytes. */
interface TrackTime {
  track: number;
  time: Buffer;
}

/** `prft` (§8.16.5) and every `tfdt` (§8.8.12). Throws BoxesNotReadable. */
function timesIn(head: Buffer): TrackTime[] {
  return boxesOf(head).flatMap(({ type, bytes }) => {
    if (type === 'prft') return [timeOf(bytes, numberAt(bytes, 12), 24)];
    if (type !== 'moof') return [];
    return boxesIn(bytes)
      .filter((each) => each.type === 'traf')
      .flatMap(timesOfTrack);
  });
}

function timesOfTrack(traf: Box): TrackTime[] {
  const boxes = boxesIn(traf.bytes);
  const header = boxes.find(({ type }) => type === 'tfhd');
  if (header === undefined) throw new BoxesNotReadable('a fragment names no track');
  const track = numberAt(header.bytes, 12);
  return boxes.filter(({ type }) => type === 'tfdt').map(({ bytes }) => timeOf(bytes, track, 12));
}

/** In version 1 of both boxes the time takes eight bytes, else four. */
function timeOf(bytes: Buffer, track: number, at: number): TrackTime {
  const end = at + (bytes[BOX_HEADER_BYTES] === 1 ? 8 : 4);
  if (bytes.length < end) throw new BoxesNotReadable('a box is cut short');
  return { track, time: bytes.subarray(at, end) };
}

function numberAt(bytes: Buffer, at: number): number {
  if (bytes.length < at + 4) throw new BoxesNotReadable('a box is cut short');
  return bytes.readUInt32BE(at);
}

function readTime(time: Buffer): number {
  if (time.length === 4) return time.readUInt32BE(0);
  return time.readUInt32BE(0) * 0x1_0000_0000 + time.readUInt32BE(4);
}

function writeTime(time: Buffer, ticks: number): void {
  if (time.length === 8) time.writeUInt32BE(Math.floor(ticks / 0x1_0000_0000), 0);
  time.writeUInt32BE(ticks % 0x1_0000_0000, time.length - 4);
}
