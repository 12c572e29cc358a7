import { BitReader, BitsExhausted } from '../bitstream/bit-reader.ts';
import { isIdr, isRandomAccess } from './nal-unit.ts';
import type { PictureParameters, SequenceParameters } from './parameter-sets.ts';

/** Bytes that the part of a slice header read here can take, with room to spare. */
export const SLICE_HEADER_BYTES = 32;

/** The head of a picture's first slice segment, ITU-T H.265 §7.3.6.1. Written over each time. */
export interface SliceHeader {
  type: number;
  temporalId: number;
  pictureParametersId: number;
  orderLsb: number;
}

export function emptySliceHeader(): SliceHeader {
  return { type: 0, temporalId: 0, pictureParametersId: 0, orderLsb: 0 };
}

/** The parameter sets that slices refer to. */
export interface ActiveParameters {
  picture(id: number): PictureParameters | undefined;
  sequence(id: number): SequenceParameters | undefined;
}

const reader = new BitReader(new Uint8Array(1));

/**
 * Reads the head of a picture's first slice segment; `bytes[start, end)` follows the two header bytes. False when it
 * cannot be had: not the first, cut short, or of parameter sets that are not known.
 */
export function readSliceHeader(
  into: SliceHeader,
  type: number,
  temporalId: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  parameters: ActiveParameters,
): boolean {
  if (start >= end) return false;
  try {
    reader.restart(bytes, start, Math.min(end, start + SLICE_HEADER_BYTES));
    into.type = type;
    into.temporalId = temporalId;
    if (reader.bit() === 0) return false; // first_slice_segment_in_pic_flag
    if (isRandomAccess(type)) reader.skip(1); // no_output_of_prior_pics_flag
    into.pictureParametersId = reader.unsigned();
    const picture = parameters.picture(into.pictureParametersId);
    const sequence = picture && parameters.sequence(picture.sequenceId);
    if (picture === undefined || sequence === undefined) return false;
    reader.skip(picture.extraSliceHeaderBits);
    reader.unsigned(); // slice_type
    if (picture.outputFlagPresent) reader.skip(1);
    if (sequence.separateColourPlanes) reader.skip(2);
    into.orderLsb = isIdr(type) ? 0 : reader.bits(sequence.orderLsbBits);
    return true;
  } catch (error) {
    if (error instanceof BitsExhausted) return false;
    throw error;
  }
}
