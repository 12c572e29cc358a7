import { avcConfigBox } from '../fmp4/init.ts';
import type { Segmenter } from '../fmp4/segmenter.ts';
import { BitsExhausted } from './bit-reader.ts';
import {
  isSlice,
  NAL_AUD,
  NAL_END_OF_SEQUENCE,
  NAL_END_OF_STREAM,
  NAL_FILLER,
  NAL_IDR,
  NAL_PPS,
  NAL_SPS,
} from './nal-unit.ts';
import { InvalidParameterSet, parseSps, ppsId, type SequenceParameters } from './sps.ts';

/** What precedes the first slice of a picture (SEI mostly) is kept up to here; beyond it SEI is dropped. */
const MAX_PREFIX_BYTES = 64 * 1024;
const FIRST_PREFIX_BYTES = 1024;
const MAX_PREFIX_UNITS = 32;
/** Parameter sets longer than this are refused: the longest lawful SPS is far below. */
const MAX_PARAMETER_SET_BYTES = 4096;
/** Picture parameter sets kept at once; real cameras use one or two. */
const MAX_PICTURE_PARAMETER_SETS = 32;
/** Parameter sets looked at in one unit: reading one costs far more than its few bytes. */
const MAX_PARAMETER_SETS_A_UNIT = 64;

export interface UnitCounters {
  /** Access units that were not handed on, being broken or without the picture that they refer to. */
  dropped: number;
  /** Parameter sets that could not be read. */
  badParameterSets: number;
}

/**
 * Gathers NAL units into access units (ITU-T H.264 §7.4.1.2) and hands whole ones to the segmenter as they arrive.
 *
 * A unit is the NAL units of one RTP timestamp: markers are known to lie, timestamps to be right. A unit that lost
 * a packet is dropped, and so is all that may refer to it, until the next random access point. Parameter sets are
 * taken out of the stream into the init segment (ISO 14496-15 §5.3.2, `avc1`); access unit delimiters and filler
 * are left out; SEI stays with its picture.
 */
export class AccessUnits {
  readonly counters: UnitCounters = { dropped: 0, badParameterSets: 0 };
  readonly #segmenter: Segmenter;

  /** A slice of the present unit was seen; its bytes go to the segmenter if `#begun`. */
  #sliceSeen = false;
  #begun = false;
  #broken = false;
  #waitingForRandomAccess = true;
  #ticks = 0;

  /** Where the NAL unit being received in fragments goes. */
  #open: 'none' | 'prefix' | 'picture' | 'nowhere' = 'none';
  #prefix = Buffer.allocUnsafe(FIRST_PREFIX_BYTES);
  #prefixEnd = 0;
  #prefixOpenedAt = 0;
  /** [start, end) of each NAL unit kept in the prefix; written in place, as most cameras send one a picture. */
  readonly #prefixUnits = new Uint32Array(MAX_PREFIX_UNITS * 2);
  #prefixUnitsEnd = 0;

  #sps: Buffer | undefined;
  #parameters: SequenceParameters | undefined;
  readonly #pictureSets = new Map<number, Buffer>();
  #configChanged = false;
  #parameterSetsSeen = 0;

  constructor(segmenter: Segmenter) {
    this.#segmenter = segmenter;
  }

  get parameters(): SequenceParameters | undefined {
    return this.#parameters;
  }

  /** The NAL units that follow belong to a picture shown at `ticks`. */
  begin(ticks: number): void {
    this.#ticks = ticks;
  }

  /** A packet is missing here. `insideUnit`: it may have belonged to the present unit. */
  lost(insideUnit: boolean): void {
    if (insideUnit) this.#broken = true;
    this.#closeUnfinishedNal();
    this.#waitingForRandomAccess = true;
  }

