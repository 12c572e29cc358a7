/** The wall time of a run is corrected by no more than this while it runs: players follow it unawares. */
const MAX_SLEW = 500e-6;
/** So long after the first picture a step is allowed: cameras send what they have kept in one burst at first. */
const SETTLING_MS = 2_000;
/** The burst is over when pictures have come for so long, none of them much earlier than it should have. */
const BURST_OVER_MS = 150;
/** Earlier than this is no jitter of the network: the beginning was taken so much before it came. */
const BURST_STEP_MS = 50;
/** Later arrivals are believed only when even the least delayed picture of such a time was late. */
const WINDOW_MS = 60_000;
/** More than this is no drift, but a fault that Timeline repairs: following both would be once too often. */
const MAX_OWED_MS = 300;

/**
 * Tells at what wall time a picture was taken, from when pictures arrive here (gateway/ARCHITECTURE.md,
 * Clocks).
 *
 * Arrival minus media time is the delay of the network plus a constant; the least of it is the best estimate of
 * the constant. Times in Unix ms; `mediaMs` since the run began.
 */
export class WallClock {
  /** Of the picture observed last: how much later it came than it should have. Negative: earlier. */
  lateMs = 0;
  #offsetMs = Number.NaN;
  #settledMs = 0;
  /** When the burst was last seen to go on, and the offset then. */
  #burstMs = 0;
  #burstOffsetMs = 0;
  #lastArrivalMs = 0;
  #lastMediaMs = 0;
  #windowEndMs = 0;
  #leastLateMs = Number.POSITIVE_INFINITY;
  #owedMs = 0;

  /** A picture of `mediaMs` arrived at `arrivalMs`. */
  observe(mediaMs: number, arrivalMs: number): void {
    this.#lastArrivalMs = arrivalMs;
    if (Number.isNaN(this.#offsetMs)) {
      this.#offsetMs = arrivalMs - mediaMs;
      this.#burstMs = arrivalMs;
      this.#burstOffsetMs = this.#offsetMs;
      this.#windowEndMs = mediaMs + WINDOW_MS;
      this.#lastMediaMs = mediaMs;
      this.#settledMs = arrivalMs + SETTLING_MS;
      return;
    }
    const late = arrivalMs - (this.#offsetMs + mediaMs);
    if (late < 0 && arrivalMs < this.#settledMs) {
      this.#offsetMs += late;
      this.lateMs = 0;
      if (this.#burstOffsetMs - this.#offsetMs > BURST_STEP_MS) {
        this.#burstMs = arrivalMs;
        this.#burstOffsetMs = this.#offsetMs;
      }
      return;
    }
    this.lateMs = late;
    if (late < this.#leastLateMs) this.#leastLateMs = late;
    if (late < this.#owedMs && late < 0 && late > -MAX_OWED_MS) this.#owedMs = late;
    if (mediaMs >= this.#windowEndMs) {
      this.#owedMs = Math.abs(this.#leastLateMs) < MAX_OWED_MS ? this.#leastLateMs : 0;
      this.#leastLateMs = Number.POSITIVE_INFINITY;
      this.#windowEndMs = mediaMs + WINDOW_MS;
    }
    const most = Math.max(0, mediaMs - this.#lastMediaMs) * MAX_SLEW;
    const step = Math.min(most, Math.max(-most, this.#owedMs));
    this.#offsetMs += step;
    this.#owedMs -= step;
    this.#lastMediaMs = Math.max(this.#lastMediaMs, mediaMs);
  }

  /** The clock by which arrivals are told was set by so much. */
  shift(byMs: number): void {
    this.#offsetMs += byMs;
    this.#settledMs += byMs;
    this.#burstMs += byMs;
    this.#burstOffsetMs += byMs;
    this.#lastArrivalMs += byMs;
  }

  /**
   * Whether it is known when the run's first pictures were taken. A camera sends at first what it has kept, in one
   * burst, and only its end shows when its beginning was taken. `nowMs` is Unix ms.
   */
  isSettled(nowMs: number): boolean {
    return nowMs >= this.#settledMs || this.#lastArrivalMs - this.#burstMs >= BURST_OVER_MS;
  }

  at(mediaMs: number): number {
    return this.#offsetMs + mediaMs;
  }
}
