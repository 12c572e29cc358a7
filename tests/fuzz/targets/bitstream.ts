import { BitsExhausted } from '#ingest/bitstream/bit-reader.ts';
import { hasRecoveryPoint } from '#ingest/bitstream/sei.ts';
import { InvalidParameterSet } from '#ingest/bitstream/invalid-parameter-set.ts';
import { parseSps, parsePps } from '#ingest/h264/sps.ts';
import { H264Format } from '#ingest/h264/format.ts';
import { H265Format } from '#ingest/h265/format.ts';
import * as h265 from '#ingest/h265/parameter-sets.ts';
import { IDR, LARGE_PPS, LARGE_SPS, P, PPS, SEI, SPS } from '../../ingest/h264/nal-units.ts';
import {
  VPS,
  SPS as H265_SPS,
  PPS as H265_PPS,
  segment,
  CRA,
  TRAIL_R,
} from '../../ingest/h265/nal-units.ts';
import { accepts, mustHold, type FuzzTarget } from '../target.ts';

/** Parameter sets and headers of pictures. */
export function bitstreamTargets(): FuzzTarget[] {
  return [
    {
      name: 'h264-sps',
      seeds: [SPS, LARGE_SPS],
      run: (input) =>
        accepts(
          () => {
            const { width, height } = parseSps(input);
            mustHold(width > 0 && height > 0, 'a picture has a size');
            mustHold(width <= 16_880 && height <= 16_880, 'a picture is not beyond level 6.2');
          },
          BitsExhausted,
          InvalidParameterSet,
        ),
    },
    {
      name: 'h264-pps',
      seeds: [PPS, LARGE_PPS],
      run: (input) => accepts(() => void parsePps(input), BitsExhausted, InvalidParameterSet),
    },
    {
      name: 'h264-slice-header',
      seeds: [IDR(1), P(2), P(3, false)],
      run: (input) => {
        const format = new H264Format();
        for (const set of [SPS, PPS, LARGE_SPS, LARGE_PPS]) format.keepParameterSet(set);
        return readsHeaders(format, input, input[0] ?? 0, 1);
      },
    },
    {
      name: 'h265-vps',
      seeds: [VPS],
      run: (input) => accepts(() => void h265.vpsId(input), BitsExhausted, InvalidParameterSet),
    },
    {
      name: 'h265-sps',
      seeds: [H265_SPS],
      run: (input) =>
        accepts(
          () => {
            const { width, height, codec, reorderPictures } = h265.parseSps(input);
            mustHold(width > 0 && height > 0, 'a picture has a size');
            mustHold(width <= 16_888 && height <= 16_888, 'a picture is not beyond level 6.2');
            mustHold(reorderPictures <= 16, 'pictures held back are bounded');
            mustHold(/^hvc1\.[A-C]?\d+\.[0-9A-F]+\.[LH]\d+/.test(codec), 'a codec has a name');
          },
          BitsExhausted,
          InvalidParameterSet,
        ),
    },
    {
      name: 'h265-pps',
      seeds: [H265_PPS],
      run: (input) => accepts(() => void h265.parsePps(input), BitsExhausted, InvalidParameterSet),
    },
    {
      name: 'h265-slice-header',
      seeds: [segment(CRA, 5, 1), segment(TRAIL_R, 9, 2)],
      run: (input) => {
        const format = new H265Format();
        for (const set of [VPS, H265_SPS, H265_PPS]) format.keepParameterSet(set);
        return input.length > 2 && readsHeaders(format, input, input.readUInt16BE(0), 2);
      },
    },
    {
      name: 'sei',
      seeds: [SEI, Buffer.from('0601020304050601c480', 'hex')],
      run: (input) => hasRecoveryPoint(input, 1, input.length),
    },
  ];
}

/** All that a format reads of a picture's first slice, twice, as of two pictures. */
function readsHeaders(
  format: H264Format | H265Format,
  bytes: Buffer,
  header: number,
  from: number,
): boolean {
  let known = false;
  for (let i = 0; i < 2; i++) {
    if (!format.isFirstSlice(bytes, from, bytes.length)) return false;
    format.begin(header, bytes, from, bytes.length);
    const entry = format.entry(false, false);
    known = !Number.isNaN(format.order(entry));
    mustHold(Number.isFinite(format.orderFromLatest() ?? 0), 'an order is a number');
    format.followsOn(1, false);
    format.isSecondField(header, bytes, from, bytes.length);
    format.handedOn(true);
  }
  return known;
}
