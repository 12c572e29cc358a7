import type { VideoConfig } from '../fmp4/init.ts';

/** What a NAL unit is to the access unit that it belongs to. */
export const LEFT_OUT = 0;
export const PARAMETER_SET = 1;
/** Stands before its picture's first slice, such as SEI; after it, it belongs to that picture still. */
export const BESIDE = 2;
export const SLICE = 3;
export type NalKind = typeof LEFT_OUT | typeof PARAMETER_SET | typeof BESIDE | typeof SLICE;

/** How decoding can begin at a picture. */
export const NO_ENTRY = 0;
/** Pictures that follow it but are shown before it cannot be decoded then. */
export const OPEN_ENTRY = 1;
/** Nothing after it refers to anything before it. */
export const CLOSED_ENTRY = 2;
export type Entry = typeof NO_ENTRY | typeof OPEN_ENTRY | typeof CLOSED_ENTRY;

/** A slice header could not be read. */
export const UNKNOWN_ORDER = Number.NaN;

/**
 * What differs between H.264 and H.265 when NAL units are gathered into access units; one for each stream, as it keeps
 * the stream's parameter sets. A `header` is the NAL unit's header as a number, of `headerBytes` bytes.
 *
 * `begin` is told of the first slice of each picture; `isEntry` to `followsOn` speak of that picture.
 */
export interface VideoFormat {
  readonly headerBytes: 1 | 2;
  kind(header: number): NalKind;
  /** The slice begins its picture; `bytes[start, end)` follows the NAL unit's header. */
  isFirstSlice(bytes: Buffer, start: number, end: number): boolean;
  /** Keeps a parameter set. Throws InvalidParameterSet or BitsExhausted. */
  keepParameterSet(nal: Buffer): 'known' | 'new' | 'refused';
  /** SEI that says that decoding can begin here; ITU-T H.264 §D.2.8, H.265 §D.3.8. */
  isRecoveryPoint(nal: Buffer, start: number, end: number): boolean;

  begin(header: number, bytes: Buffer, start: number, end: number): void;
  /** `recoveryPoint`: such an SEI came with it. `patient`: better entries may be hoped for. */
  entry(recoveryPoint: boolean, patient: boolean): Entry;
  /** No other picture refers to it. */
  isDisposable(header: number): boolean;
  /** It refers to what was before the open entry; `shownBefore` as the entry's is its time. */
  isSkippedAfterEntry(shownBefore: boolean): boolean;
  /** A further slice, said to be its picture's first, under the same timestamp: of another picture. */
  isAnother(header: number, bytes: Buffer, start: number, end: number): boolean;
  /** A slice is that of the frame's other field. */
  isSecondField(header: number, bytes: Buffer, start: number, end: number): boolean;
  /** It is a field: the other one may follow. */
  isField(): boolean;
  /** After a loss of `packets` packets: no picture that it may refer to is missing. */
  followsOn(packets: number, insideOnly: boolean): boolean;
  /** The picture was handed on; `latest`: it is shown later than all before it. */
  handedOn(latest: boolean): void;
  /**
   * Steps of the order count from the picture shown latest of those handed on to this one, as the bitstream has it:
   * negative when it is shown before that. Undefined when it cannot be told.
   */
  orderFromLatest(): number | undefined;

  /** Where in the order the picture is shown, in pictures or half pictures since the last closed entry. */
  order(entry: Entry): number;

  /** What a decoder must know for the picture, if that is known and not what it was told. */
  changedConfig(): VideoConfig | undefined;
  /** Pictures that may be held back, of the parameter set that applies; undefined where it does not tell. */
  readonly reorderPictures: number | undefined;
  readonly pictureSeconds: number | undefined;
}
