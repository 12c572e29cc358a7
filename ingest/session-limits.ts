/** What one camera may ask of the worker that it shares with hundreds of others. No real camera comes near. */

/** Of the worker's time; and what a burst, or a pause of the machine while it is this camera's turn, may take at once. */
const WORK_MS_PER_SECOND = 250;
const WORK_BURST_MS = 1_500;
/** The fastest cameras make 240; at first they send what they have kept. */
const PICTURES_PER_SECOND = 500;
const PICTURE_BURST = 3_000;
/** Every change is a new init, a new segment and a notice to each viewer. */
const CONFIGURATIONS_PER_SECOND = 1;
const CONFIGURATION_BURST = 30;

/** So much at once, and so much per second in the long run. */
class Allowance {
  readonly #perSecond: number;
  readonly #burst: number;
  #left: number;
  #lastMs: number;

  constructor(perSecond: number, burst: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#left = burst;
    this.#lastMs = nowMs;
  }

  /** False when more was spent than was there. A clock that went back gives nothing. */
  spend(amount: number, nowMs: number): boolean {
    const earned = (Math.max(0, nowMs - this.#lastMs) * this.#perSecond) / 1000;
    this.#lastMs = nowMs;
    this.#left = Math.min(this.#burst, this.#left + earned) - amount;
    return this.#left >= 0;
  }
}

/** Watches one session. `pictures` and `configurations` are counted since its beginning; times in ms. */
export class SessionLimits {
  readonly #work: Allowance;
  readonly #pictures: Allowance;
  readonly #configurations: Allowance;
  #seenPictures = 0;
  #seenConfigurations = 0;

  constructor(nowMs: number) {
    this.#work = new Allowance(WORK_MS_PER_SECOND, WORK_BURST_MS, nowMs);
    this.#pictures = new Allowance(PICTURES_PER_SECOND, PICTURE_BURST, nowMs);
    this.#configurations = new Allowance(CONFIGURATIONS_PER_SECOND, CONFIGURATION_BURST, nowMs);
  }

  /** Since the last look the camera's reads took `workMs`. What was too much, in words, or undefined. */
  exceeded(
    nowMs: number,
    workMs: number,
    pictures: number,
    configurations: number,
  ): string | undefined {
    if (!this.#work.spend(workMs, nowMs)) return 'what the camera sends takes too much work';
    const newPictures = pictures - this.#seenPictures;
    this.#seenPictures = pictures;
    if (!this.#pictures.spend(newPictures, nowMs)) {
      return `more than ${PICTURES_PER_SECOND} pictures a second`;
    }
    const newConfigurations = configurations - this.#seenConfigurations;
    this.#seenConfigurations = configurations;
    if (!this.#configurations.spend(newConfigurations, nowMs)) {
      return 'the parameter sets change all the time';
    }
    return undefined;
  }
}
