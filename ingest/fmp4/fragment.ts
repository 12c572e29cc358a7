import { FRAME_SAMPLES } from '../aac/audio-config.ts';
import { SOUND_TRACK_ID } from './init.ts';

/**
 * The head of a CMAF chunk: `moof` and the header of its `mdat`, ISO 14496-12 §8.8.
 *
 * One track, one run of samples, data following at once; then, where there is sound, its frames, as a second track and run
 * behind the pictures. Written for every part of every camera, so into a
 * buffer that the caller reuses.
 */

/** Samples in a part at most; a part that reaches it is closed early. */
export const MAX_PART_SAMPLES = 128;

/**
 * Samples of the part being built, SAMPLE_FIELDS numbers each, so that one lies in one cache line: bytes, duration
 * (ticks), presentation minus decoding time (ticks), 1 for a random access point.
 */
export interface SampleTable {
  count: number;
  fields: Int32Array;
}

export const SAMPLE_FIELDS = 4;
export const SAMPLE_BYTES = 0;
export const SAMPLE_DURATION = 1;
export const SAMPLE_OFFSET = 2;
export const SAMPLE_RANDOM_ACCESS = 3;

const MOOF_FIXED_BYTES = 8 + 16 + 8 + 16 + 20 + 20;
const MDAT_HEADER_BYTES = 8;
const SAMPLE_BYTES_MAX = 16;

const DEFAULT_BASE_IS_MOOF = 0x020000;
const TRUN_DATA_OFFSET = 0x000001;
const TRUN_DURATION = 0x000100;
const TRUN_SIZE = 0x000200;
const TRUN_FLAGS = 0x000400;
const TRUN_COMPOSITION = 0x000800;
/** sample_depends_on = 2 (no other): §8.8.3.1. */
const SYNC_SAMPLE = 0x02000000;
/** sample_depends_on = 1, sample_is_non_sync_sample = 1. */
const NON_SYNC_SAMPLE = 0x01010000;

const SOUND_FIXED_BYTES = 8 + 20 + 20 + 20;
const DEFAULT_DURATION = 0x000008;

/** Room that a part of `samples` samples needs in front of its media, and `frames` frames of sound. */
export function fragmentHeaderRoom(samples: number, frames = 0): number {
  const sound = frames === 0 ? 0 : SOUND_FIXED_BYTES + frames * 4;
  return MOOF_FIXED_BYTES + samples * SAMPLE_BYTES_MAX + sound + MDAT_HEADER_BYTES;
}

/** The sound that stands behind the pictures of a part. */
export interface PartSound {
  /** Frames, and bytes of all. */
  frames: number;
  byteLength: number;
  decodeTime: number;
  size(frame: number): number;
}

/**
 * Writes the head into `into` and returns its length in bytes.
 * `decodeTicks` is the decode time of the first sample (`tfdt`), `mediaBytes` the length of what follows.
 */
export function writeFragmentHeader(
  into: Buffer,
  sequenceNumber: number,
  decodeTicks: number,
  samples: SampleTable,
  mediaBytes: number,
  sound?: PartSound,
): number {
  const { fields } = samples;
  const end = samples.count * SAMPLE_FIELDS;
  let composed = false;
  for (let i = 0; i < end; i += SAMPLE_FIELDS) {
    if (fields[i + SAMPLE_OFFSET] !== 0) composed = true;
  }
  const perSample = 12 + (composed ? 4 : 0);
  const trunBytes = 20 + samples.count * perSample;
  const trafBytes = 8 + 16 + 20 + trunBytes;
  const soundBytes = sound === undefined ? 0 : SOUND_FIXED_BYTES + sound.frames * 4;
  const moofBytes = 8 + 16 + trafBytes + soundBytes;

  let at = 0;
  at = head(into, at, moofBytes, MOOF);
  at = head(into, at, 16, MFHD);
  at = into.writeUInt32BE(0, at);
  at = into.writeUInt32BE(sequenceNumber >>> 0, at);
  at = head(into, at, trafBytes, TRAF);
  at = head(into, at, 16, TFHD);
  at = into.writeUInt32BE(DEFAULT_BASE_IS_MOOF, at);
  at = into.writeUInt32BE(1, at);
  at = head(into, at, 20, TFDT);
  at = into.writeUInt32BE(0x01000000, at);
  at = into.writeUInt32BE(Math.floor(decodeTicks / 0x100000000), at);
  at = into.writeUInt32BE(decodeTicks % 0x100000000, at);
  at = head(into, at, trunBytes, TRUN);
  // Version 1: composition offsets are signed.
  at = into.writeUInt32BE(
    0x01000000 |
      TRUN_DATA_OFFSET |
      TRUN_DURATION |
      TRUN_SIZE |
      TRUN_FLAGS |
      (composed ? TRUN_COMPOSITION : 0),
    at,
  );
  at = into.writeUInt32BE(samples.count, at);
  at = into.writeUInt32BE(moofBytes + MDAT_HEADER_BYTES, at);
  for (let i = 0; i < end; i += SAMPLE_FIELDS) {
    at = into.writeUInt32BE(fields[i + SAMPLE_DURATION] as number, at);
    at = into.writeUInt32BE(fields[i + SAMPLE_BYTES] as number, at);
    const sync = fields[i + SAMPLE_RANDOM_ACCESS] === 1;
    at = into.writeUInt32BE(sync ? SYNC_SAMPLE : NON_SYNC_SAMPLE, at);
    if (composed) at = into.writeInt32BE(fields[i + SAMPLE_OFFSET] as number, at);
  }
  if (sound !== undefined) {
    at = writeSound(into, at, soundBytes, sound, moofBytes + MDAT_HEADER_BYTES + mediaBytes);
  }
  return head(into, at, MDAT_HEADER_BYTES + mediaBytes + (sound?.byteLength ?? 0), MDAT);
}

function writeSound(
  into: Buffer,
  start: number,
  trafBytes: number,
  sound: PartSound,
  dataOffset: number,
): number {
  let at = head(into, start, trafBytes, TRAF);
  at = head(into, at, 20, TFHD);
  at = into.writeUInt32BE(DEFAULT_BASE_IS_MOOF | DEFAULT_DURATION, at);
  at = into.writeUInt32BE(SOUND_TRACK_ID, at);
  at = into.writeUInt32BE(FRAME_SAMPLES, at);
  at = head(into, at, 20, TFDT);
  at = into.writeUInt32BE(0x01000000, at);
  at = into.writeUInt32BE(Math.floor(sound.decodeTime / 0x100000000), at);
  at = into.writeUInt32BE(sound.decodeTime % 0x100000000, at);
  at = head(into, at, 20 + sound.frames * 4, TRUN);
  at = into.writeUInt32BE(TRUN_DATA_OFFSET | TRUN_SIZE, at);
  at = into.writeUInt32BE(sound.frames, at);
  at = into.writeUInt32BE(dataOffset, at);
  for (let i = 0; i < sound.frames; i++) at = into.writeUInt32BE(sound.size(i), at);
  return at;
}

const MOOF = fourcc('moof');
const MFHD = fourcc('mfhd');
const TRAF = fourcc('traf');
const TFHD = fourcc('tfhd');
const TFDT = fourcc('tfdt');
const TRUN = fourcc('trun');
const MDAT = fourcc('mdat');

function head(into: Buffer, at: number, size: number, type: number): number {
  into.writeUInt32BE(size, at);
  return into.writeUInt32BE(type, at + 4);
}

function fourcc(name: string): number {
  return Buffer.from(name, 'latin1').readUInt32BE(0);
}
