import { avcConfigBox, type VideoConfig } from '../fmp4/init.ts';
import {
  BESIDE,
  CLOSED_ENTRY,
  LEFT_OUT,
  NO_ENTRY,
  OPEN_ENTRY,
  PARAMETER_SET,
  SLICE,
  UNKNOWN_ORDER,
  type Entry,
  type NalKind,
  type VideoFormat,
} from '../bitstream/video-format.ts';
import { hasRecoveryPoint } from '../bitstream/sei.ts';
import {
  isSlice,
  NAL_AUD,
  NAL_END_OF_SEQUENCE,
  NAL_END_OF_STREAM,
  NAL_FILLER,
  NAL_IDR,
  NAL_PPS,
  NAL_SEI,
  NAL_SPS,
} from './nal-unit.ts';
import { PictureOrder } from './picture-order.ts';
import {
  beginsAnotherPicture,
  emptySliceHeader,
  isSecondField,
  readSliceHeader,
  SLICE_HEADER_BYTES,
  type SliceHeader,
} from './slice-header.ts';
import { parsePps, parseSps, type PictureParameters, type SequenceParameters } from './sps.ts';

/** Parameter sets kept at once; real cameras use one or two of each. */
const MAX_PICTURE_PARAMETER_SETS = 32;
const MAX_SEQUENCE_PARAMETER_SETS = 8;
/** Single NAL units, RFC 6184 §5.2; types above are those of packets, and 0 and 24 to 31 are no NAL units. */
const LAST_NAL_TYPE = 23;

/** The first bytes of a picture's first slice, kept until somebody wants to know: almost nobody does. */
class SliceStart {
  header = 0;
  readonly bytes = Buffer.alloc(SLICE_HEADER_BYTES);
  length = 0;

  keep(header: number, from: Buffer, start: number, end: number): void {
    this.header = header;
    const length = Math.min(SLICE_HEADER_BYTES, end - start);
    for (let i = 0; i < length; i++) this.bytes[i] = from[start + i] as number;
    this.length = length;
  }

  copy(other: SliceStart): void {
    this.keep(other.header, other.bytes, 0, other.length);
  }
}

