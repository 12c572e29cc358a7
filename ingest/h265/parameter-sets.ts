import { BitReader, BitsExhausted } from '../bitstream/bit-reader.ts';
import { InvalidParameterSet } from '../bitstream/invalid-parameter-set.ts';
import { readSampleAspect, SQUARE } from '../bitstream/sample-aspect.ts';

/** What the gateway needs of a sequence parameter set. */
export interface SequenceParameters {
  id: number;
  /** RFC 6381 §3.3 and ISO 14496-15 annex E: for example `hvc1.1.6.L93.B0`. */
  codec: string;
  /** general_profile_space to general_level_idc as they stand in the parameter set, 12 bytes. */
  profileTierLevel: Buffer;
  /** Pixels shown, after cropping. */
  width: number;
  height: number;
  sampleAspect: readonly [number, number];
  chromaFormat: number;
  bitDepthLuma: number;
  bitDepthChroma: number;
  separateColourPlanes: boolean;
  temporalLayers: number;
  temporalIdNesting: boolean;
  /** Length of the order count in slices. */
  orderLsbBits: number;
  /** sps_max_num_reorder_pics of the highest sub-layer. */
  reorderPictures: number;
  /** Time between two pictures as the parameter set has it, seconds; often wrong, undefined without timing. */
  pictureSeconds: number | undefined;
}

/** What the gateway needs of a picture parameter set. */
export interface PictureParameters {
  id: number;
  sequenceId: number;
  outputFlagPresent: boolean;
  extraSliceHeaderBits: number;
}

/** Level 6.2: no side longer than √(8 × 35,651,584) luma samples, §A.4.1. */
const MAX_SIDE_PIXELS = 16_888;
const MAX_REORDER_PICTURES = 16;
const MAX_SHORT_TERM_SETS = 64;
/** Pictures that one short-term set names: MaxDpbSize. */
const MAX_SET_PICTURES = 16;

/** vps_video_parameter_set_id of a video parameter set NAL unit, §7.3.2.1. */
export function vpsId(nal: Buffer): number {
  return new BitReader(nal, 2).bits(4);
}

/**
 * Reads a sequence parameter set NAL unit, both header bytes included; ITU-T H.265 §7.3.2.2.1.
 * Throws InvalidParameterSet or BitsExhausted.
 */
export function parseSps(nal: Buffer): SequenceParameters {
  const bits = new BitReader(nal, 2);
  bits.skip(4); // sps_video_parameter_set_id
  const lastLayer = bits.bits(3);
  if (lastLayer > 6) throw new InvalidParameterSet(`sps_max_sub_layers_minus1 ${lastLayer}`);
  const temporalIdNesting = bits.bit() === 1;
  const profileTierLevel = readProfileTierLevel(bits, lastLayer);
  const id = bits.unsigned();
  if (id > 15) throw new InvalidParameterSet(`sps_seq_parameter_set_id ${id}`);
  const chromaFormat = bits.unsigned();
  if (chromaFormat > 3) throw new InvalidParameterSet(`chroma_format_idc ${chromaFormat}`);
  const separateColourPlanes = chromaFormat === 3 && bits.bit() === 1;
  let width = bits.unsigned();
  let height = bits.unsigned();
  if (bits.bit() === 1) {
    const array = separateColourPlanes ? 0 : chromaFormat;
    const unitX = array === 1 || array === 2 ? 2 : 1;
    const unitY = array === 1 ? 2 : 1;
    width -= (bits.unsigned() + bits.unsigned()) * unitX;
    height -= (bits.unsigned() + bits.unsigned()) * unitY;
  }
  if (width < 1 || height < 1 || width > MAX_SIDE_PIXELS || height > MAX_SIDE_PIXELS) {
    throw new InvalidParameterSet(`picture of ${width}x${height}`);
  }
  const bitDepthLuma = 8 + bits.unsigned();
  const bitDepthChroma = 8 + bits.unsigned();
  if (bitDepthLuma > 16 || bitDepthChroma > 16) throw new InvalidParameterSet('bit depth');
  const orderLsbBits = 4 + bits.unsigned();
  if (orderLsbBits > 16) throw new InvalidParameterSet('log2_max_pic_order_cnt_lsb');
  const allLayers = bits.bit() === 1;
  let reorderPictures = 0;
  for (let layer = allLayers ? 0 : lastLayer; layer <= lastLayer; layer++) {
    bits.unsigned(); // sps_max_dec_pic_buffering_minus1
    reorderPictures = Math.min(MAX_REORDER_PICTURES, bits.unsigned());
    bits.unsigned(); // sps_max_latency_increase_plus1
  }
  return {
    id,
    codec: codecOf(profileTierLevel),
    profileTierLevel,
    width,
    height,
    chromaFormat,
    bitDepthLuma,
    bitDepthChroma,
    separateColourPlanes,
    temporalLayers: lastLayer + 1,
    temporalIdNesting,
    orderLsbBits,
    reorderPictures,
    ...readUsability(bits, orderLsbBits),
  };
}

/** Reads the head of a picture parameter set NAL unit, §7.3.2.3.1. Throws InvalidParameterSet or BitsExhausted. */
export function parsePps(nal: Buffer): PictureParameters {
  const bits = new BitReader(nal, 2);
  const id = bits.unsigned();
  if (id > 63) throw new InvalidParameterSet(`pps_pic_parameter_set_id ${id}`);
  const sequenceId = bits.unsigned();
  if (sequenceId > 15) throw new InvalidParameterSet(`pps_seq_parameter_set_id ${sequenceId}`);
  bits.skip(1); // dependent_slice_segments_enabled_flag
  return {
    id,
    sequenceId,
    outputFlagPresent: bits.bit() === 1,
    extraSliceHeaderBits: bits.bits(3),
  };
}

