import { BitReader, BitsExhausted } from '../bitstream/bit-reader.ts';
import type { PictureParameters, SequenceParameters } from './sps.ts';

/** Bytes that the part of a slice header read here can take, emulation prevention included, with room to spare. */
export const SLICE_HEADER_BYTES = 48;

const I_SLICE = 2;
const SI_SLICE = 4;

/** The head of a slice as far as it tells pictures apart and in order; ITU-T H.264 §7.3.3. Written over each time. */
export interface SliceHeader {
  referenceIdc: number;
  idr: boolean;
  firstMacroblock: number;
  /** All of its macroblocks are intra. */
  intra: boolean;
  /** slice_type 5-9: all slices of the picture are of this type. */
  sameTypeInPicture: boolean;
  pictureParametersId: number;
  frameNumber: number;
  field: boolean;
  bottomField: boolean;
  idrPictureId: number;
  orderLsb: number;
  orderDeltaBottom: number;
  orderDelta0: number;
  orderDelta1: number;
}

export function emptySliceHeader(): SliceHeader {
  return {
    referenceIdc: 0,
    idr: false,
    firstMacroblock: 0,
    intra: false,
    sameTypeInPicture: false,
    pictureParametersId: 0,
    frameNumber: 0,
    field: false,
    bottomField: false,
    idrPictureId: 0,
    orderLsb: 0,
    orderDeltaBottom: 0,
    orderDelta0: 0,
    orderDelta1: 0,
  };
}

/** The parameter sets that slices refer to. */
export interface ActiveParameters {
  picture(id: number): PictureParameters | undefined;
  sequence(id: number): SequenceParameters | undefined;
}

const NOTHING = new Uint8Array(1);
const reader = new BitReader(NOTHING);

/**
 * Reads the head of a slice whose NAL header byte is `headerByte` and whose bytes follow in `bytes[start, end)`; at
 * most SLICE_HEADER_BYTES of them. False when it cannot be had: cut short, or of parameter sets that are not known.
 */
export function readSliceHeader(
  into: SliceHeader,
  headerByte: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  parameters: ActiveParameters,
): boolean {
  if (start >= end) return false;
  try {
    reader.restart(bytes, start, Math.min(end, start + SLICE_HEADER_BYTES));
    into.referenceIdc = (headerByte >> 5) & 3;
    into.idr = (headerByte & 0x1f) === 5;
    into.firstMacroblock = reader.unsigned();
    const type = reader.unsigned();
    into.intra = type % 5 === I_SLICE || type % 5 === SI_SLICE;
    into.sameTypeInPicture = type >= 5;
    into.pictureParametersId = reader.unsigned();
    const picture = parameters.picture(into.pictureParametersId);
    const sequence = picture && parameters.sequence(picture.sequenceId);
    if (picture === undefined || sequence === undefined) return false;
    if (sequence.separateColourPlanes) reader.skip(2);
    into.frameNumber = reader.bits(sequence.frameNumberBits);
    into.field = !sequence.framesOnly && reader.bit() === 1;
    into.bottomField = into.field && reader.bit() === 1;
    into.idrPictureId = into.idr ? reader.unsigned() : 0;
    into.orderLsb = into.orderDeltaBottom = into.orderDelta0 = into.orderDelta1 = 0;
    const { order } = sequence;
    const second = picture.fieldOrderPresent && !into.field;
    if (order.type === 0) {
      into.orderLsb = reader.bits(order.lsbBits);
      if (second) into.orderDeltaBottom = reader.signed();
    } else if (order.type === 1 && !order.deltaAlwaysZero) {
      into.orderDelta0 = reader.signed();
      if (second) into.orderDelta1 = reader.signed();
    }
    return true;
  } catch (error) {
    if (error instanceof BitsExhausted) return false;
    throw error;
  }
}

/** Whether two slices belong to different primary coded pictures; §7.4.1.2.4. */
export function beginsAnotherPicture(before: SliceHeader, after: SliceHeader): boolean {
  return (
    before.frameNumber !== after.frameNumber ||
    before.pictureParametersId !== after.pictureParametersId ||
    before.field !== after.field ||
    before.bottomField !== after.bottomField ||
    (before.referenceIdc === 0) !== (after.referenceIdc === 0) ||
    before.orderLsb !== after.orderLsb ||
    before.orderDeltaBottom !== after.orderDeltaBottom ||
    before.orderDelta0 !== after.orderDelta0 ||
    before.orderDelta1 !== after.orderDelta1 ||
    before.idr !== after.idr ||
    (before.idr && before.idrPictureId !== after.idrPictureId)
  );
}

/** Whether `after` is the second field of the frame that `before` began; §3.30, §7.4.1.2.4. */
export function isSecondField(before: SliceHeader, after: SliceHeader): boolean {
  return (
    before.field &&
    after.field &&
    before.bottomField !== after.bottomField &&
    before.frameNumber === after.frameNumber &&
    !after.idr &&
    // A reference field may follow one that is none only as a frame of its own; the other way round is a pair.
    (before.referenceIdc !== 0 || after.referenceIdc === 0)
  );
}
