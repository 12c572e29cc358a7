/** Half of the 32-bit circle: a smaller step forward is forward, a larger one is backward. */
const HALF_WRAP = 0x80000000;
const WRAP = 0x100000000;
/** A step forward beyond this is a fault of the camera's clock and not time that passed. */
const MAX_STEP_SECONDS = 5;
/** So is one backward beyond this: pictures shown before ones decoded earlier lie nearer. */
const MAX_BACK_SECONDS = 1;

/**
 * Places wrapping 32-bit RTP timestamps on one run's timeline; RFC 3550 §5.1.
 *
 * Ticks since the run's first picture, negative for a picture shown before it. A jump of more than five seconds, or
 * back by more than one, is re-stamped: the picture follows the last one at their usual distance, and the jump is counted.
 */
export class Timeline {
  jumps = 0;
  readonly #maxStepTicks: number;
  readonly #maxBackTicks: number;
  #last: number | undefined;
  #ticks = 0;
  #usualStep: number;

  constructor(ticksPerSecond: number) {
    this.#maxStepTicks = MAX_STEP_SECONDS * ticksPerSecond;
    this.#maxBackTicks = MAX_BACK_SECONDS * ticksPerSecond;
    this.#usualStep = ticksPerSecond / 25;
  }

  /** Moves what follows by so many ticks: its timestamps turned out to be wrong by as much. */
  shift(ticks: number): void {
    this.#ticks += ticks;
  }

  place(rtpTimestamp: number): number {
    if (this.#last === undefined) {
      this.#last = rtpTimestamp;
      return 0;
    }
    let step = rtpTimestamp - this.#last;
    if (step < -HALF_WRAP) step += WRAP;
    else if (step >= HALF_WRAP) step -= WRAP;
    this.#last = rtpTimestamp;
    if (step > this.#maxStepTicks || step < -this.#maxBackTicks) {
      this.jumps++;
      step = this.#usualStep;
    } else if (step > 0) {
      this.#usualStep = step;
    }
    this.#ticks += step;
    return this.#ticks;
  }
}
