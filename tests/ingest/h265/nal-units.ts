/** Parameter sets of 316×240, two pictures held back at most: stream girlshy of libde265. */
export const VPS = Buffer.from('40010c01ffff01600000030090000003000003003c959809', 'hex');
export const SPS = Buffer.from(
  '42010101600000030090000003000003003ca00a080f1df96566924cafff169e16876808000003000800000300c840',
  'hex',
);
export const PPS = Buffer.from('4401c172b46240', 'hex');

/** nal_unit_type, ITU-T H.265 table 7-1. */
export const TRAIL_N = 0;
export const TRAIL_R = 1;
export const RASL_N = 8;
export const IDR_N_LP = 20;
export const CRA = 21;

/**
 * What looks like a slice segment of a picture with this order count, for the parameter sets above (8 bits of order
 * count); `tag` tells it from others.
 */
export function segment(
  type: number,
  order: number,
  tag: number,
  options: { first?: boolean; bytes?: number } = {},
): Buffer {
  const { first = true, bytes = 14 } = options;
  // first_slice_segment_in_pic_flag, no_output_of_prior_pics_flag, PPS 0, slice_type 1, order count.
  const irap = type >= 16 && type <= 23 ? '0' : '';
  const lsb = type === 19 || type === 20 ? '' : (order & 0xff).toString(2).padStart(8, '0');
  const bits = `${first ? '1' : '0'}${irap}1010${lsb}1`.padEnd(24, '1');
  const nal = Buffer.alloc(bytes, 0x5a);
  nal.writeUInt16BE((type << 9) | 1, 0);
  nal.writeUIntBE(Number.parseInt(bits.slice(0, 24), 2), 2, 3);
  nal.writeUInt32BE(tag, 6);
  return nal;
}
