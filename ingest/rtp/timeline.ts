/** Half of the 32-bit circle: a smaller step forward is forward, a larger one is backward. */
const HALF_WRAP = 0x80000000;
const WRAP = 0x100000000;
/** A step forward beyond this is a fault of the camera's clock and not time that passed. */
const MAX_STEP_SECONDS = 5;
/** So is one backward beyond this: pictures shown before ones decoded earlier lie nearer. */
const MAX_BACK_SECONDS = 1;
/** A pause this much longer than the usual step is one, and no jitter of the network. */
const PAUSE_MS = 500;
/** A distance beyond this is not the usual one. */
const MAX_USUAL_SECONDS = 1;

/** Media may be so far from the pace of arrivals before it is corrected: networks and reads delay by less. */
const SLACK_MS = 150;
/** Lateness is believed when even the least late picture of so much time of steady arrivals had it. */
const WINDOW_MS = 4_000;
/** A pause between two arrivals counts as so much, or as so many usual distances: what comes after it comes in a burst. */
const STEADY_MS = 500;
const STEADY_STEPS = 3;
/** Steps are lengthened or shortened by this share, by the second one when much is owed. */
const GENTLE_SHARE = 0.1;
const HARD_SHARE = 0.5;
const MUCH_MS = 400;
/** Behind by more than this, time is left out at once; ahead by more, pictures wait for arrivals. */
const BREAK_MS = 1_000;
/** Media that runs so much slower or faster than arrivals, twice alike, is counted by another clock than it should be. */
const MAX_RATIO = 1.6;
const ALIKE_SHARE = 0.15;
/** After so many jumps in a row timestamps are noise, and pictures go by the pace of arrivals. */
const NOISE_JUMPS = 3;
const PACE_SHARE = 1 / 16;

/**
 * Places wrapping 32-bit RTP timestamps on one run's timeline; RFC 3550 §5.1. Repairs them once, here, so that media
 * time never stands still, and keeps the pace of arrivals. Named policies, each in tests/ingest/rtp/day.test.ts:
 *
 * - _jump_: more than five seconds forward, or more than one back: the picture follows the last one at their usual
 *   distance, or after the pause that arrivals show;
 * - _drift_: beyond what WallClock follows (500 ppm), steps are stretched or shortened by a tenth until media and
 *   arrivals are together again;
 * - _lost-time_: timestamps that went on as if there had been no pause are moved at once;
 * - _wrong-clock-rate_: timestamps that count by another clock than 90 kHz are scaled to the pace of arrivals.
 *
 * Ticks since the run's first picture, negative for a picture shown before it.
 */
export class Timeline {
  jumps = 0;
  /** Times that media was drawn to the pace of arrivals. */
  corrections = 0;
  readonly #ticksPerMs: number;
  readonly #maxStepTicks: number;
  readonly #maxBackTicks: number;
  #last: number | undefined;
  #lastArrivalMs = 0;
  #ticks = 0;
  #highest = 0;
  #usualStep: number;
  #jumpsInRow = 0;
  /** Usual ticks between two arrivals. */
  #arrivalStep = 0;
  #scale = 1;
  /** Media is to be moved by so much: forward when arrivals are ahead. */
  #owedMs = 0;
  #lateMs = 0;
  #leastLateMs = Number.POSITIVE_INFINITY;
  #windowStartMs = Number.NaN;
  #windowTicks = 0;
  #steadyMs = 0;
  #observedMs = 0;
  /** As timestamps count, without corrections. */
  #countedTicks = 0;
  /** Of arrivals to media in the last window, if it was strange. */
  #strangeRatio = Number.NaN;

  constructor(ticksPerSecond: number) {
    this.#ticksPerMs = ticksPerSecond / 1000;
    this.#maxStepTicks = MAX_STEP_SECONDS * ticksPerSecond;
    this.#maxBackTicks = MAX_BACK_SECONDS * ticksPerSecond;
    this.#usualStep = ticksPerSecond / 25;
  }

  /** Moves what follows by so many ticks: its timestamps turned out to be wrong by as much. */
  shift(ticks: number): void {
    this.#ticks += ticks;
    this.#highest = Math.max(this.#highest, this.#ticks);
  }