/** H.264 for AccessUnits: NAL units, parameter sets and slice headers of ITU-T H.264. */
export class H264Format implements VideoFormat {
  readonly headerBytes = 1;
  readonly #sequenceSets = new Map<number, { nal: Buffer; parameters: SequenceParameters }>();
  readonly #pictureSets = new Map<number, { nal: Buffer; parameters: PictureParameters }>();
  #changed = false;
  /** Of the picture that was begun last, or of the first one to come. */
  #active: SequenceParameters | undefined;
  /** The init segment was made for it. */
  #configured: SequenceParameters | undefined;
  readonly #present = new SliceStart();
  /** Of the last picture handed on that others may refer to, and of the one shown latest. */
  readonly #lastReference = new SliceStart();
  readonly #latest = new SliceStart();
  readonly #order = new PictureOrder();
  readonly #header = emptySliceHeader();
  readonly #other = emptySliceHeader();
  readonly #sets = {
    picture: (id: number) => this.#pictureSets.get(id)?.parameters,
    sequence: (id: number) => this.#sequenceSets.get(id)?.parameters,
  };

  get reorderPictures(): number | undefined {
    return this.#active?.reorderPictures;
  }

  get pictureSeconds(): number | undefined {
    return this.#active?.pictureSeconds;
  }

  /** Of the sequence that is being received, for tests and the curious. */
  get parameters(): SequenceParameters | undefined {
    return this.#active;
  }

  kind(header: number): NalKind {
    const type = header & 0x1f;
    if (isSlice(type)) return SLICE;
    switch (type) {
      case NAL_SPS:
      case NAL_PPS:
        return PARAMETER_SET;
      case 0:
      case NAL_AUD:
      case NAL_END_OF_SEQUENCE:
      case NAL_END_OF_STREAM:
      case NAL_FILLER:
        return LEFT_OUT;
      default:
        return type > LAST_NAL_TYPE ? LEFT_OUT : BESIDE;
    }
  }

  /** first_mb_in_slice = 0 is the single bit 1 (§7.3.3). */
  isFirstSlice(bytes: Buffer, start: number, end: number): boolean {
    return start < end && (bytes[start] as number) >= 0x80;
  }

  keepParameterSet(nal: Buffer): 'known' | 'new' | 'refused' {
    if (((nal[0] as number) & 0x1f) === NAL_SPS) {
      for (const known of this.#sequenceSets.values()) if (known.nal.equals(nal)) return 'known';
      const copy = Buffer.from(nal);
      const parameters = parseSps(copy);
      if (!hasRoom(this.#sequenceSets, parameters.id, MAX_SEQUENCE_PARAMETER_SETS))
        return 'refused';
      this.#sequenceSets.set(parameters.id, { nal: copy, parameters });
      if (this.#active === undefined || this.#active.id === parameters.id) {
        this.#active = parameters;
      }
    } else {
      for (const known of this.#pictureSets.values()) if (known.nal.equals(nal)) return 'known';
      const copy = Buffer.from(nal);
      const parameters = parsePps(copy);
      if (!hasRoom(this.#pictureSets, parameters.id, MAX_PICTURE_PARAMETER_SETS)) return 'refused';
      this.#pictureSets.set(parameters.id, { nal: copy, parameters });
    }
    this.#changed = true;
    return 'new';
  }

  isRecoveryPoint(nal: Buffer, start: number, end: number): boolean {
    return ((nal[start] as number) & 0x1f) === NAL_SEI && hasRecoveryPoint(nal, start + 1, end);
  }

  begin(header: number, bytes: Buffer, start: number, end: number): void {
    this.#present.keep(header, bytes, start, end);
  }

  entry(recoveryPoint: boolean, patient: boolean): Entry {
    if ((this.#present.header & 0x1f) === NAL_IDR) return CLOSED_ENTRY;
    if (recoveryPoint) return OPEN_ENTRY;
    if (patient || !this.#read(this.#present, this.#header)) return NO_ENTRY;
    return this.#header.intra && this.#header.sameTypeInPicture ? OPEN_ENTRY : NO_ENTRY;
  }

  /** nal_ref_idc = 0, §7.4.1. */
  isDisposable(header: number): boolean {
    return (header & 0x60) === 0;
  }

  isSkippedAfterEntry(shownBefore: boolean): boolean {
    return shownBefore;
  }

  isAnother(header: number, bytes: Buffer, start: number, end: number): boolean {
    return this.#readBoth(header, bytes, start, end)
      ? beginsAnotherPicture(this.#header, this.#other)
      : false;
  }

  isSecondField(header: number, bytes: Buffer, start: number, end: number): boolean {
    if (this.#active === undefined || this.#active.framesOnly) return false;
    return this.#readBoth(header, bytes, start, end) && isSecondField(this.#header, this.#other);
  }

  isField(): boolean {
    if (this.#active === undefined || this.#active.framesOnly) return false;
    return this.#read(this.#present, this.#header) && this.#header.field;
  }

  /**
   * frame_num counts reference frames (§7.4.3): where it goes on by one, none is missing; unless so many are that it
   * has come round, and each is a packet at least.
   */
  followsOn(packets: number): boolean {
    const bits = this.#active?.frameNumberBits ?? 0;
    if (packets >= 2 ** bits || this.#lastReference.length === 0) return false;
    if (!this.#read(this.#lastReference, this.#other)) return false;
    if (!this.#read(this.#present, this.#header)) return false;
    return this.#header.frameNumber === (this.#other.frameNumber + 1) % 2 ** bits;
  }

  handedOn(latest: boolean): void {
    if ((this.#present.header & 0x60) !== 0) this.#lastReference.copy(this.#present);
    if (latest) this.#latest.copy(this.#present);
  }

  orderFromLatest(): number | undefined {
    const order = this.#active?.order;
    if (order === undefined) return undefined;
    if (order.type === 2) return 1;
    if (!this.#read(this.#latest, this.#other) || !this.#read(this.#present, this.#header)) {
      return undefined;
    }
    if (order.type === 1) return this.#orderOf(this.#header) - this.#orderOf(this.#other);
    // Less than half of the circle apart (§8.2.1.1).
    const modulus = 2 ** order.lsbBits;
    const step = (this.#header.orderLsb - this.#other.orderLsb + modulus) % modulus;
    return step > modulus / 2 ? step - modulus : step;
  }

  order(): number {
    const sequence = this.#active;
    if (sequence === undefined || !this.#read(this.#present, this.#header)) return UNKNOWN_ORDER;
    return this.#order.next(this.#header, sequence);
  }

  changedConfig(): VideoConfig | undefined {
    if (!this.#changed) return this.#configOfAnother();
    const active = this.#activate();
    if (active === undefined || this.#pictureSets.size === 0) return undefined;
    this.#changed = false;
    this.#configured = active;
    return this.#config(active);
  }

  /** Another of the known sequence parameter sets applies from here on. */
  #configOfAnother(): VideoConfig | undefined {
    if (this.#sequenceSets.size < 2) return undefined;
    const active = this.#activate();
    if (active === undefined || this.#configured === undefined) return undefined;
    if (isAlike(active, this.#configured)) return undefined;
    this.#configured = active;
    return this.#config(active);
  }

  /** The parameter set that the present picture refers to. */
  #activate(): SequenceParameters | undefined {
    if (this.#sequenceSets.size > 1 && this.#read(this.#present, this.#header)) {
      const picture = this.#pictureSets.get(this.#header.pictureParametersId)?.parameters;
      const set = picture && this.#sequenceSets.get(picture.sequenceId);
      if (set !== undefined) this.#active = set.parameters;
    }
    return this.#active;
  }

  #config(active: SequenceParameters): VideoConfig {
    const alike = [...this.#sequenceSets.values()].filter(({ parameters }) =>
      isAlike(parameters, active),
    );
    const ordered = alike.toSorted(
      (a, b) => Number(b.parameters.id === active.id) - Number(a.parameters.id === active.id),
    );
    const ids = new Set(alike.map(({ parameters }) => parameters.id));
    const pictureSets = [...this.#pictureSets.values()];
    const ours = pictureSets.filter(({ parameters }) => ids.has(parameters.sequenceId));
    return {
      codec: active.codec,
      sampleEntry: 'avc1',
      configBox: avcConfigBox(
        ordered.map(({ nal }) => nal),
        (ours.length > 0 ? ours : pictureSets).map(({ nal }) => nal),
        active,
      ),
      width: active.width,
      height: active.height,
      sampleAspect: active.sampleAspect,
    };
  }

  #read(start: SliceStart, into: SliceHeader): boolean {
    return readSliceHeader(into, start.header, start.bytes, 0, start.length, this.#sets);
  }

  #readBoth(header: number, bytes: Buffer, start: number, end: number): boolean {
    return (
      this.#read(this.#present, this.#header) &&
      readSliceHeader(this.#other, header, bytes, start, end, this.#sets)
    );
  }

  #orderOf(header: SliceHeader): number {
    return new PictureOrder().next(header, this.#active as SequenceParameters);
  }
}

/** Decoders that were told of one can go on with the other: ISO 14496-15 §5.3.3.1.2 keeps both in one record. */
function isAlike(a: SequenceParameters, b: SequenceParameters): boolean {
  return (
    a.codec === b.codec &&
    a.width === b.width &&
    a.height === b.height &&
    a.chromaFormat === b.chromaFormat &&
    a.framesOnly === b.framesOnly
  );
}

function hasRoom(sets: ReadonlyMap<number, unknown>, id: number, most: number): boolean {
  return sets.has(id) || sets.size < most;
}
