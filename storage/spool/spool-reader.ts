import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { LONGEST_RECORDING_MS } from '../catalogue/recordings.ts';
import { MAX_FRAGMENTS, type Fragment } from './fragment-index.ts';
import { FRAGMENT_TIME_BYTES, FRAGMENT_TIME_START, readFragmentTime } from './fragment-time.ts';
import { MAX_HEAD_BYTES, readHead, type ReadHead } from './recording-head.ts';

export interface ReadRecording extends ReadHead {
  /** Whole ones; between two of them there may be bytes that are none. */
  fragments: Fragment[];
  /** The first fragment after each damaged place, by its place among `fragments`. */
  afterDamage: ReadonlySet<number>;
  /** Up to the end of the last whole one; what follows is torn. */
  byteLength: number;
  fileBytes: number;
}

const MOOF = 0x6d6f6f66;
const MDAT = 0x6d646174;
const TRAF = 0x74726166;
const TFHD = 0x74666864;
const TFDT = 0x74666474;
const TRUN = 0x7472756e;
const TRACK_ID = 1;
/** Far above the fragment of a part's most samples. */
const MAX_MOOF_BYTES = 256 * 1024;

/** Of a file; at one more the rest is taken for torn. */
const MAX_DAMAGED = 64;
/** Read at once when a damaged place is passed over, or copied. */
const CHUNK_BYTES = 1024 * 1024;

const TRUN_DATA_OFFSET = 0x000001;
const TRUN_FIRST_FLAGS = 0x000004;
const TRUN_DURATION = 0x000100;
const TRUN_SIZE = 0x000200;
const TRUN_FLAGS = 0x000400;
const TRUN_COMPOSITION = 0x000800;
const NON_SYNC_SAMPLE = 0x00010000;

/**
 * Reads from a recording's own bytes what the catalogue would know of it, up to the last whole fragment. A damaged one is passed
 * over (blocks that a power cut kept from the disk while later ones reached it, a disk that fails). Undefined when not even its head is
 * whole: there is no picture in it.
 */
export function readRecording(path: string): ReadRecording | undefined {
  const handle = openSync(path, 'r');
  try {
    const fileBytes = fstatSync(handle).size;
    const first = readAt(handle, 0, Math.min(fileBytes, MAX_HEAD_BYTES));
    const head = readHead(first);
    if (head === undefined) return undefined;
    const fragments: Fragment[] = [];
    const afterDamage = new Set<number>();
    let at = head.headBytes;
    let aroundMs = head.head.startMs;
    while (fragments.length < MAX_FRAGMENTS) {
      let fragment = readFragment(handle, at, fileBytes, aroundMs);
      if (fragment === undefined) {
        if (afterDamage.size >= MAX_DAMAGED) break;
        fragment = fragmentAfter(handle, at, fileBytes, fragments.at(-1) ?? head.head);
        if (fragment === undefined) break;
        afterDamage.add(fragments.length);
      }
      fragments.push(fragment);
      at = fragment.offset + fragment.byteLength;
      aroundMs = fragment.startMs;
    }
    return { ...head, fragments, afterDamage, byteLength: at, fileBytes };
  } finally {
    closeSync(handle);
  }
}

/** Leaves of a file what is whole, and has the disk keep it. Returns what there is then. */
export function keepWhole(path: string, read: ReadRecording): ReadRecording {
  if (read.afterDamage.size > 0) return rewritten(path, read);
  cutTorn(path, read.byteLength);
  return { ...read, fileBytes: read.byteLength };
}

/** Without what is damaged: a recording's fragments lie one after the other (fragment-index.ts). Nobody has its hash yet. */
function rewritten(path: string, read: ReadRecording): ReadRecording {
  const partial = `${path}.partial`;
  const from = openSync(path, 'r');
  const to = openSync(partial, 'w', 0o600);
  const fragments: Fragment[] = [];
  let at = read.headBytes;
  try {
    copy(from, to, 0, read.headBytes);
    for (const fragment of read.fragments) {
      copy(from, to, fragment.offset, fragment.byteLength);
      fragments.push({ ...fragment, offset: at });
      at += fragment.byteLength;
    }
    fsyncSync(to);
  } finally {
    closeSync(from);
    closeSync(to);
  }
  renameSync(partial, path);
  return { ...read, fragments, byteLength: at, fileBytes: at };
}

function copy(from: number, to: number, position: number, length: number): void {
  for (let done = 0; done < length;) {
    const bytes = readAt(from, position + done, Math.min(CHUNK_BYTES, length - done));
    if (bytes.length === 0) throw new RangeError('the file became shorter while it was read');
    for (let written = 0; written < bytes.length;) written += writeSync(to, bytes, written);
    done += bytes.length;
  }
}