  /** All of the unit has come. True when a picture was handed on. */
  end(): boolean {
    this.#closeUnfinishedNal();
    let committed = false;
    if (this.#begun) {
      if (this.#broken) this.#segmenter.dropUnit();
      else committed = this.#segmenter.commitUnit();
    }
    if (!committed && (this.#sliceSeen || this.#broken)) {
      this.counters.dropped++;
      this.#waitingForRandomAccess = true;
      if (!this.#begun) this.#segmenter.interrupt();
    }
    this.#sliceSeen = false;
    this.#begun = false;
    this.#broken = false;
    this.#prefixEnd = 0;
    this.#prefixUnitsEnd = 0;
    this.#parameterSetsSeen = 0;
    return committed;
  }

  /** A whole NAL unit, header byte first. */
  nal(bytes: Buffer, start: number, end: number): void {
    this.#openNal(bytes[start] as number, bytes, start + 1, end);
    this.closeNal();
  }

  /** A NAL unit begins whose header byte came apart from its first fragment. */
  openNal(headerByte: number, bytes: Buffer, start: number, end: number): void {
    this.#openNal(headerByte, bytes, start, end);
  }

  /** More of the open NAL unit. Without one its start was lost. */
  appendNal(bytes: Buffer, start: number, end: number): void {
    if (this.#open === 'picture') this.#segmenter.append(bytes, start, end);
    else if (this.#open === 'prefix') this.#appendPrefix(bytes, start, end);
    else if (this.#open === 'none') this.#broken = true;
  }

  closeNal(): void {
    const open = this.#open;
    this.#open = 'none';
    if (open === 'picture') this.#segmenter.closeNal();
    else if (open === 'prefix') this.#closePrefix();
  }

  /** A parameter set from the session description, header byte included. */
  parameterSet(nal: Buffer): void {
    if (nal.length > 1) this.#keepParameterSet(nal);
  }

  #openNal(headerByte: number, bytes: Buffer, start: number, end: number): void {
    this.#closeUnfinishedNal();
    const type = headerByte & 0x1f;
    if (isSlice(type)) {
      if (!this.#sliceSeen) this.#beginPicture(type, bytes, start, end);
      if (!this.#begun) {
        this.#open = 'nowhere';
        return;
      }
      this.#open = 'picture';
      this.#segmenter.openNal();
      this.#segmenter.appendByte(headerByte);
      this.#segmenter.append(bytes, start, end);
      return;
    }
    if (
      type === NAL_AUD ||
      type === NAL_FILLER ||
      type === NAL_END_OF_SEQUENCE ||
      type === NAL_END_OF_STREAM ||
      type === 0 ||
      type > 23
    ) {
      this.#open = 'nowhere';
      return;
    }
    if (this.#begun && type !== NAL_SPS && type !== NAL_PPS) {
      // After the first slice: slice data of other layers, SEI that came late. It belongs to this picture.
      this.#open = 'picture';
      this.#segmenter.openNal();
      this.#segmenter.appendByte(headerByte);
      this.#segmenter.append(bytes, start, end);
      return;
    }
    this.#open = 'prefix';
    this.#prefixOpenedAt = this.#prefixEnd;
    this.#reservePrefix(1);
    this.#prefix[this.#prefixEnd++] = headerByte;
    this.#appendPrefix(bytes, start, end);
  }

  /** An open NAL unit that nothing ended: its last fragment was lost. */
  #closeUnfinishedNal(): void {
    if (this.#open === 'none') return;
    if (this.#open === 'picture') {
      this.#segmenter.closeNal();
      this.#broken = true;
    } else if (this.#open === 'prefix') {
      this.#prefixEnd = this.#prefixOpenedAt;
    }
    this.#open = 'none';
  }

  #beginPicture(type: number, bytes: Buffer, start: number, end: number): void {
    this.#sliceSeen = true;
    const randomAccess = type === NAL_IDR;
    // first_mb_in_slice = 0 is the single bit 1 (§7.3.3): anything else, and the picture's start is missing.
    if (start >= end || (bytes[start] as number) < 0x80) this.#broken = true;
    if (this.#broken || (this.#waitingForRandomAccess && !randomAccess)) {
      return;
    }
    if (randomAccess && this.#configChanged) this.#configure();
    if (this.#segmenter.initIndex < 0 || !this.#segmenter.beginUnit(this.#ticks, randomAccess)) {
      return;
    }
    this.#begun = true;
    if (randomAccess) this.#waitingForRandomAccess = false;
    for (let i = 0; i < this.#prefixUnitsEnd; i += 2) {
      this.#segmenter.openNal();
      this.#segmenter.append(
        this.#prefix,
        this.#prefixUnits[i] as number,
        this.#prefixUnits[i + 1] as number,
      );
      this.#segmenter.closeNal();
    }
  }

  #appendPrefix(bytes: Buffer, start: number, end: number): void {
    if (!this.#reservePrefix(end - start)) {
      this.#prefixEnd = this.#prefixOpenedAt;
      this.#open = 'nowhere';
      return;
    }
    bytes.copy(this.#prefix, this.#prefixEnd, start, end);
    this.#prefixEnd += end - start;
  }

  #reservePrefix(length: number): boolean {
    const needed = this.#prefixEnd + length;
    if (needed > MAX_PREFIX_BYTES) return false;
    if (needed > this.#prefix.length) {
      const larger = Buffer.allocUnsafe(
        Math.min(MAX_PREFIX_BYTES, Math.max(needed, this.#prefix.length * 2)),
      );
      this.#prefix.copy(larger, 0, 0, this.#prefixEnd);
      this.#prefix = larger;
    }
    return true;
  }

  #closePrefix(): void {
    const start = this.#prefixOpenedAt;
    const end = this.#prefixEnd;
    const type = (this.#prefix[start] as number) & 0x1f;
    if (type === NAL_SPS || type === NAL_PPS) {
      this.#prefixEnd = start;
      this.#keepParameterSet(this.#prefix.subarray(start, end));
    } else if (this.#prefixUnitsEnd < this.#prefixUnits.length) {
      this.#prefixUnits[this.#prefixUnitsEnd++] = start;
      this.#prefixUnits[this.#prefixUnitsEnd++] = end;
    }
  }

  /** Repeated with every random access point, so compared before anything is made of it. */
  #keepParameterSet(nal: Buffer): void {
    if (
      nal.length > MAX_PARAMETER_SET_BYTES ||
      ++this.#parameterSetsSeen > MAX_PARAMETER_SETS_A_UNIT
    ) {
      this.counters.badParameterSets++;
      return;
    }
    try {
      if (((nal[0] as number) & 0x1f) === NAL_SPS) {
        if (this.#sps?.equals(nal)) return;
        const copy = Buffer.from(nal);
        this.#parameters = parseSps(copy);
        this.#sps = copy;
      } else {
        const id = ppsId(nal);
        if (this.#pictureSets.get(id)?.equals(nal)) return;
        if (this.#pictureSets.size >= MAX_PICTURE_PARAMETER_SETS && !this.#pictureSets.has(id)) {
          this.counters.badParameterSets++;
          return;
        }
        this.#pictureSets.set(id, Buffer.from(nal));
      }
      this.#configChanged = true;
    } catch (error) {
      if (!(error instanceof InvalidParameterSet || error instanceof BitsExhausted)) throw error;
      this.counters.badParameterSets++;
    }
  }

  #configure(): void {
    const parameters = this.#parameters;
    if (this.#sps === undefined || parameters === undefined || this.#pictureSets.size === 0) return;
    this.#configChanged = false;
    this.#segmenter.configure({
      codec: parameters.codec,
      sampleEntry: 'avc1',
      configBox: avcConfigBox(this.#sps, [...this.#pictureSets.values()], parameters),
      width: parameters.width,
      height: parameters.height,
      sampleAspect: parameters.sampleAspect,
    });
  }
}
