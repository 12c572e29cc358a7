import { TIMESCALE } from '../fmp4/init.ts';
import { DecodeStamps } from './decode-stamps.ts';
import { DecodeTimes } from './decode-times.ts';
import { CLOSED_ENTRY, NO_ENTRY, type Entry, type VideoFormat } from './video-format.ts';

/** Assumed between two pictures until the camera, or its parameter set, has said. */
const FIRST_STEP_TICKS = TIMESCALE / 25;
/** Times between two pictures that are believed. */
const MIN_STEP_TICKS = TIMESCALE / 240;
const MAX_STEP_TICKS = 3 * TIMESCALE;
/** Pictures of a run, and after each entry, whose order is compared with their timestamps. */
const CHECKED_AT_FIRST = 100;
const CHECKED_AFTER_ENTRY = 4;
/** Order counts from one frame to the next, at most: a frame is two fields (ITU-T H.264 §8.2.1). */
const FRAME_ORDER_STEP = 2;

/** What is done about timestamps at the entrance (Timeline). */
export interface Retiming {
  /** Timestamps went wrong: those that follow are to be moved by so many ticks. */
  shift(ticks: number): void;
  /** Where the next picture lies that came under the same timestamp as `repeats` before it. */
  repeat(repeats: number): number;
}

/**
 * When each picture is shown and decoded, from its timestamp and, where that is doubtful, from what the bitstream says
 * of its order. Named policies, see the table in ingest/README.md:
 *
 * - _backwards-timestamp_: a timestamp that goes back although the picture is shown later follows at the usual distance;
 * - _repeated-timestamp_: pictures under one timestamp are shown as far apart as they arrive;
 * - _decode-timestamp_: timestamps ascend although pictures are shown in another order: they are decode times.
 */
export class PictureTimes {
  /** Of the picture placed last, ticks of the run. */
  shownTicks = 0;
  decodeTicks = 0;
  /** It is shown later than all before it. */
  latest = true;
  restamped = 0;
  readonly #retiming: Retiming;
  readonly #decodeTimes = new DecodeTimes();
  #latestTicks = Number.NEGATIVE_INFINITY;
  #lastDecodeTicks = Number.NEGATIVE_INFINITY;
  #stepTicks = FIRST_STEP_TICKS;
  #unchecked = CHECKED_AT_FIRST;
  #stamps: DecodeStamps | undefined;

  constructor(retiming: Retiming) {
    this.#retiming = retiming;
  }

  /** For every picture, in decoding order, whether it is handed on or not. */
  see(format: VideoFormat, entry: Entry): void {
    this.#stamps?.watch(format.order(entry), entry === CLOSED_ENTRY);
  }

  /**
   * Places the picture that `format` was told of. `ticks` is where its timestamp lies, `repeats` how many pictures
   * came under the same before it, `fresh` that it does not follow on what was handed on. False when its place cannot
   * be known yet: from here on decoding has to begin anew.
   */
  place(
    ticks: number,
    repeats: number,
    format: VideoFormat,
    entry: Entry,
    fresh: boolean,
  ): boolean {
    if (entry !== NO_ENTRY) this.#prepare(format, fresh);
    let shown = repeats > 0 ? this.#retiming.repeat(repeats) : ticks;
    if (this.#stamps !== undefined) {
      if (!this.#stamps.known) return false;
      shown = this.#stamps.shown(shown, this.#stepTicks);
    } else if (shown > this.#latestTicks) {
      if (this.#unchecked > 0) {
        this.#unchecked--;
        const step = entry === NO_ENTRY ? (format.orderFromLatest() ?? 1) : 1;
        if (step < 0) {
          this.#stamps = new DecodeStamps();
          return false;
        }
        // Others are to be shown in between, though the parameter set did not say so.
        if (step > FRAME_ORDER_STEP && format.reorderPictures === undefined) {
          this.#decodeTimes.expect(1);
        }
      }
    } else if (entry === CLOSED_ENTRY || (format.orderFromLatest() ?? 1) >= 0) {
      this.restamped++;
      const next = this.#latestTicks + Math.round(this.#stepTicks);
      if (repeats === 0) this.#retiming.shift(next - shown);
      shown = next;
    }
    this.latest = shown > this.#latestTicks;
    if (this.latest) this.#latestTicks = shown;
    this.shownTicks = shown;
    this.decodeTicks = this.#decodeTimes.next(shown, this.#stepTicks);
    const step = this.decodeTicks - this.#lastDecodeTicks;
    // Across a gap it is none.
    if (!fresh && step >= MIN_STEP_TICKS && step <= MAX_STEP_TICKS) this.#stepTicks = step;
    this.#lastDecodeTicks = this.decodeTicks;
    return true;
  }

  #prepare(format: VideoFormat, fresh: boolean): void {
    this.#unchecked = Math.max(this.#unchecked, CHECKED_AFTER_ENTRY);
    this.#decodeTimes.expect(format.reorderPictures ?? 0);
    if (!fresh) return;
    this.#decodeTimes.restart();
    const claimed = (format.pictureSeconds ?? 0) * TIMESCALE;
    const unknown = this.#lastDecodeTicks === Number.NEGATIVE_INFINITY;
    if (unknown && claimed >= MIN_STEP_TICKS && claimed <= TIMESCALE) this.#stepTicks = claimed;
  }
}
