/** Orders of one group kept, at most: enough to see how they count. */
const MAX_ORDERS = 64;

/**
 * When pictures are shown, for cameras that stamp them with when they are to be decoded (RFC 6184 §5.1 wants when they
 * were taken), from their picture order counts.
 *
 * How orders count (by one or by two a picture) and how many pictures are held back shows in one group of pictures
 * that is watched first. Ticks of the run.
 */
export class DecodeStamps {
  /** Orders counted for one picture; 0 until a group was seen. */
  #unit = 0;
  /** Pictures that are decoded earlier than they would be in order, at most. */
  #lead = 0;
  #orders: number[] = [];
  #index = -1;
  #order = 0;

  /** A whole group was seen. */
  get known(): boolean {
    return this.#unit > 0;
  }

  /** The next picture in decoding order. */
  watch(order: number, closedEntry: boolean): void {
    if (closedEntry) {
      this.#learn();
      this.#orders = [];
      this.#index = -1;
    }
    this.#index++;
    this.#order = order;
    if (this.#orders.length < MAX_ORDERS) this.#orders.push(order);
  }

  /** When the picture watched last is shown, having been stamped `ticks`. */
  shown(ticks: number, stepTicks: number): number {
    const first = this.#orders[0] ?? 0;
    const ahead = (this.#order - first) / this.#unit - this.#index + this.#lead;
    return ticks + Math.round(ahead * stepTicks);
  }

  #learn(): void {
    const first = this.#orders[0];
    if (first === undefined || this.#orders.length < 2) return;
    const sorted = this.#orders.toSorted((a, b) => a - b);
    const gaps = sorted.slice(1).map((order, i) => order - (sorted[i] as number));
    const unit = Math.min(...gaps.filter((gap) => gap > 0));
    if (!Number.isFinite(unit)) return;
    this.#unit = unit;
    const leads = this.#orders.map((order, index) => index - (order - first) / unit);
    this.#lead = Math.max(this.#lead, ...leads);
  }
}
