import type { PartWriter, Slice } from '../memory/part-writer.ts';
import {
  fragmentHeaderRoom,
  MAX_PART_SAMPLES,
  SAMPLE_BYTES,
  SAMPLE_DURATION,
  SAMPLE_FIELDS,
  SAMPLE_OFFSET,
  SAMPLE_RANDOM_ACCESS,
  writeFragmentHeader,
  type PartSound,
  type SampleTable,
} from './fragment.ts';
import { initSegment, TIMESCALE, type VideoConfig } from './init.ts';
import { MAX_SOUND_FRAMES, type SoundSamples } from './sound-samples.ts';
import { choosePartTarget, partEnds, usualPartTicks, type PartTarget } from './part-target.ts';

/** A part that will not change any more, and whose bytes lie in shared memory under leases of their own. */
export interface ClosedPart {
  initIndex: number;
  /** Wall time of its first picture, Unix ms. */
  startMs: number;
  /** Decode time of its first sample on the run's timeline. */
  decodeTicks: number;
  durationTicks: number;
  byteLength: number;
  samples: number;
  /** Begins with a random access point. */
  independent: boolean;
  startsSegment: boolean;
  endsSegment: boolean;
  /** Media is missing, or its timeline starts anew, between this part and the one before it. */
  discontinuity: boolean;
  slices: readonly Slice[];
}

/** A part with what tells of its pictures (condition/); not handed on between threads. */
export interface MeasuredPart extends ClosedPart {
  /** Before its media bytes. */
  headerBytes: number;
  /** Of pictures, without sound. */
  mediaBytes: number;
  /** Of its first picture, which begins its media bytes. */
  firstUnitBytes: number;
}

export interface InitSegment {
  /** Counts from 0 in a run. */
  index: number;
  config: VideoConfig;
  bytes: Buffer;
}

/** What a segmenter hands on, in this order: an init, the part target once, parts. */
export interface SegmenterOutput {
  init(init: InitSegment): void;
  /** Decided once for the life of the camera's URL; asked for only if none was given. */
  partTarget(target: PartTarget): void;
  part(part: MeasuredPart): void;
  /** The segment ended although its last part was handed on as if more would follow. */
  segmentEnd(): void;
}

export interface SegmenterOptions {
  /** Length of a part to aim at, ticks. */
  partAimTicks: number;
  /** A segment ends at the first random access point after this, ticks. */
  segmentAimTicks: number;
  /** A segment is cut off a random access point rather than become longer, ticks. EXT-X-TARGETDURATION. */
  segmentMaxTicks: number;
  /** What an earlier run of the same camera decided, or undefined. */
  partTarget: PartTarget | undefined;
  /** Wall time at which a picture of this decode time was taken, Unix ms. */
  wallMs: (decodeTicks: number) => number;
}

/** Above this between two pictures a new timeline begins instead of one picture standing still so long. */
const MAX_PICTURE_TICKS = 3 * TIMESCALE;
/** A segment's length is compared with EXT-X-TARGETDURATION in whole seconds (RFC 8216bis §4.4.3.1). */
const SEGMENT_ROUNDING_TICKS = TIMESCALE / 2;
/** Assumed of the first picture, until a second one tells. */
const FIRST_PICTURE_TICKS = TIMESCALE / 25;
/** A segment ends at the first picture after this, random access point or not. 60 Mbit/s for four seconds stay below. */
export const MAX_SEGMENT_BYTES = 32 * 1024 * 1024;
/** Samples that a part has room for until its camera has shown how many it needs. */
const FIRST_PART_SAMPLES = 32;
const SPARE_SAMPLES = 8;

/** Built by one part at a time, so one buffer for all cameras of the thread. */
const header = Buffer.alloc(fragmentHeaderRoom(MAX_PART_SAMPLES, MAX_SOUND_FRAMES));

/**
 * Cuts the pictures of one run into parts and segments, writing their bytes as they come.
 *
 * Calls per picture, in order: `beginUnit`, then `openNal`, `append`…, `closeNal` per NAL unit, then `commitUnit`,
 * `discardUnit` or `dropUnit`. A picture's duration is known when the next one begins, so that is when parts close.
 */
export class Segmenter {
  readonly #options: SegmenterOptions;
  readonly #writer: PartWriter;
  readonly #output: SegmenterOutput;
  #partTarget: PartTarget | undefined;
  #initIndex = -1;
  #config: VideoConfig | undefined;
  #sound: SoundSamples | undefined;
  #soundInInit = false;
  #sequenceNumber = 0;