/** profile_tier_level(1, lastLayer), §7.3.3: the general part is kept, those of sub-layers are passed over. */
function readProfileTierLevel(bits: BitReader, lastLayer: number): Buffer {
  const general = Buffer.from(Array.from({ length: 12 }, () => bits.bits(8)));
  if (lastLayer === 0) return general;
  const present: [boolean, boolean][] = [];
  for (let i = 0; i < 8; i++) {
    const flags: [boolean, boolean] = [bits.bit() === 1, bits.bit() === 1];
    if (i < lastLayer) present.push(flags);
  }
  for (const [profile, level] of present) bits.skip((profile ? 88 : 0) + (level ? 8 : 0));
  return general;
}

/** ISO 14496-15 annex E.3: profile, compatibility bit-reversed, tier and level, constraint bytes without trailing zeros. */
function codecOf(profileTierLevel: Buffer): string {
  const first = profileTierLevel[0] as number;
  const space = ['', 'A', 'B', 'C'][first >> 6] as string;
  const compatibility = profileTierLevel.readUInt32BE(1);
  let reversed = 0;
  for (let i = 0; i < 32; i++) reversed = reversed * 2 + ((compatibility >>> i) & 1);
  const tier = (first & 0x20) === 0 ? 'L' : 'H';
  let end = 11;
  while (end > 5 && profileTierLevel[end - 1] === 0) end--;
  const constraints = [...profileTierLevel.subarray(5, end)].map(
    (byte) => `.${byte.toString(16).toUpperCase()}`,
  );
  const profile = `${space}${first & 0x1f}`;
  const level = profileTierLevel[11] as number;
  return `hvc1.${profile}.${reversed.toString(16).toUpperCase()}.${tier}${level}${constraints.join('')}`;
}

interface Usability {
  sampleAspect: readonly [number, number];
  pictureSeconds: number | undefined;
}

/** The way to vui_parameters and what the gateway wants of them, §E.2.1. Only advice: unreadable is as missing. */
function readUsability(bits: BitReader, orderLsbBits: number): Usability {
  const seen: Usability = { sampleAspect: SQUARE, pictureSeconds: undefined };
  try {
    for (let i = 0; i < 6; i++) bits.unsigned(); // block and transform sizes
    if (bits.bit() === 1 && bits.bit() === 1) skipScalingLists(bits);
    bits.skip(2); // amp, sample adaptive offset
    if (bits.bit() === 1) {
      bits.skip(8); // pcm bit depths
      bits.unsigned();
      bits.unsigned();
      bits.skip(1);
    }
    skipShortTermSets(bits);
    if (bits.bit() === 1) {
      const longTerm = bits.unsigned();
      if (longTerm > 32) return seen;
      bits.skip(longTerm * (orderLsbBits + 1));
    }
    bits.skip(2); // temporal motion vectors, strong intra smoothing
    if (bits.bit() === 0) return seen;
    seen.sampleAspect = readSampleAspect(bits);
    if (bits.bit() === 1) bits.skip(1); // overscan
    if (bits.bit() === 1) {
      bits.skip(4); // video_format, video_full_range_flag
      if (bits.bit() === 1) bits.skip(24); // colour_description
    }
    if (bits.bit() === 1) {
      bits.unsigned(); // chroma sample locations
      bits.unsigned();
    }
    bits.skip(3); // neutral chroma, fields, frame_field_info
    if (bits.bit() === 1) for (let i = 0; i < 4; i++) bits.unsigned(); // default display window
    if (bits.bit() === 1) {
      const units = bits.bits(32);
      const scale = bits.bits(32);
      if (units > 0 && scale > 0) seen.pictureSeconds = units / scale;
    }
  } catch (error) {
    if (!(error instanceof BitsExhausted)) throw error;
  }
  return seen;
}

/** scaling_list_data, §7.3.4. */
function skipScalingLists(bits: BitReader): void {
  for (let size = 0; size < 4; size++) {
    for (let matrix = 0; matrix < 6; matrix += size === 3 ? 3 : 1) {
      if (bits.bit() === 0) {
        bits.unsigned();
        continue;
      }
      if (size > 1) bits.signed();
      for (let i = 0; i < Math.min(64, 1 << (4 + (size << 1))); i++) bits.signed();
    }
  }
}

/** st_ref_pic_set of a sequence parameter set, §7.3.7: the length of each depends on the one before it. */
function skipShortTermSets(bits: BitReader): void {
  const sets = bits.unsigned();
  if (sets > MAX_SHORT_TERM_SETS) throw new BitsExhausted('num_short_term_ref_pic_sets');
  let pictures = 0;
  for (let set = 0; set < sets; set++) {
    if (set > 0 && bits.bit() === 1) {
      bits.skip(1);
      bits.unsigned();
      let kept = 0;
      for (let i = 0; i <= pictures; i++) {
        // used_by_curr_pic_flag, or else use_delta_flag.
        if (bits.bit() === 1 || bits.bit() === 1) kept++;
      }
      pictures = kept;
    } else {
      pictures = bits.unsigned() + bits.unsigned();
      if (pictures > MAX_SET_PICTURES) throw new BitsExhausted('pictures of a short-term set');
      for (let i = 0; i < pictures; i++) {
        bits.unsigned();
        bits.skip(1);
      }
    }
  }
}
