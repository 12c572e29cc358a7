import { hevcConfigBox, type VideoConfig } from '../fmp4/init.ts';
import { hasRecoveryPoint } from '../bitstream/sei.ts';
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
import {
  isIdr,
  isRandomAccess,
  isSkippedLeading,
  isSlice,
  isSubLayerNonReference,
  NAL_AUD,
  NAL_END_OF_SEQUENCE,
  NAL_END_OF_STREAM,
  NAL_FILLER,
  NAL_PPS,
  NAL_PREFIX_SEI,
  NAL_SPS,
  NAL_SUFFIX_SEI,
  NAL_VPS,
} from './nal-unit.ts';
import {
  parsePps,
  parseSps,
  vpsId,
  type PictureParameters,
  type SequenceParameters,
} from './parameter-sets.ts';
import { PictureOrder } from './picture-order.ts';
import { emptySliceHeader, readSliceHeader, SLICE_HEADER_BYTES } from './slice-header.ts';

/** Parameter sets kept at once, of each kind; real cameras use one or two. */
const MAX_PARAMETER_SETS = 16;

/** H.265 for AccessUnits: NAL units, parameter sets and slice headers of ITU-T H.265. */
export class H265Format implements VideoFormat {
  readonly headerBytes = 2;
  readonly #videoSets = new Map<number, Buffer>();
  readonly #sequenceSets = new Map<number, { nal: Buffer; parameters: SequenceParameters }>();
  readonly #pictureSets = new Map<number, { nal: Buffer; parameters: PictureParameters }>();
  #changed = false;
  #active: SequenceParameters | undefined;
  readonly #header = emptySliceHeader();
  #isRead = false;
  /** Of the picture handed on that is shown latest; NaN before one. */
  #latestLsb = Number.NaN;
  readonly #order = new PictureOrder();
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

  kind(header: number): NalKind {
    // Other layers (nuh_layer_id) are enhancements that no browser decodes: §F.
    if ((header & 0x1f8) !== 0) return LEFT_OUT;
    const type = typeOf(header);
    if (isSlice(type)) return SLICE;
    switch (type) {
      case NAL_VPS:
      case NAL_SPS:
      case NAL_PPS:
        return PARAMETER_SET;
      case NAL_PREFIX_SEI:
      case NAL_SUFFIX_SEI:
        return BESIDE;
      case NAL_AUD:
      case NAL_END_OF_SEQUENCE:
      case NAL_END_OF_STREAM:
      case NAL_FILLER:
      default:
        return LEFT_OUT;
    }
  }

  /** first_slice_segment_in_pic_flag, §7.3.6.1. */
  isFirstSlice(bytes: Buffer, start: number, end: number): boolean {
    return start < end && (bytes[start] as number) >= 0x80;
  }