  /** Another picture under the timestamp placed last: it is shown as much later as it arrived later, if that tells. */
  repeat(repeats: number, arrivalMs: number): number {
    const arrivedTicks = Math.round((arrivalMs - this.#lastArrivalMs) * this.#ticksPerMs);
    const least = (repeats * this.#usualStep) / 4;
    return this.#ticks + (arrivedTicks > least ? arrivedTicks : Math.round(least * 2));
  }

  /** `arrivalMs` by a clock that nobody sets; without it pauses are not seen. */
  place(rtpTimestamp: number, arrivalMs = 0): number {
    if (this.#last === undefined) {
      this.#last = rtpTimestamp;
      this.#lastArrivalMs = arrivalMs;
      return 0;
    }
    let step = rtpTimestamp - this.#last;
    if (step < -HALF_WRAP) step += WRAP;
    else if (step >= HALF_WRAP) step -= WRAP;
    this.#last = rtpTimestamp;
    if (this.#scale !== 1) step = Math.round(step * this.#scale);
    const pausedTicks = (arrivalMs - this.#lastArrivalMs) * this.#ticksPerMs;
    this.#lastArrivalMs = arrivalMs;
    if (this.#arrivalStep === 0) this.#arrivalStep = pausedTicks;
    this.#arrivalStep += (pausedTicks - this.#arrivalStep) * PACE_SHARE;
    if (step > this.#maxStepTicks || step < -this.#maxBackTicks) {
      this.jumps++;
      this.#jumpsInRow++;
      step = this.#usualStep;
      if (this.#jumpsInRow > NOISE_JUMPS && this.#arrivalStep >= 1) {
        step = Math.round(this.#arrivalStep);
      }
      const pauseTicks = PAUSE_MS * this.#ticksPerMs;
      if (pausedTicks > step + pauseTicks) step = Math.round(pausedTicks);
    } else if (step > 0 && step <= MAX_USUAL_SECONDS * 1000 * this.#ticksPerMs) {
      this.#usualStep = step;
      this.#jumpsInRow = 0;
    }
    this.#ticks += step;
    this.#countedTicks += step;
    // Only what is shown later than all before it is moved: the order of pictures stays.
    const advance = this.#ticks - this.#highest;
    if (advance > 0) {
      if (this.#owedMs !== 0) this.#ticks += this.#repay(advance, pausedTicks);
      this.#highest = this.#ticks;
    }
    return this.#ticks;
  }

  /**
   * The picture placed last came so much later than it should have, going by those before it (WallClock); negative
   * when earlier, which no network can make it.
   */
  keepPace(lateMs: number, arrivalMs: number): void {
    this.#lateMs = lateMs;
    if (lateMs < -SLACK_MS) this.#owedMs = Math.min(this.#owedMs, lateMs);
    if (lateMs < this.#leastLateMs) this.#leastLateMs = lateMs;
    if (Number.isNaN(this.#windowStartMs)) {
      this.#beginWindow(arrivalMs);
      this.#observedMs = arrivalMs;
      return;
    }
    const usualMs = (STEADY_STEPS * this.#arrivalStep) / this.#ticksPerMs;
    this.#steadyMs += Math.min(arrivalMs - this.#observedMs, Math.max(STEADY_MS, usualMs));
    this.#observedMs = arrivalMs;
    if (this.#steadyMs < WINDOW_MS) return;
    const countedMs = (this.#countedTicks - this.#windowTicks) / this.#ticksPerMs;
    this.#judgeRate(arrivalMs - this.#windowStartMs, countedMs);
    if (this.#leastLateMs > SLACK_MS) {
      this.#owedMs = this.#leastLateMs;
      this.corrections++;
    }
    this.#beginWindow(arrivalMs);
  }

  #beginWindow(arrivalMs: number): void {
    this.#leastLateMs = Number.POSITIVE_INFINITY;
    this.#windowStartMs = arrivalMs;
    this.#windowTicks = this.#countedTicks;
    this.#steadyMs = 0;
  }

  /** Ticks by which an advance of `advance` is lengthened or shortened. */
  #repay(advance: number, arrivedTicks: number): number {
    const owed = this.#owedMs * this.#ticksPerMs;
    if (owed > BREAK_MS * this.#ticksPerMs) {
      this.#owedMs = 0;
      return Math.round(owed);
    }
    let most = advance * (Math.abs(this.#owedMs) > MUCH_MS ? HARD_SHARE : GENTLE_SHARE);
    // Far ahead, it goes on at half the pace of arrivals, whatever the timestamps say.
    if (this.#lateMs < -BREAK_MS) most = Math.max(most, advance - Math.max(0, arrivedTicks / 2));
    const paid = Math.round(Math.min(most, Math.max(-most, owed)));
    this.#owedMs = Math.abs(owed - paid) < 1 ? 0 : this.#owedMs - paid / this.#ticksPerMs;
    // Something always passes.
    return Math.max(paid, 1 - advance);
  }

  #judgeRate(arrivedMs: number, mediaMs: number): void {
    const ratio = arrivedMs / Math.max(1, mediaMs);
    const before = this.#strangeRatio;
    this.#strangeRatio = ratio < MAX_RATIO && ratio > 1 / MAX_RATIO ? Number.NaN : ratio;
    // A network that stands still and catches up makes two strange windows as well, one each way.
    if (Math.abs(ratio / before - 1) < ALIKE_SHARE) {
      this.#scale *= ratio;
      this.#strangeRatio = Number.NaN;
      this.corrections++;
    }
  }
}
