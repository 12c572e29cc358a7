/**
 * Where the fragments of a recording lie and what they hold: enough to play any second of it without opening it.
 *
 * A fragment is what `ingest` closed as a part, `moof` and `mdat`, with a `prft` in front (fragment-time.ts). The
 * encoded form is four varints a fragment, differences from what the one before leads to expect: a minute of two
 * parts a second takes about 700 bytes.
 */
export interface Fragment {
  /** Of its first byte in the object. */
  offset: number;
  byteLength: number;
  /** Wall time of its first picture, Unix ms. */
  startMs: number;
  /** Decode time of its first sample on the run's timeline. */
  decodeTicks: number;
  durationTicks: number;
  /** Begins with a random access point. */
  independent: boolean;
}

/** What cannot be a fragment index; the catalogue's row is damaged. */
export class FragmentIndexCorrupt extends Error {
  readonly code = 'fragment_index_corrupt';
}

const TICKS_PER_MS = 90;
/** A minute of parts of one picture at 60 a second, and as much again. */
export const MAX_FRAGMENTS = 8_192;
const MAX_VARINT_BYTES = 8;

export function encodeFragments(fragments: readonly Fragment[]): Buffer {
  const bytes: number[] = [];
  const first = fragments[0];
  if (first === undefined) return Buffer.alloc(0);
  putVarint(bytes, first.offset);
  let expectedMs = 0;
  let expectedTicks = 0;
  for (const fragment of fragments) {
    putVarint(bytes, fragment.byteLength * 2 + (fragment.independent ? 1 : 0));
    putVarint(bytes, fragment.durationTicks);
    putSigned(bytes, Math.round(fragment.startMs) - expectedMs);
    putSigned(bytes, fragment.decodeTicks - expectedTicks);
    expectedTicks = fragment.decodeTicks + fragment.durationTicks;
    expectedMs = Math.round(fragment.startMs) + Math.round(fragment.durationTicks / TICKS_PER_MS);
  }
  return Buffer.from(bytes);
}

/** Throws FragmentIndexCorrupt. */
export function decodeFragments(bytes: Uint8Array): Fragment[] {
  const fragments: Fragment[] = [];
  if (bytes.length === 0) return fragments;
  const reader = { bytes, at: 0 };
  let offset = varint(reader);
  let expectedMs = 0;
  let expectedTicks = 0;
  while (reader.at < bytes.length) {
    if (fragments.length === MAX_FRAGMENTS) throw new FragmentIndexCorrupt('too many fragments');
    const lengthAndFlag = varint(reader);
    const durationTicks = varint(reader);
    const startMs = expectedMs + signed(reader);
    const decodeTicks = expectedTicks + signed(reader);
    const byteLength = Math.floor(lengthAndFlag / 2);
    fragments.push({
      offset,
      byteLength,
      startMs,
      decodeTicks,
      durationTicks,
      independent: lengthAndFlag % 2 === 1,
    });
    offset += byteLength;
    expectedTicks = decodeTicks + durationTicks;
    expectedMs = startMs + Math.round(durationTicks / TICKS_PER_MS);
  }
  return fragments;
}

/** When the last picture of a fragment ends, Unix ms. */
export function fragmentEndMs({
  startMs,
  durationTicks,
}: Pick<Fragment, 'startMs' | 'durationTicks'>): number {
  return startMs + durationTicks / TICKS_PER_MS;
}

/** Seven bits a byte, the lowest first; by arithmetic, for times do not fit 32 bits. */
function putVarint(bytes: number[], value: number): void {
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
}

function putSigned(bytes: number[], value: number): void {
  putVarint(bytes, value >= 0 ? value * 2 : -value * 2 - 1);
}

function varint(reader: { bytes: Uint8Array; at: number }): number {
  let value = 0;
  let scale = 1;
  for (let i = 0; i < MAX_VARINT_BYTES; i++) {
    const byte = reader.bytes[reader.at++];
    if (byte === undefined) throw new FragmentIndexCorrupt('it ends within a number');
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) {
      if (!Number.isSafeInteger(value)) break;
      return value;
    }
    scale *= 0x80;
  }
  throw new FragmentIndexCorrupt('a number is too large');
}

function signed(reader: { bytes: Uint8Array; at: number }): number {
  const value = varint(reader);
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}