  keepParameterSet(nal: Buffer): 'known' | 'new' | 'refused' {
    const type = ((nal[0] as number) >> 1) & 0x3f;
    if (type === NAL_VPS) {
      const id = vpsId(nal);
      if (this.#videoSets.get(id)?.equals(nal) === true) return 'known';
      if (!hasRoom(this.#videoSets, id)) return 'refused';
      this.#videoSets.set(id, Buffer.from(nal));
    } else if (type === NAL_SPS) {
      for (const known of this.#sequenceSets.values()) if (known.nal.equals(nal)) return 'known';
      const copy = Buffer.from(nal);
      const parameters = parseSps(copy);
      if (!hasRoom(this.#sequenceSets, parameters.id)) return 'refused';
      this.#sequenceSets.set(parameters.id, { nal: copy, parameters });
      if (this.#active === undefined || this.#active.id === parameters.id) {
        this.#active = parameters;
      }
    } else {
      for (const known of this.#pictureSets.values()) if (known.nal.equals(nal)) return 'known';
      const copy = Buffer.from(nal);
      const parameters = parsePps(copy);
      if (!hasRoom(this.#pictureSets, parameters.id)) return 'refused';
      this.#pictureSets.set(parameters.id, { nal: copy, parameters });
    }
    this.#changed = true;
    return 'new';
  }

  isRecoveryPoint(nal: Buffer, start: number, end: number): boolean {
    const type = ((nal[start] as number) >> 1) & 0x3f;
    return type === NAL_PREFIX_SEI && hasRecoveryPoint(nal, start + 2, end);
  }

  begin(header: number, bytes: Buffer, start: number, end: number): void {
    const type = typeOf(header);
    this.#header.type = type;
    this.#header.temporalId = (header & 7) - 1;
    // Nothing of it is asked of pictures that are shown in the order of decoding.
    this.#isRead =
      this.reorderPictures !== 0 || this.#sequenceSets.size > 1
        ? readSliceHeader(
            this.#header,
            type,
            (header & 7) - 1,
            bytes,
            start,
            Math.min(end, start + SLICE_HEADER_BYTES),
            this.#sets,
          )
        : false;
  }

  /** A picture of which only the intra slices are known is no entry here: no H.265 camera without IRAP is known. */
  entry(recoveryPoint: boolean): Entry {
    const { type } = this.#header;
    if (isIdr(type)) return CLOSED_ENTRY;
    return isRandomAccess(type) || recoveryPoint ? OPEN_ENTRY : NO_ENTRY;
  }

  /** A sub-layer non-reference picture, where there are no sub-layers above that may refer to it; §7.4.2.2. */
  isDisposable(header: number): boolean {
    const last = this.#active?.temporalLayers ?? Number.POSITIVE_INFINITY;
    return isSubLayerNonReference(typeOf(header)) && (header & 7) >= last;
  }

  isSkippedAfterEntry(): boolean {
    return isSkippedLeading(this.#header.type);
  }

  /** Two pictures under one timestamp: each has a first slice segment. */
  isAnother(): boolean {
    return true;
  }

  /** Fields are pictures of their own in H.265 (§D.3.3). */
  isSecondField(): boolean {
    return false;
  }

  isField(): boolean {
    return false;
  }

  /** Nothing in H.265 counts pictures: only a loss inside one picture says that no other is missing. */
  followsOn(_packets: number, insideOnly: boolean): boolean {
    return insideOnly;
  }

  handedOn(latest: boolean): void {
    if (latest) this.#latestLsb = this.#isRead ? this.#header.orderLsb : Number.NaN;
  }

  orderFromLatest(): number | undefined {
    if (this.reorderPictures === 0) return 1;
    const bits = this.#active?.orderLsbBits;
    if (bits === undefined || !this.#isRead || Number.isNaN(this.#latestLsb)) return undefined;
    const modulus = 2 ** bits;
    const step = (this.#header.orderLsb - this.#latestLsb + modulus) % modulus;
    return step > modulus / 2 ? step - modulus : step;
  }

  order(entry: Entry): number {
    const bits = this.#active?.orderLsbBits;
    if (bits === undefined || !this.#isRead) return UNKNOWN_ORDER;
    return this.#order.next(this.#header, bits, entry === CLOSED_ENTRY);
  }

  changedConfig(): VideoConfig | undefined {
    const picture = this.#isRead ? this.#sets.picture(this.#header.pictureParametersId) : undefined;
    const applies = picture && this.#sets.sequence(picture.sequenceId);
    if (applies !== undefined && applies !== this.#active) {
      this.#active = applies;
      this.#changed = true;
    }
    const active = this.#active;
    if (!this.#changed || active === undefined || this.#pictureSets.size === 0) return undefined;
    if (this.#videoSets.size === 0) return undefined;
    this.#changed = false;
    const sets = {
      vps: [...this.#videoSets.values()],
      sps: [...this.#sequenceSets.values()].map(({ nal }) => nal),
      pps: [...this.#pictureSets.values()].map(({ nal }) => nal),
    };
    return {
      codec: active.codec,
      sampleEntry: 'hvc1',
      configBox: hevcConfigBox(sets, active),
      width: active.width,
      height: active.height,
      sampleAspect: active.sampleAspect,
    };
  }
}

function typeOf(header: number): number {
  return (header >> 9) & 0x3f;
}

function hasRoom(sets: ReadonlyMap<number, unknown>, id: number): boolean {
  return sets.has(id) || sets.size < MAX_PARAMETER_SETS;
}
