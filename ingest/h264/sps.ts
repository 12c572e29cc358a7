import { BitReader, BitsExhausted } from '../bitstream/bit-reader.ts';
import { InvalidParameterSet } from '../bitstream/invalid-parameter-set.ts';
import { readSampleAspect, SQUARE } from '../bitstream/sample-aspect.ts';

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
  /** Every picture is a frame: none is a field. */
  framesOnly: boolean;
  /** What must be known to read the head of a slice, §7.3.3, and the order of pictures, §8.2.1. */
  separateColourPlanes: boolean;
  frameNumberBits: number;
  order: PictureOrderRules;
  /**
   * Pictures that may precede another in decoding order and follow it when shown, at most (max_num_reorder_frames,
   * §E.2.1, or what follows from the profile). Undefined where the parameter set leaves it open.
   */
  reorderPictures: number | undefined;
  /** Time between two pictures as the parameter set has it, seconds; often wrong, undefined without timing. */
  pictureSeconds: number | undefined;
}

/** pic_order_cnt_type and what belongs to it. */
export type PictureOrderRules =
  | { type: 0; lsbBits: number }
  | {
      type: 1;
      deltaAlwaysZero: boolean;
      offsetForNonReference: number;
      offsetForTopToBottom: number;
      offsetsForReferences: readonly number[];
    }
  | { type: 2 };

const HIGH_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);
/** Level 6.2: 139,264 macroblocks, no side longer than √(8 × that); 16,880 pixels. */
const MAX_SIDE_PIXELS = 16_880;

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
  const frameNumberBits = lengthBits(bits, 'log2_max_frame_num_minus4');
  const order = readOrderRules(bits);
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
  const usability = bits.bit() === 1 ? readUsability(bits) : NO_USABILITY;
  return {
    id,
    codec: `avc1.${nal.toString('hex', 1, 4).toUpperCase()}`,
    width,
    height,
    sampleAspect: usability.sampleAspect,
    chromaFormat,
    bitDepthLuma,
    bitDepthChroma,
    framesOnly: framesOnly === 1,
    separateColourPlanes: separatePlanes === 1,
    frameNumberBits,
    order,
    reorderPictures: neverReorders(nal, order) ? 0 : usability.reorderPictures,
    pictureSeconds: usability.pictureSeconds,
  };
}

/** What the gateway needs of a picture parameter set. */
export interface PictureParameters {
  id: number;
  sequenceId: number;
  /** bottom_field_pic_order_in_frame_present_flag: slices carry a second order count. */
  fieldOrderPresent: boolean;
}

/** Reads the head of a picture parameter set NAL unit, §7.3.2.2. Throws InvalidParameterSet or BitsExhausted. */
export function parsePps(nal: Buffer): PictureParameters {
  const bits = new BitReader(nal, 1);
  const id = bits.unsigned();
  if (id > 255) throw new InvalidParameterSet(`pic_parameter_set_id ${id}`);
  const sequenceId = bits.unsigned();
  if (sequenceId > 31) throw new InvalidParameterSet(`seq_parameter_set_id ${sequenceId}`);
  bits.skip(1); // entropy_coding_mode_flag
  return { id, sequenceId, fieldOrderPresent: bits.bit() === 1 };
}

/** Length of a number in slices, §7.4.2.1.1. */
function lengthBits(bits: BitReader, name: string): number {
  const beyondFour = bits.unsigned();
  if (beyondFour > 12) throw new InvalidParameterSet(`${name} ${beyondFour}`);
  return 4 + beyondFour;
}

function readOrderRules(bits: BitReader): PictureOrderRules {
  const type = bits.unsigned();
  if (type === 0) {
    return { type, lsbBits: lengthBits(bits, 'log2_max_pic_order_cnt_lsb_minus4') };
  }
  if (type === 2) return { type };
  if (type !== 1) throw new InvalidParameterSet(`pic_order_cnt_type ${type}`);
  const deltaAlwaysZero = bits.bit() === 1;
  const offsetForNonReference = bits.signed();
  const offsetForTopToBottom = bits.signed();
  const cycle = bits.unsigned();
  if (cycle > 255) throw new InvalidParameterSet('num_ref_frames_in_pic_order_cnt_cycle');
  const offsetsForReferences = Array.from({ length: cycle }, () => bits.signed());
  return {
    type,
    deltaAlwaysZero,
    offsetForNonReference,
    offsetForTopToBottom,
    offsetsForReferences,
  };
}

/** Order type 2 is that of decoding (§8.2.1.3); Baseline knows no B slices; all-intra profiles (§E.2.1) none either. */
function neverReorders(nal: Buffer, order: PictureOrderRules): boolean {
  const profile = nal[1] as number;
  const constraintSet3 = ((nal[2] as number) & 0x10) !== 0;
  if (order.type === 2 || profile === 66 || profile === 44) return true;
  return constraintSet3 && [86, 100, 110, 122, 244].includes(profile);
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

interface Usability {
  sampleAspect: readonly [number, number];
  reorderPictures: number | undefined;
  pictureSeconds: number | undefined;
}

const NO_USABILITY: Usability = {
  sampleAspect: SQUARE,
  reorderPictures: undefined,
  pictureSeconds: undefined,
};
/** MaxDpbFrames, §A.3.1: more cannot be. */
const MAX_REORDER_PICTURES = 16;

/** vui_parameters, §E.1.1. Only advice, so one that ends too early counts for what was read of it. */
function readUsability(bits: BitReader): Usability {
  const seen = { ...NO_USABILITY };
  try {
    seen.sampleAspect = readSampleAspect(bits);
    if (bits.bit() === 1) bits.skip(1); // overscan
    if (bits.bit() === 1) {
      bits.skip(4); // video_format, video_full_range_flag
      if (bits.bit() === 1) bits.skip(24); // colour_description
    }
    if (bits.bit() === 1) {
      bits.unsigned(); // chroma_sample_loc_type
      bits.unsigned();
    }
    if (bits.bit() === 1) {
      const units = bits.bits(32);
      const scale = bits.bits(32);
      bits.skip(1); // fixed_frame_rate_flag
      // A tick is that of a field: two for a picture (§E.2.1).
      if (units > 0 && scale > 0) seen.pictureSeconds = (2 * units) / scale;
    }
    const nalHrd = bits.bit() === 1;
    if (nalHrd) skipHrd(bits);
    const vclHrd = bits.bit() === 1;
    if (vclHrd) skipHrd(bits);
    if (nalHrd || vclHrd) bits.skip(1); // low_delay_hrd_flag
    bits.skip(1); // pic_struct_present_flag
    if (bits.bit() === 0) return seen; // bitstream_restriction_flag
    bits.skip(1);
    for (let i = 0; i < 4; i++) bits.unsigned();
    const reorder = bits.unsigned();
    if (reorder <= MAX_REORDER_PICTURES) seen.reorderPictures = reorder;
  } catch (error) {
    if (!(error instanceof BitsExhausted)) throw error;
  }
  return seen;
}

/** hrd_parameters, §E.1.2. */
function skipHrd(bits: BitReader): void {
  const last = bits.unsigned();
  if (last > 31) throw new BitsExhausted('cpb_cnt_minus1');
  bits.skip(8);
  for (let i = 0; i <= last; i++) {
    bits.unsigned();
    bits.unsigned();
    bits.skip(1);
  }
  bits.skip(20);
}
