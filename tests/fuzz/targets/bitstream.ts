import { BitsExhausted } from '#ingest/h264/bit-reader.ts';
import { InvalidParameterSet, parseSps, ppsId } from '#ingest/h264/sps.ts';
import { LARGE_PPS, LARGE_SPS, PPS, SPS } from '../../ingest/h264/nal-units.ts';
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
      run: (input) => accepts(() => void ppsId(input), BitsExhausted, InvalidParameterSet),
    },
  ];
}
