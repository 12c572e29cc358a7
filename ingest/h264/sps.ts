import { BitReader } from './bit-reader.ts';

/** What the gateway needs of a sequence parameter set. */
export interface SequenceParameters {
  id: number;
  /** RFC 6381 §3.3: `avc1.` and three bytes in hexadecimal. */
  codec: string;
  /** Pixels shown, after cropping. */
  width: number;
  height: number;
  sampleAspect: readonly [number, number];
  chromaFormat: number;
  bitDepthLuma: number;
  bitDepthChroma: number;
}

/** The parameter set says what no H.264 stream can be. */
export class InvalidParameterSet extends Error {
  readonly code = 'invalid_parameter_set';
}

const HIGH_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);
/** Level 6.2: 139,264 macroblocks, no side longer than √(8 × that); 16,880 pixels. */
const MAX_SIDE_PIXELS = 16_880;
const EXTENDED_ASPECT = 255;
/** aspect_ratio_idc 1-16, ITU-T H.264 table E-1. */
const ASPECTS: readonly (readonly [number, number])[] = [
  [1, 1],
  [1, 1],
  [12, 11],
  [10, 11],
  [16, 11],
  [40, 33],
  [24, 11],
  [20, 11],
  [32, 11],
  [80, 33],
  [18, 11],
  [15, 11],
  [64, 33],
  [160, 99],
  [4, 3],
  [3, 2],
  [2, 1],
];

/**
 * Reads a sequence parameter set NAL unit, header byte included; ITU-T H.264 §7.3.2.1.1.
 * Throws InvalidParameterSet or BitsExhausted.
 */
export function parseSps(nal: Buffer): SequenceParameters {
  const bits = new BitReader(nal, 1);
  const profile = bits.bits(8);
  bits.skip(16);
  const id = bits.unsigned();
  if (id > 31) throw new InvalidParameterSet(`seq_parameter_set_id ${id}`);
  let chromaFormat = 1;
  let bitDepthLuma = 8;
  let bitDepthChroma = 8;
  let separatePlanes = 0;
  if (HIGH_PROFILES.has(profile)) {
    chromaFormat = bits.unsigned();
    if (chromaFormat > 3) throw new InvalidParameterSet(`chroma_format_idc ${chromaFormat}`);
    if (chromaFormat === 3) separatePlanes = bits.bit();
    bitDepthLuma = 8 + bits.unsigned();
    bitDepthChroma = 8 + bits.unsigned();
    if (bitDepthLuma > 14 || bitDepthChroma > 14) throw new InvalidParameterSet('bit depth');
    bits.skip(1);
    if (bits.bit() === 1) skipScalingMatrix(bits, chromaFormat === 3 ? 12 : 8);
  }
  bits.unsigned(); // log2_max_frame_num_minus4
  const orderType = bits.unsigned();
  if (orderType === 0) {
    bits.unsigned();
  } else if (orderType === 1) {
    bits.skip(1);
    bits.signed();
    bits.signed();
    const cycle = bits.unsigned();
    if (cycle > 255) throw new InvalidParameterSet('num_ref_frames_in_pic_order_cnt_cycle');
    for (let i = 0; i < cycle; i++) bits.signed();
  } else if (orderType > 2) {
    throw new InvalidParameterSet(`pic_order_cnt_type ${orderType}`);
  }
  bits.unsigned(); // max_num_ref_frames
  bits.skip(1);
  const widthMacroblocks = bits.unsigned() + 1;
  const heightUnits = bits.unsigned() + 1;
  const framesOnly = bits.bit();
  if (framesOnly === 0) bits.skip(1);
  bits.skip(1);
  let cropWidth = 0;
  let cropHeight = 0;
  if (bits.bit() === 1) {
    const chromaArray = separatePlanes === 1 ? 0 : chromaFormat;
    const unitX = chromaArray === 1 || chromaArray === 2 ? 2 : 1;
    const unitY = (chromaArray === 1 ? 2 : 1) * (2 - framesOnly);
    cropWidth = (bits.unsigned() + bits.unsigned()) * unitX;
    cropHeight = (bits.unsigned() + bits.unsigned()) * unitY;
  }
  const width = widthMacroblocks * 16 - cropWidth;
  const height = heightUnits * 16 * (2 - framesOnly) - cropHeight;
  if (width < 1 || height < 1 || width > MAX_SIDE_PIXELS || height > MAX_SIDE_PIXELS) {
    throw new InvalidParameterSet(`picture of ${width}x${height}`);
  }
  return {
    id,
    codec: `avc1.${nal.toString('hex', 1, 4).toUpperCase()}`,
    width,
    height,
    sampleAspect: bits.bit() === 1 ? readAspect(bits) : [1, 1],
    chromaFormat,
    bitDepthLuma,
    bitDepthChroma,
  };
}

/** pic_parameter_set_id of a picture parameter set NAL unit; §7.3.2.2. */
export function ppsId(nal: Buffer): number {
  const id = new BitReader(nal, 1).unsigned();
  if (id > 255) throw new InvalidParameterSet(`pic_parameter_set_id ${id}`);
  return id;
}

function skipScalingMatrix(bits: BitReader, lists: number): void {
  for (let list = 0; list < lists; list++) {
    if (bits.bit() === 0) continue;
    let last = 8;
    let next = 8;
    const size = list < 6 ? 16 : 64;
    for (let i = 0; i < size; i++) {
      if (next !== 0) next = (last + bits.signed() + 256) & 255;
      if (next !== 0) last = next;
    }
  }
}

/** vui_parameters up to the sample aspect ratio, §E.1.1. A strange one is taken for square. */
function readAspect(bits: BitReader): readonly [number, number] {
  if (bits.bit() === 0) return [1, 1];
  const idc = bits.bits(8);
  if (idc !== EXTENDED_ASPECT) return ASPECTS[idc] ?? [1, 1];
  const x = bits.bits(16);
  const y = bits.bits(16);
  return x > 0 && y > 0 ? [x, y] : [1, 1];
}
