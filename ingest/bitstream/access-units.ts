import { TIMESCALE } from '../fmp4/init.ts';
import type { Segmenter } from '../fmp4/segmenter.ts';
import { BitsExhausted } from './bit-reader.ts';
import { InvalidParameterSet } from './invalid-parameter-set.ts';
import { PictureTimes, type Retiming } from './picture-times.ts';
import { Prefix } from './prefix.ts';
import {
  BESIDE,
  LEFT_OUT,
  NO_ENTRY,
  OPEN_ENTRY,
  PARAMETER_SET,
  SLICE,
  type VideoFormat,
} from './video-format.ts';

/** Parameter sets longer than this are refused: the longest lawful SPS is far below. */
const MAX_PARAMETER_SET_BYTES = 4096;
/** Parameter sets looked at in one unit: reading one costs far more than its few bytes. */
const MAX_PARAMETER_SETS_A_UNIT = 64;
/** Without a better entry for so long, a picture of intra slices only will do. */
const PATIENCE_TICKS = 10 * TIMESCALE;
const START_CODE = Buffer.of(0, 0, 1);

export interface UnitCounters {
  /** Pictures begun, and those handed on whole. */
  begun: number;
  handedOn: number;
  /** Access units that were not handed on, being broken or without the picture that they refer to. */
  dropped: number;
  /** Parameter sets that could not be read. */
  badParameterSets: number;
}

/**
 * Gathers NAL units into access units (ITU-T H.264 §7.4.1.2, H.265 §7.4.2.4) and hands whole ones to the segmenter as
 * they arrive.
 *
 * A unit is the NAL units of one RTP timestamp: markers are known to lie. Where two pictures come under one timestamp
 * their slice headers part them; the two fields of a frame are one sample, under one timestamp or two.
 *
 * A unit that lost a packet is dropped, and so is all that may refer to it, until the next random access point; only
 * itself where the bitstream shows that nothing refers to it. Parameter sets are taken out of the stream into the
 * init segment (ISO 14496-15 §5.3.2, `avc1`, `hvc1`); delimiters and filler are left out; SEI stays.
 */
export class AccessUnits {
  readonly counters: UnitCounters = { begun: 0, handedOn: 0, dropped: 0, badParameterSets: 0 };
  readonly #format: VideoFormat;
  readonly #segmenter: Segmenter;
  readonly #times: PictureTimes;

  /** A slice of the present unit was seen; its bytes go to the segmenter if `#begun`. */
  #sliceSeen = false;
  #begun = false;
  #broken = false;
  /** What was seen of the unit's slices: one that others may refer to, one that they do not. */
  #referred = false;
  #disposable = false;
  /** Left out on purpose, and nothing that is kept refers to it. */
  #skipped = false;
  /** The unit is a field whose other half may come under the next timestamp; it has come. */
  #awaitingField = false;
  #paired = false;
  #ticks = 0;
  #repeats = 0;

  #waitingForRandomAccess = true;
  #waitingSinceTicks = Number.NaN;
  /** Packets missing before what comes next; all of them surely of one unit. */
  #lostPackets = 0;
  #lostInsideOnly = true;
  /** Decoding began at an open entry shown then: what is shown earlier cannot be decoded. */
  #entryTicks = Number.NEGATIVE_INFINITY;

  /** Where the NAL unit being received in fragments goes. */
  #open: 'none' | 'prefix' | 'picture' | 'nowhere' = 'none';
  #openHeader = 0;
  readonly #prefix = new Prefix();
  #recoveryPoint = false;
  #parameterSetsSeen = 0;

  constructor(format: VideoFormat, segmenter: Segmenter, retiming: Retiming) {
    this.#format = format;
    this.#segmenter = segmenter;
    this.#times = new PictureTimes(retiming);
  }

  /** Pictures whose timestamp went back although they are shown later. */
  get restamped(): number {
    return this.#times.restamped;
  }