function cutTorn(path: string, byteLength: number): void {
  const handle = openSync(path, 'r+');
  try {
    ftruncateSync(handle, byteLength);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/**
 * The next whole one behind a damaged place from which pictures can be decoded: of the same recording, so it is later than the one
 * before.
 */
function fragmentAfter(
  handle: number,
  from: number,
  fileBytes: number,
  before: { startMs: number; decodeTicks?: number },
): Fragment | undefined {
  for (let at = from + 1; at < fileBytes;) {
    const bytes = readAt(handle, at, CHUNK_BYTES);
    const found = bytes.indexOf(FRAGMENT_TIME_START);
    if (found < 0) {
      if (bytes.length < CHUNK_BYTES) return undefined;
      at += bytes.length - FRAGMENT_TIME_START.length + 1;
      continue;
    }
    const fragment = readFragment(handle, at + found, fileBytes, before.startMs);
    const isNext =
      fragment?.independent === true &&
      fragment.startMs >= before.startMs &&
      fragment.startMs - before.startMs < LONGEST_RECORDING_MS &&
      fragment.decodeTicks >= (before.decodeTicks ?? 0);
    if (isNext) return fragment;
    at += found + 1;
  }
  return undefined;
}

function readFragment(
  handle: number,
  at: number,
  fileBytes: number,
  aroundMs: number,
): Fragment | undefined {
  const moofAt = at + FRAGMENT_TIME_BYTES;
  const start = readAt(handle, at, FRAGMENT_TIME_BYTES + 8);
  const startMs = readFragmentTime(start, 0, aroundMs);
  if (startMs === undefined || start.length < FRAGMENT_TIME_BYTES + 8) return undefined;
  const moofBytes = start.readUInt32BE(FRAGMENT_TIME_BYTES);
  if (start.readUInt32BE(FRAGMENT_TIME_BYTES + 4) !== MOOF) return undefined;
  if (moofBytes < 8 || moofBytes > MAX_MOOF_BYTES) return undefined;
  const moof = readAt(handle, moofAt, moofBytes + 8);
  if (moof.length < moofBytes + 8 || moof.readUInt32BE(moofBytes + 4) !== MDAT) return undefined;
  const mdatBytes = moof.readUInt32BE(moofBytes);
  const end = moofAt + moofBytes + mdatBytes;
  if (mdatBytes < 8 || end > fileBytes) return undefined;
  const run = readRun(moof, 8, moofBytes);
  return run === undefined ? undefined : { offset: at, byteLength: end - at, startMs, ...run };
}

type Run = Pick<Fragment, 'decodeTicks' | 'durationTicks' | 'independent'>;

/** The video track's run of samples. Every length is looked at: the file may be damaged anywhere. */
function readRun(moof: Buffer, from: number, to: number): Run | undefined {
  for (const traf of boxes(moof, from, to)) {
    if (traf.type !== TRAF) continue;
    let trackId = 0;
    let decodeTicks: number | undefined;
    let run: Omit<Run, 'decodeTicks'> | undefined;
    for (const { type, start, end } of boxes(moof, traf.start, traf.end)) {
      if (type === TFHD && end - start >= 8) trackId = moof.readUInt32BE(start + 4);
      if (type === TFDT && end - start >= 12) {
        decodeTicks = moof.readUInt32BE(start + 4) * 0x1_0000_0000 + moof.readUInt32BE(start + 8);
      }
      if (type === TRUN) run = readSamples(moof, start, end);
    }
    if (trackId === TRACK_ID && decodeTicks !== undefined && run !== undefined) {
      return { decodeTicks, ...run };
    }
  }
  return undefined;
}

function readSamples(
  moof: Buffer,
  start: number,
  end: number,
): Omit<Run, 'decodeTicks'> | undefined {
  if (end - start < 8) return undefined;
  const flags = moof.readUInt32BE(start) & 0xffffff;
  const count = moof.readUInt32BE(start + 4);
  let at = start + 8;
  if ((flags & TRUN_DATA_OFFSET) !== 0) at += 4;
  if ((flags & TRUN_FIRST_FLAGS) !== 0) at += 4;
  const perSample = [TRUN_DURATION, TRUN_SIZE, TRUN_FLAGS, TRUN_COMPOSITION].filter(
    (field) => (flags & field) !== 0,
  ).length;
  if ((flags & TRUN_DURATION) === 0 || (flags & TRUN_FLAGS) === 0) return undefined;
  if (count === 0 || at + count * perSample * 4 > end) return undefined;
  const flagsAt = at + ((flags & TRUN_SIZE) === 0 ? 4 : 8);
  const independent = (moof.readUInt32BE(flagsAt) & NON_SYNC_SAMPLE) === 0;
  let durationTicks = 0;
  for (let i = 0; i < count; i++) durationTicks += moof.readUInt32BE(at + i * perSample * 4);
  return { durationTicks, independent };
}

function* boxes(
  from: Buffer,
  start: number,
  end: number,
): Generator<{ type: number; start: number; end: number }> {
  let at = start;
  while (at + 8 <= end) {
    const size = from.readUInt32BE(at);
    if (size < 8 || at + size > end) return;
    yield { type: from.readUInt32BE(at + 4), start: at + 8, end: at + size };
    at += size;
  }
}

function readAt(handle: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let read = 0;
  while (read < length) {
    const got = readSync(handle, bytes, read, length - read, position + read);
    if (got === 0) break;
    read += got;
  }
  return bytes.subarray(0, read);
}
