import { box, fullBox, u32 } from '#ingest/fmp4/box.ts';
import { boxesOf, withinContainer, type Box } from './boxes.ts';
import { timescaleOf } from './init-tracks.ts';

const NORMAL_RATE = 0x10000;

/**
 * An init segment whose tracks are shown from a media time on: what lies before it is decoded and hidden (`elst`,
 * ISO 14496-12 §8.6.6; a duration of 0 lets the edit last as long as the fragments do). Throws BoxesNotReadable.
 */
export function shownFrom(init: Buffer, fromSeconds: number): Buffer {
  const editMovie = edit('trak', (trak) => editTrack(trak, fromSeconds));
  return Buffer.concat(edit('moov', editMovie)(boxesOf(init)));
}

/** Boxes of that type are written again from what is in them, the others stay. */
function edit(type: string, within: (boxes: Box[]) => Buffer[]): (boxes: Box[]) => Buffer[] {
  return (boxes) =>
    boxes.map((each) => (each.type === type ? withinContainer(each, within) : each.bytes));
}

/** `edts` stands behind `tkhd`. */
function editTrack(boxes: readonly Box[], fromSeconds: number): Buffer[] {
  const mediaTime = Math.round(fromSeconds * timescaleOf(boxes));
  const elst = fullBox(
    'elst',
    1,
    0,
    u32(1, 0, 0, Math.floor(mediaTime / 0x1_0000_0000), mediaTime % 0x1_0000_0000, NORMAL_RATE),
  );
  return boxes
    .filter(({ type }) => type !== 'edts')
    .flatMap(({ type, bytes }) => (type === 'tkhd' ? [bytes, box('edts', elst)] : [bytes]));
}