  #partOpen = false;
  #segmentOpen = false;
  #discontinuity = false;
  #partStartsSegment = false;
  /** The segment's first part, once closed, begins with a random access point. */
  #segmentIndependent = false;
  #partDiscontinuity = false;
  #partTicks = 0;
  #segmentTicks = 0;
  /** Length of the last segment that a random access point ended. */
  #usualSegmentTicks = Number.POSITIVE_INFINITY;
  #mediaBytes = 0;
  /** Of the segment's closed parts. */
  #segmentBytes = 0;
  #room = FIRST_PART_SAMPLES;
  readonly #samples: SampleTable = {
    count: 0,
    fields: new Int32Array(MAX_PART_SAMPLES * SAMPLE_FIELDS),
  };

  /** Decode time of the last picture begun; its usual distance to the next. */
  #lastTicks = Number.NEGATIVE_INFINITY;
  #pictureTicks = FIRST_PICTURE_TICKS;
  /** Added to all times. */
  #originTicks = 0;
  #unitTicks = 0;
  #unitOffset = 0;
  #unitRandomAccess = 0;
  /** Decode time of the last picture committed. */
  #sampleTicks = 0;

  constructor(options: SegmenterOptions, writer: PartWriter, output: SegmenterOutput) {
    this.#options = options;
    this.#writer = writer;
    this.#output = output;
    this.#partTarget = options.partTarget;
  }

  get initIndex(): number {
    return this.#initIndex;
  }

  /** Of the part that is being written. */
  get openBytes(): number {
    return this.#writer.openBytes;
  }

  /**
   * Decode time of the picture that is expected to close the open part, ticks; undefined while that cannot be told.
   * Only a guess from the camera's habits: when to look, not what will be there.
   */
  get expectedCloseTicks(): number | undefined {
    if (!this.#partOpen || this.#partTarget === undefined) return undefined;
    const partEnd = this.#partTicks + usualPartTicks(this.#partTarget, this.#pictureTicks);
    const segmentEnd = this.#segmentTicks + this.#usualSegmentTicks;
    return segmentEnd > this.#sampleTicks ? Math.min(partEnd, segmentEnd) : partEnd;
  }

  /** Sound that goes with the pictures; call before the first `configure`. */
  carrySound(sound: SoundSamples): void {
    this.#sound = sound;
  }

  /** A frame of it, heard when a picture of this time is shown; ticks of the run's timeline. */
  soundFrame(bytes: Buffer, start: number, end: number, ticks: number): void {
    this.#sound?.add(bytes, start, end, ticks + this.#originTicks);
  }

  /** From here on pictures need another init; call before `beginUnit` of a random access point. */
  configure(config: VideoConfig): void {
    if (this.#initIndex >= 0) this.interrupt();
    this.#initIndex++;
    this.#config = config;
    const isHeard = this.#sound?.isHeard(Math.max(0, this.#lastTicks)) ?? false;
    this.#soundInInit = isHeard;
    if (!isHeard) this.#sound?.clear();
    const sound = isHeard ? this.#sound?.config : undefined;
    const codec = sound === undefined ? config.codec : `${config.codec},${sound.codec}`;
    this.#output.init({
      index: this.#initIndex,
      config: { ...config, codec },
      bytes: initSegment(config, sound),
    });
  }

  /**
   * A picture begins, decoded and shown at these ticks of the run's timeline. False when there is no memory for it: it
   * is as lost.
   */
  beginUnit(decodeTicks: number, shownTicks: number, randomAccess: boolean): boolean {
    // The first pictures of a stream that holds some back are decoded before the run's first is shown; tfdt is
    // unsigned, so the run is moved. What stands at a decode time is then what is shown at it, all through the run.
    if (this.#lastTicks === Number.NEGATIVE_INFINITY) {
      this.#originTicks = Math.max(0, Math.ceil(-decodeTicks));
    }
    const due = Math.round(decodeTicks) + this.#originTicks;
    // Decode order may not go back.
    const ticks = due > this.#lastTicks ? due : this.#lastTicks + 1;
    const sinceLast = ticks - this.#lastTicks;
    if (randomAccess && this.#sound !== undefined) this.#followSound(this.#sound, ticks);
    // So late that nothing can tell of the pause within this segment.
    const segmentTicks = ticks - this.#segmentTicks;
    const tooLate = segmentTicks >= this.#options.segmentMaxTicks + SEGMENT_ROUNDING_TICKS;
    if (this.#partOpen && (sinceLast > MAX_PICTURE_TICKS || tooLate)) this.interrupt();
    if (this.#partOpen && this.#samples.count > 0) this.#closeAt(ticks, sinceLast, randomAccess);
    if (sinceLast > 1 && sinceLast <= MAX_PICTURE_TICKS) this.#pictureTicks = sinceLast;
    if (!this.#partOpen && !this.#openPart(ticks)) return false;
    // The picture that opened it was discarded.
    if (this.#samples.count === 0) this.#partTicks = ticks;
    this.#lastTicks = ticks;
    this.#unitTicks = ticks;
    this.#unitOffset = shownTicks + this.#originTicks - ticks;
    this.#unitRandomAccess = randomAccess ? 1 : 0;
    this.#writer.markUnit();
    return true;
  }

  openNal(): void {
    this.#writer.openNal();
  }

  appendByte(byte: number): void {
    this.#writer.appendByte(byte);
  }

  append(from: Buffer, start: number, end: number): void {
    this.#writer.append(from, start, end);
  }

  closeNal(): void {
    this.#writer.closeNal();
  }

  /** The picture is whole. False when memory ran out in its middle: it was dropped instead. */
  commitUnit(): boolean {
    if (this.#writer.exhausted) {
      this.dropUnit();
      return false;
    }
    const samples = this.#samples;
    const { fields } = samples;
    const at = samples.count++ * SAMPLE_FIELDS;
    fields[at + SAMPLE_BYTES] = this.#writer.unitBytes;
    fields[at + SAMPLE_DURATION] = this.#pictureTicks;
    fields[at + SAMPLE_OFFSET] = this.#unitOffset;
    fields[at + SAMPLE_RANDOM_ACCESS] = this.#unitRandomAccess;
    if (at > 0) {
      fields[at - SAMPLE_FIELDS + SAMPLE_DURATION] = this.#unitTicks - this.#sampleTicks;
    }
    this.#sampleTicks = this.#unitTicks;
    this.#mediaBytes += this.#writer.unitBytes;
    return true;
  }

  /** The picture is not whole, but nothing refers to it: it is left out, and the one before it stands for longer. */
  discardUnit(): void {
    this.#writer.rewindUnit();
  }

  /** The picture is not whole: nothing of it is handed on, and the media breaks here. */
  dropUnit(): void {
    this.#writer.rewindUnit();
    this.interrupt();
  }

  /** What is there is handed on, and what follows is marked as not following on it. */
  interrupt(): void {
    if (this.#samples.count > 0) {
      this.#closePart(this.#sampleTicks + this.#pictureTicks, true);
    } else if (this.#partOpen) {
      this.#writer.abandon();
      this.#partOpen = false;
      // A part that starts a segment was never told of; one that continues it leaves it without an end.
      if (!this.#partStartsSegment) this.#output.segmentEnd();
    } else if (this.#segmentOpen) {
      this.#output.segmentEnd();
    }
    this.#segmentOpen = false;
    this.#discontinuity = true;
  }

  /** The run ends: its last part is handed on, its memory given back. */
  end(): void {
    this.interrupt();
    this.#writer.close();
  }

  /** Players wait for sound that an init segment promised: where it came or went, another init begins. */
  #followSound(sound: SoundSamples, ticks: number): void {
    if (this.#config === undefined || this.#initIndex < 0) return;
    if (sound.isHeard(ticks) !== this.#soundInInit) this.configure(this.#config);
  }

  /** Writes the frames that have come behind the part's pictures; undefined where there are none. */
  #takeSound(): PartSound | undefined {
    const sound = this.#sound;
    if (sound === undefined || !this.#soundInInit) return undefined;
    const frames = sound.ready;
    if (frames === 0) return undefined;
    const bytes = sound.bytes(frames);
    this.#writer.markUnit();
    this.#writer.append(bytes, 0, bytes.length);
    if (this.#writer.exhausted) {
      this.#writer.rewindUnit();
      return undefined;
    }
    const { decodeTime } = sound;
    return { frames, byteLength: bytes.length, decodeTime, size: (frame) => sound.size(frame) };
  }

  #closeAt(ticks: number, sinceLast: number, randomAccess: boolean): void {
    const { segmentAimTicks, segmentMaxTicks, partAimTicks } = this.#options;
    const duration = ticks - this.#partTicks;
    const segmentDuration = ticks - this.#segmentTicks;
    if (this.#partTarget === undefined) {
      const picture = duration / this.#samples.count;
      if (duration + picture > partAimTicks * 0.8) {
        this.#partTarget = choosePartTarget(picture, partAimTicks);
        this.#output.partTarget(this.#partTarget);
      }
    }
    const independent = this.#partStartsSegment
      ? this.#samples.fields[SAMPLE_RANDOM_ACCESS] === 1
      : this.#segmentIndependent;
    // A piece of a long group ends with its group, however short: players begin where segments do.
    const endsSegment =
      (randomAccess && (!independent || segmentDuration + sinceLast / 2 >= segmentAimTicks)) ||
      segmentDuration + sinceLast > segmentMaxTicks ||
      this.#segmentBytes + this.#mediaBytes > MAX_SEGMENT_BYTES;
    if (endsSegment && randomAccess && independent) this.#usualSegmentTicks = segmentDuration;
    if (
      endsSegment ||
      this.#samples.count === this.#room ||
      (this.#partTarget !== undefined &&
        partEnds(this.#partTarget, duration, this.#pictureTicks, sinceLast))
    ) {
      this.#closePart(ticks, endsSegment);
    }
  }

  #openPart(ticks: number): boolean {
    if (
      !this.#writer.begin(fragmentHeaderRoom(this.#room, this.#soundInInit ? MAX_SOUND_FRAMES : 0))
    ) {
      this.#discontinuity = true;
      return false;
    }
    this.#partOpen = true;
    this.#partTicks = ticks;
    this.#partStartsSegment = !this.#segmentOpen;
    this.#partDiscontinuity = this.#discontinuity;
    this.#discontinuity = false;
    if (!this.#segmentOpen) {
      this.#segmentTicks = ticks;
      this.#segmentBytes = 0;
    }
    this.#segmentOpen = true;
    this.#mediaBytes = 0;
    this.#samples.count = 0;
    return true;
  }

  #closePart(endTicks: number, endsSegment: boolean): void {
    const samples = this.#samples;
    let durationTicks = endTicks - this.#partTicks;
    const limit = this.#partTarget?.ticks ?? 0;
    if (durationTicks > limit && limit > 0) {
      // A picture came a little late. The part ends at its target, and the next begins where it really does: the
      // hole is shorter than a picture. One that stood for longer than a part is told in full (see LiveWindow).
      const last = endTicks - this.#sampleTicks;
      const cut = durationTicks - limit;
      if (last > cut && last <= limit) durationTicks = limit;
    }
    samples.fields[(samples.count - 1) * SAMPLE_FIELDS + SAMPLE_DURATION] =
      this.#partTicks + durationTicks - this.#sampleTicks;
    const sound = this.#takeSound();
    const headerBytes = writeFragmentHeader(
      header,
      ++this.#sequenceNumber,
      this.#partTicks,
      samples,
      this.#mediaBytes,
      sound,
    );
    const byteLength = headerBytes + this.#mediaBytes + (sound?.byteLength ?? 0);
    if (sound !== undefined) this.#sound?.forget(sound.frames);
    const slices = this.#writer.finish(header, headerBytes);
    const independent = samples.fields[SAMPLE_RANDOM_ACCESS] === 1;
    if (this.#partStartsSegment) this.#segmentIndependent = independent;
    this.#output.part({
      initIndex: this.#initIndex,
      startMs: this.#options.wallMs(this.#partTicks),
      decodeTicks: this.#partTicks,
      durationTicks,
      byteLength,
      samples: samples.count,
      independent,
      startsSegment: this.#partStartsSegment,
      endsSegment,
      discontinuity: this.#partDiscontinuity,
      slices,
      headerBytes,
      mediaBytes: this.#mediaBytes,
      firstUnitBytes: samples.fields[SAMPLE_BYTES] as number,
    });
    this.#room = Math.min(MAX_PART_SAMPLES, Math.max(this.#room, samples.count + SPARE_SAMPLES));
    this.#partOpen = false;
    this.#segmentBytes += this.#mediaBytes;
    samples.count = 0;
    if (endsSegment) this.#segmentOpen = false;
  }
}
