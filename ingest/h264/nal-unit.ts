/** nal_unit_type, ITU-T H.264 table 7-1: those that the gateway treats apart. */
export const NAL_SLICE_FIRST = 1;
export const NAL_IDR = 5;
export const NAL_SEI = 6;
export const NAL_SPS = 7;
export const NAL_PPS = 8;
export const NAL_AUD = 9;
export const NAL_END_OF_SEQUENCE = 10;
export const NAL_END_OF_STREAM = 11;
export const NAL_FILLER = 12;

/** A coded slice: what a picture is made of. */
export function isSlice(type: number): boolean {
  return type >= NAL_SLICE_FIRST && type <= NAL_IDR;
}
