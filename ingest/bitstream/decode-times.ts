/** MaxDpbFrames (ITU-T H.264 §A.3.1, H.265 §A.4.2): no stream reorders more. */
export const MAX_REORDER_PICTURES = 16;

/**
 * Decode times of pictures that are shown in another order than they are sent (B-pictures), from when they are shown.
 *
 * A stream that holds back at most n pictures can decode its kth picture when its (k - n)th is shown: at that time
 * all earlier ones are known, so nothing is waited for. Decode times are thus the times at which pictures are
 * shown, n pictures earlier: as even as these, whatever the order. (gateway/decisions/0009)
 *
 * n is what the parameter set says; where it says nothing, or too little, n grows when a picture turns out to be shown
 * before one that was already due. All in ticks.
 */
export class DecodeTimes {
  /** Pictures held back, at most. */
  #depth = 0;
  /** When the pictures not yet due are shown, ascending. */
  readonly #shown = new Float64Array(MAX_REORDER_PICTURES + 2);
  #count = 0;
  #last = Number.NEGATIVE_INFINITY;
  #lastDue = Number.NEGATIVE_INFINITY;
  /** So many pictures become due before the first that is known. */
  #missing = 0;
  #begun = false;
  /** When the first picture since `restart` is shown; unknown where pictures came before `#missing` grew. */
  #first = Number.NEGATIVE_INFINITY;

  get depth(): number {
    return this.#depth;
  }

  /** What the parameter set says, or a slice shows. Less than was seen already is not believed. */
  expect(depth: number): void {
    const believed = Math.min(MAX_REORDER_PICTURES, depth);
    if (believed <= this.#depth) return;
    this.#missing += believed - this.#depth;
    this.#depth = believed;
    // What was due with fewer held back says nothing now.
    this.#lastDue = Number.NEGATIVE_INFINITY;
    this.#first = Number.NEGATIVE_INFINITY;
  }

  /** Pictures are missing: what follows does not follow on what came before. */
  restart(): void {
    this.#count = 0;
    this.#missing = this.#depth;
    this.#lastDue = Number.NEGATIVE_INFINITY;
    this.#begun = false;
  }

  /** Decode time of the next picture, shown at `ticks`; pictures are `stepTicks` apart as far as is known. */
  next(ticks: number, stepTicks: number): number {
    if (this.#depth === 0 && ticks >= this.#lastDue) {
      this.#begun = true;
      this.#lastDue = ticks;
      return (this.#last = Math.max(ticks, this.#last + 1));
    }
    if (ticks < this.#lastDue) this.expect(this.#depth + 1);
    if (!this.#begun) this.#first = ticks;
    this.#begun = true;
    this.#insert(ticks);
    let due: number;
    if (this.#missing > 0) {
      due = this.#first - this.#missing * stepTicks;
      this.#missing--;
    } else {
      due = this.#takeFirst();
      this.#lastDue = Math.max(this.#lastDue, due);
    }
    return (this.#last = Math.max(due, this.#last + 1));
  }

  #insert(ticks: number): void {
    const shown = this.#shown;
    // A depth that cannot be is not followed: the earliest is given up.
    if (this.#count === shown.length) this.#takeFirst();
    let at = this.#count++;
    for (; at > 0 && (shown[at - 1] as number) > ticks; at--) shown[at] = shown[at - 1] as number;
    shown[at] = ticks;
  }

  #takeFirst(): number {
    const first = this.#shown[0] as number;
    this.#shown.copyWithin(0, 1, this.#count);
    this.#count--;
    return first;
  }
}
