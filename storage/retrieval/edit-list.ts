import { box, fullBox, u32 } from '#ingest/fmp4/box.ts';

/** An init segment cannot be read: it is not one of ours, or its bytes are damaged. */
export class InitNotReadable extends Error {
  readonly code = 'init_not_readable';
}

const CONTAINER_HEAD = 8;
const MDHD_TIMESCALE_V0 = 12;
const MDHD_TIMESCALE_V1 = 20;
const NORMAL_RATE = 0x10000;

/**
 * An init segment whose tracks are shown from a media time on: what lies before it is decoded and hidden (`elst`,
 * ISO 14496-12 §8.6.6; a duration of 0 lets the edit last as long as the fragments do). Throws InitNotReadable.
 */
export function shownFrom(init: Buffer, fromSeconds: number): Buffer {
  return Buffer.concat(
    boxesOf(init).map(({ type, bytes }) =>
      type === 'moov'
        ? withinContainer('moov', bytes, (moov) => editTracks(moov, fromSeconds))
        : bytes,
    ),
  );
}

function editTracks(boxes: readonly Box[], fromSeconds: number): Buffer[] {
  return boxes.map(({ type, bytes }) =>
    type === 'trak'
      ? withinContainer('trak', bytes, (trak) => editTrack(trak, fromSeconds))
      : bytes,
  );
}

/** `edts` stands behind `tkhd`. */
function editTrack(boxes: readonly Box[], fromSeconds: number): Buffer[] {
  const mediaTime = Math.round(fromSeconds * timescaleOf(boxes));
  const edit = fullBox(
    'elst',
    1,
    0,
    u32(1, 0, 0, Math.floor(mediaTime / 0x1_0000_0000), mediaTime % 0x1_0000_0000, NORMAL_RATE),
  );
  return boxes
    .filter(({ type }) => type !== 'edts')
    .flatMap(({ type, bytes }) => (type === 'tkhd' ? [bytes, box('edts', edit)] : [bytes]));
}

function timescaleOf(trak: readonly Box[]): number {
  const mdia = trak.find(({ type }) => type === 'mdia');
  const mdhd =
    mdia === undefined
      ? undefined
      : boxesOf(mdia.bytes.subarray(CONTAINER_HEAD)).find(({ type }) => type === 'mdhd');
  const at =
    CONTAINER_HEAD + (mdhd?.bytes[CONTAINER_HEAD] === 1 ? MDHD_TIMESCALE_V1 : MDHD_TIMESCALE_V0);
  if (mdhd === undefined || mdhd.bytes.length < at + 4) {
    throw new InitNotReadable('a track has no media header');
  }
  return mdhd.bytes.readUInt32BE(at);
}

interface Box {
  type: string;
  bytes: Buffer;
}

function withinContainer(type: string, bytes: Buffer, edit: (boxes: Box[]) => Buffer[]): Buffer {
  return box(type, ...edit(boxesOf(bytes.subarray(CONTAINER_HEAD))));
}

function boxesOf(bytes: Buffer): Box[] {
  const boxes: Box[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = at + 8 <= bytes.length ? bytes.readUInt32BE(at) : 0;
    if (size < 8 || at + size > bytes.length) throw new InitNotReadable('a box has no end');
    boxes.push({
      type: bytes.toString('latin1', at + 4, at + 8),
      bytes: bytes.subarray(at, at + size),
    });
    at += size;
  }
  return boxes;
}
