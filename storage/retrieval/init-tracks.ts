import { BOX_HEADER_BYTES, boxesIn, boxesOf, BoxesNotReadable, type Box } from './boxes.ts';

/** Version and flags stand before what a full box holds; in version 1 two times of eight bytes instead of four go before the rest. */
const FULL_HEADER_BYTES = BOX_HEADER_BYTES + 4;
const TIMES_V0 = 8;
const TIMES_V1 = 16;

/** Ticks a second of each track of an init segment, by track_ID. Throws BoxesNotReadable. */
export function timescales(init: Buffer): Map<number, number> {
  const moov = boxesOf(init).find(({ type }) => type === 'moov');
  if (moov === undefined) throw new BoxesNotReadable('an init segment has no moov');
  const found = new Map<number, number>();
  for (const { type, bytes } of boxesIn(moov.bytes)) {
    if (type !== 'trak') continue;
    const trak = boxesIn(bytes);
    found.set(behindTimes(trak, 'tkhd'), timescaleOf(trak));
  }
  return found;
}

/** Of one track: `mdhd`, ISO 14496-12 §8.4.2. Throws BoxesNotReadable. */
export function timescaleOf(trak: readonly Box[]): number {
  const mdia = trak.find(({ type }) => type === 'mdia');
  return behindTimes(mdia === undefined ? [] : boxesIn(mdia.bytes), 'mdhd');
}

/** `tkhd` (§8.3.2) and `mdhd` both begin with two times; behind them stands the one's track_ID, the other's timescale. */
function behindTimes(boxes: readonly Box[], type: 'tkhd' | 'mdhd'): number {
  const bytes = boxes.find((box) => box.type === type)?.bytes;
  const at = FULL_HEADER_BYTES + (bytes?.[BOX_HEADER_BYTES] === 1 ? TIMES_V1 : TIMES_V0);
  if (bytes === undefined || bytes.length < at + 4) {
    throw new BoxesNotReadable(`a track has no ${type}`);
  }
  return bytes.readUInt32BE(at);
}
