import { avcConfigBox, initSegment } from '#ingest/fmp4/init.ts';
import { BitsExhausted } from '#ingest/bitstream/bit-reader.ts';
import { InvalidParameterSet } from '#ingest/bitstream/invalid-parameter-set.ts';
import { parseSps } from '#ingest/h264/sps.ts';
import { LARGE_SPS, PPS, SPS } from '../../ingest/h264/nal-units.ts';
import { accepts, mustHold, type FuzzTarget } from '../target.ts';

/** Boxes built of what a camera said: whatever it was, they nest and end where they say. */
export function boxTargets(): FuzzTarget[] {
  return [
    {
      name: 'init-segment',
      seeds: [SPS, LARGE_SPS],
      run: (input) =>
        accepts(
          () => {
            const { codec, width, height, sampleAspect, ...chroma } = parseSps(input);
            const configBox = avcConfigBox([input], [PPS], chroma);
            const bytes = initSegment({
              codec,
              sampleEntry: 'avc1',
              configBox,
              width,
              height,
              sampleAspect,
            });
            mustHold(/^avc1\.[0-9A-F]{6}$/.test(codec), 'a codec is named as RFC 6381 says');
            expectBoxes(bytes, 0, bytes.length);
          },
          BitsExhausted,
          InvalidParameterSet,
        ),
    },
  ];
}

const CONTAINERS = new Set([
  'moov',
  'trak',
  'mdia',
  'minf',
  'stbl',
  'dinf',
  'mvex',
  'moof',
  'traf',
]);

/** ISO 14496-12 §4.2: boxes fill their place exactly. */
export function expectBoxes(bytes: Buffer, start: number, end: number): void {
  let at = start;
  while (at < end) {
    mustHold(at + 8 <= end, 'a box has a head');
    const size = bytes.readUInt32BE(at);
    const type = bytes.toString('latin1', at + 4, at + 8);
    mustHold(size >= 8 && at + size <= end, `box ${type} ends inside its parent`);
    if (CONTAINERS.has(type)) expectBoxes(bytes, at + 8, at + size);
    at += size;
  }
}