  /** The NAL units that follow belong to a picture shown at `ticks`. */
  begin(ticks: number): void {
    this.#ticks = ticks;
    this.#repeats = 0;
    this.counters.begun++;
  }

  /**
   * So many packets are missing here. `insideUnit`: some may have belonged to the present unit; `between`: some may
   * have been whole units, or the start of the next.
   */
  lost(insideUnit: boolean, between = !insideUnit, packets = 1): void {
    if (insideUnit || this.#awaitingField) this.#broken = true;
    this.#closeUnfinishedNal();
    this.#lostPackets += packets;
    if (between) this.#lostInsideOnly = false;
  }

  /** All NAL units of the timestamp have come. */
  end(): void {
    this.#closeUnfinishedNal();
    this.#awaitingField = this.#begun && !this.#broken && !this.#paired && this.#format.isField();
    if (!this.#awaitingField) this.#finish();
  }

  /** The stream is over: a field whose other half did not come is not whole. */
  close(): void {
    this.end();
    if (!this.#awaitingField) return;
    this.#broken = true;
    this.#finish();
  }

  /** A whole NAL unit, header first. */
  nal(bytes: Buffer, start: number, end: number): void {
    const { headerBytes } = this.#format;
    if (end - start < headerBytes) return;
    const first = bytes[start] as number;
    const header = headerBytes === 1 ? first : (first << 8) | (bytes[start + 1] as number);
    this.openNal(header, bytes, start + headerBytes, end);
    this.closeNal();
  }

  /** A NAL unit begins whose header came apart from its first fragment. */
  openNal(header: number, bytes: Buffer, start: number, end: number): void {
    if (this.#open !== 'none') this.#closeUnfinishedNal();
    const kind = this.#format.kind(header);
    if (kind === SLICE) this.#openSlice(header, bytes, start, end);
    else if (kind === LEFT_OUT) this.#open = 'nowhere';
    else if (kind === BESIDE && this.#begun && !this.#awaitingField) {
      // After the first slice: slice data of other layers, SEI that came late. It belongs to this picture.
      this.#openInPicture(header, bytes, start, end);
    } else {
      this.#open = 'prefix';
      this.#openHeader = header;
      this.#prefix.open(header, this.#format.headerBytes);
      if (!this.#prefix.append(bytes, start, end)) this.#open = 'nowhere';
    }
  }

  /** More of the open NAL unit; its header is told again, in case its start was lost. */
  appendNal(header: number, bytes: Buffer, start: number, end: number): void {
    if (this.#open === 'picture') this.#segmenter.append(bytes, start, end);
    else if (this.#open === 'prefix') {
      if (!this.#prefix.append(bytes, start, end)) this.#open = 'nowhere';
    } else if (this.#open === 'none') {
      this.#broken = true;
      if (this.#format.kind(header) === SLICE) this.#weigh(header);
      else this.#referred = true;
    }
  }

  closeNal(): void {
    const open = this.#open;
    this.#open = 'none';
    if (open === 'picture') this.#segmenter.closeNal();
    else if (open === 'prefix') this.#closePrefix();
  }

  /** A parameter set from the session description, header included. */
  parameterSet(nal: Buffer): void {
    if (nal.length > this.#format.headerBytes) this.#keepParameterSet(nal);
    this.#parameterSetsSeen = 0;
  }

  #openSlice(header: number, bytes: Buffer, start: number, end: number): void {
    const format = this.#format;
    const isFirst = format.isFirstSlice(bytes, start, end);
    if (isFirst && this.#sliceSeen) {
      if (!this.#broken && !this.#paired && format.isSecondField(header, bytes, start, end)) {
        this.#paired = true;
        this.#awaitingField = false;
        if (this.#begun) this.#writePrefix(false);
      } else if (this.#awaitingField) {
        this.#finishBeforeNext();
      } else if (format.isAnother(header, bytes, start, end)) {
        this.#finishBeforeNext();
        this.#repeats++;
        this.counters.begun++;
      }
    }
    this.#weigh(header);
    if (!this.#sliceSeen) {
      this.#sliceSeen = true;
      // The picture's start is missing.
      if (!isFirst) this.#broken = true;
      this.#beginPicture(header, bytes, start, end);
    }
    if (this.#begun) this.#openInPicture(header, bytes, start, end);
    else this.#open = 'nowhere';
  }

  #weigh(header: number): void {
    if (this.#format.isDisposable(header)) this.#disposable = true;
    else this.#referred = true;
  }

  #openInPicture(header: number, bytes: Buffer, start: number, end: number): void {
    this.#open = 'picture';
    this.#segmenter.openNal();
    if (this.#format.headerBytes === 2) this.#segmenter.appendByte(header >> 8);
    this.#segmenter.appendByte(header & 0xff);
    this.#segmenter.append(bytes, start, end);
  }

  /** An open NAL unit that nothing ended: its last fragment was lost. */
  #closeUnfinishedNal(): void {
    if (this.#open === 'none') return;
    if (this.#open === 'picture') {
      this.#segmenter.closeNal();
      this.#broken = true;
    } else if (this.#open === 'prefix') {
      this.#prefix.forget();
    }
    this.#open = 'none';
  }

  /** Hands the picture to the segmenter, unless it cannot be decoded. */
  #beginPicture(header: number, bytes: Buffer, start: number, end: number): void {
    const format = this.#format;
    const times = this.#times;
    if (this.#broken) return;
    format.begin(header, bytes, start, end);
    const entry = format.entry(this.#recoveryPoint, this.#isPatient());
    times.see(format, entry);
    const isEntry = entry !== NO_ENTRY;
    if (!isEntry && this.#lostPackets > 0) {
      if (!format.followsOn(this.#lostPackets, this.#lostInsideOnly)) this.#wait();
    }
    if (this.#waitingForRandomAccess && !isEntry) return;
    const fresh = this.#waitingForRandomAccess || (isEntry && this.#lostPackets > 0);
    if (!times.place(this.#ticks, this.#repeats, format, entry, fresh)) return;
    if (!isEntry && format.isSkippedAfterEntry(times.shownTicks < this.#entryTicks)) {
      this.#skipped = this.#entryTicks > Number.NEGATIVE_INFINITY;
      if (this.#skipped) return;
    }
    const config = isEntry ? format.changedConfig() : undefined;
    if (config !== undefined) this.#segmenter.configure(config);
    // What is missing may have been pictures.
    else if (isEntry && fresh && this.#segmenter.initIndex >= 0) this.#segmenter.interrupt();
    if (this.#segmenter.initIndex < 0) return;
    if (!this.#segmenter.beginUnit(times.decodeTicks, times.shownTicks, isEntry)) return;
    this.#begun = true;
    // Whatever its header says: what follows begins with it.
    if (isEntry) this.#referred = true;
    this.#lostPackets = 0;
    this.#lostInsideOnly = true;
    if (isEntry) {
      const open = entry === OPEN_ENTRY && fresh;
      this.#entryTicks = open ? times.shownTicks : Number.NEGATIVE_INFINITY;
      this.#waitingForRandomAccess = false;
    }
    this.#writePrefix(isEntry);
  }

  #isPatient(): boolean {
    return !(
      this.#waitingForRandomAccess && this.#ticks - this.#waitingSinceTicks > PATIENCE_TICKS
    );
  }

  #wait(): void {
    if (this.#waitingForRandomAccess && !Number.isNaN(this.#waitingSinceTicks)) return;
    this.#waitingForRandomAccess = true;
    this.#waitingSinceTicks = this.#ticks;
  }

  #finish(): void {
    this.#finishBeforeNext();
    this.#prefix.clear();
    this.#recoveryPoint = false;
    this.#parameterSetsSeen = 0;
  }

  /** Ends the present picture; what was kept in front of the next one stays. */
  #finishBeforeNext(): void {
    const segmenter = this.#segmenter;
    const isDisposable = this.#disposable && !this.#referred;
    let committed = false;
    if (this.#begun) {
      if (!this.#broken) committed = segmenter.commitUnit();
      else if (isDisposable) segmenter.discardUnit();
      else segmenter.dropUnit();
    }
    if (committed) {
      this.counters.handedOn++;
      this.#format.handedOn(this.#times.latest);
    } else if (this.#sliceSeen || this.#broken) {
      this.counters.dropped++;
      // Of the others, and of what was lost without a trace, the next picture's header tells.
      const matters = this.#sliceSeen ? !isDisposable || !this.#broken : this.#referred;
      if (this.#broken && isDisposable && this.#lostInsideOnly) this.#lostPackets = 0;
      if (matters && !this.#skipped) {
        this.#wait();
        if (!this.#begun) segmenter.interrupt();
      }
    }
    this.#sliceSeen = false;
    this.#begun = false;
    this.#broken = false;
    this.#referred = false;
    this.#disposable = false;
    this.#skipped = false;
    this.#awaitingField = false;
    this.#paired = false;
  }

  /** `inInit`: the parameter sets stand in the init segment; else those that changed stay with their picture. */
  #writePrefix(inInit: boolean): void {
    const prefix = this.#prefix;
    for (let unit = 0; unit < prefix.count; unit++) {
      if (inInit && prefix.isParameterSet(unit)) continue;
      this.#segmenter.openNal();
      this.#segmenter.append(prefix.bytes, prefix.start(unit), prefix.endOf(unit));
      this.#segmenter.closeNal();
    }
    prefix.clear();
    this.#recoveryPoint = false;
  }

  #closePrefix(): void {
    const prefix = this.#prefix;
    const { bytes, openedAt, end } = prefix;
    if (this.#format.kind(this.#openHeader) === PARAMETER_SET) {
      const nal = bytes.subarray(openedAt, end);
      const next = nal.indexOf(START_CODE);
      const isNew = this.#keepParameterSet(next < 0 ? nal : withoutZeros(nal.subarray(0, next)));
      // One that changed in the middle of a group of pictures is needed before the next init.
      if (isNew && next < 0) prefix.keep(true);
      else prefix.forget();
      if (next >= 0) this.#annexB(Buffer.from(nal.subarray(next + START_CODE.length)));
      return;
    }
    if (this.#format.isRecoveryPoint(bytes, openedAt, end)) this.#recoveryPoint = true;
    prefix.keep(false);
  }

  /** Some cameras send all of a picture as one NAL unit, with start codes between (ITU-T H.264 annex B). */
  #annexB(rest: Buffer): void {
    let start = 0;
    while (start < rest.length) {
      const next = rest.indexOf(START_CODE, start);
      const unit = withoutZeros(rest.subarray(start, next < 0 ? rest.length : next));
      if (unit.length > 0) this.nal(unit, 0, unit.length);
      if (next < 0) return;
      start = next + START_CODE.length;
    }
  }

  /** Repeated with every random access point. True when it is not known yet. */
  #keepParameterSet(nal: Buffer): boolean {
    if (
      nal.length > MAX_PARAMETER_SET_BYTES ||
      ++this.#parameterSetsSeen > MAX_PARAMETER_SETS_A_UNIT
    ) {
      this.counters.badParameterSets++;
      return false;
    }
    try {
      const kept = this.#format.keepParameterSet(nal);
      if (kept === 'refused') this.counters.badParameterSets++;
      return kept === 'new';
    } catch (error) {
      if (!(error instanceof InvalidParameterSet || error instanceof BitsExhausted)) throw error;
      this.counters.badParameterSets++;
      return false;
    }
  }
}

/** A NAL unit does not end in a zero byte (§7.4.1): it belongs to the start code that follows. */
function withoutZeros(unit: Buffer): Buffer {
  let end = unit.length;
  while (end > 0 && unit[end - 1] === 0) end--;
  return unit.subarray(0, end);
}
