import { AccessUnits } from '#ingest/bitstream/access-units.ts';
import type { VideoFormat } from '#ingest/bitstream/video-format.ts';
import { H264Format } from '#ingest/h264/format.ts';
import { Segmenter, type ClosedPart, type InitSegment } from '#ingest/fmp4/segmenter.ts';
import { ChunkPool, chunkStart } from '#ingest/memory/chunk-pool.ts';
import { PartWriter } from '#ingest/memory/part-writer.ts';

/** One picture as it stands in a part. */
export interface RecordedPicture {
  ptsTicks: number;
  randomAccess: boolean;
  /** Without their length prefixes. */
  nalUnits: Buffer[];
  /** Which init segment it needs. */
  initIndex: number;
  /** It is the first after a gap. */
  discontinuity: boolean;
}

export interface RecordedRun {
  units: AccessUnits;
  segmenter: Segmenter;
  inits: InitSegment[];
  parts: ClosedPart[];
  pictures: RecordedPicture[];
  /** Leases on chunks that somebody holds now. */
  leases: () => number;
}

const MB = 1024 * 1024;
/** Between pictures under one timestamp. */
const REPEAT_TICKS = 1800;

/** Access units, segmenter and memory as a camera session joins them; what comes out is read back from the parts. */
export function recordRun(maxBytes = 64 * MB): RecordedRun {
  return recordRunIn(new ChunkPool({ maxBytes, onSlab: () => {} }));
}

/** In memory that runs before may have used. */
export function recordRunIn(pool: ChunkPool, format: VideoFormat = new H264Format()): RecordedRun {
  const inits: InitSegment[] = [];
  const parts: ClosedPart[] = [];
  const pictures: RecordedPicture[] = [];
  const segmenter = new Segmenter(
    {
      partAimTicks: 45_000,
      segmentAimTicks: 180_000,
      segmentMaxTicks: 540_000,
      partTarget: undefined,
      wallMs: (ticks) => ticks / 90,
    },
    new PartWriter(pool),
    {
      init: (init) => inits.push(init),
      partTarget: () => {},
      part: (part) => {
        parts.push(part);
        const bytes = Buffer.concat(
          part.slices.map(({ chunk, offset, length }) => {
            const at = chunkStart(chunk) + offset;
            return pool.slab(chunk).subarray(at, at + length);
          }),
        );
        for (const { chunk } of part.slices) pool.release(chunk);
        pictures.push(...readPictures(part, bytes));
      },
      segmentEnd: () => {},
    },
  );
  let lastTicks = 0;
  const units = new AccessUnits(format, segmenter, {
    shift: () => {},
    repeat: (repeats) => lastTicks + repeats * REPEAT_TICKS,
  });
  const begin = units.begin.bind(units);
  units.begin = (ticks) => begin((lastTicks = ticks));
  return {
    units,
    segmenter,
    inits,
    parts,
    pictures,
    leases: () => new Int32Array(pool.shared.leases).reduce((sum, count) => sum + count, 0),
  };
}

/** moof(mfhd, traf(tfhd, tfdt, trun)), mdat: the layout of writeFragmentHeader. */
function readPictures(part: ClosedPart, bytes: Buffer): RecordedPicture[] {
  const trun = bytes.indexOf('trun') - 4;
  const composed = (bytes.readUInt32BE(trun + 8) & 0x800) !== 0;
  const count = bytes.readUInt32BE(trun + 12);
  let media = bytes.readUInt32BE(trun + 16);
  let dtsTicks = Number(bytes.readBigUInt64BE(bytes.indexOf('tfdt') + 8));
  let row = trun + 20;
  const pictures: RecordedPicture[] = [];
  for (let i = 0; i < count; i++, row += composed ? 16 : 12) {
    const end = media + bytes.readUInt32BE(row + 4);
    const nalUnits: Buffer[] = [];
    while (media < end) {
      const length = bytes.readUInt32BE(media);
      nalUnits.push(bytes.subarray(media + 4, media + 4 + length));
      media += 4 + length;
    }
    if (media !== end) throw new Error('NAL units do not fill their sample');
    pictures.push({
      ptsTicks: dtsTicks + (composed ? bytes.readInt32BE(row + 12) : 0),
      randomAccess: bytes.readUInt32BE(row + 8) === 0x02000000,
      nalUnits,
      initIndex: part.initIndex,
      discontinuity: part.discontinuity && i === 0,
    });
    dtsTicks += bytes.readUInt32BE(row);
  }
  if (media !== bytes.length) throw new Error('samples do not fill their part');
  return pictures;
}
