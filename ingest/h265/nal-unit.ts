/** nal_unit_type, ITU-T H.265 table 7-1: those that the gateway treats apart. */
export const NAL_RADL_N = 6;
export const NAL_RASL_N = 8;
export const NAL_RASL_R = 9;
export const NAL_FIRST_IRAP = 16;
export const NAL_IDR_W_RADL = 19;
export const NAL_IDR_N_LP = 20;
export const NAL_CRA = 21;
export const NAL_LAST_IRAP = 23;
export const NAL_VPS = 32;
export const NAL_SPS = 33;
export const NAL_PPS = 34;
export const NAL_AUD = 35;
export const NAL_END_OF_SEQUENCE = 36;
export const NAL_END_OF_STREAM = 37;
export const NAL_FILLER = 38;
export const NAL_PREFIX_SEI = 39;
export const NAL_SUFFIX_SEI = 40;

/** Sub-layer non-reference pictures have the even types below this. */
const LAST_SUB_LAYER_PAIR = 15;

/** A coded slice segment: types in between are reserved and not decoded (§7.4.2.2). */
export function isSlice(type: number): boolean {
  return type <= NAL_RASL_R || (type >= NAL_FIRST_IRAP && type <= NAL_CRA);
}

/** Intra random access point picture, §3.62: IDR, CRA or BLA. */
export function isRandomAccess(type: number): boolean {
  return type >= NAL_FIRST_IRAP && type <= NAL_LAST_IRAP;
}

/** Instantaneous refresh: nothing after it refers to what was before it. */
export function isIdr(type: number): boolean {
  return type === NAL_IDR_W_RADL || type === NAL_IDR_N_LP;
}

/** Random access skipped leading picture: cannot be decoded where decoding began at its random access point. */
export function isSkippedLeading(type: number): boolean {
  return type === NAL_RASL_N || type === NAL_RASL_R;
}

/** Random access decodable or skipped leading picture. */
export function isLeading(type: number): boolean {
  return type >= NAL_RADL_N && type <= NAL_RASL_R;
}

/** No picture of its own temporal sub-layer refers to it. */
export function isSubLayerNonReference(type: number): boolean {
  return type < LAST_SUB_LAYER_PAIR && type % 2 === 0;
}
