/** More parts than a camera has kept: half a minute of them in the longest groups of pictures. */
const MAX_PARTS = 32;

/**
 * What a session gives until it is known when its first pictures were taken (WallClock.isSettled), in its order. A
 * recording that begins with a wrong time cannot take it back, and neither can a playlist.
 */
export class OpeningHold {
  #steps: (() => void)[] | undefined = [];
  #parts = 0;

  /** Does it now, or in its turn. */
  inTurn(step: () => void): void {
    if (this.#steps === undefined) step();
    else this.#steps.push(step);
  }

  /** The same for a part; at the bound no more is held. */
  part(step: () => void): void {
    this.inTurn(step);
    if (++this.#parts >= MAX_PARTS) this.end();
  }

  /** Does all that was held; what follows is not held any more. */
  end(): void {
    const steps = this.#steps ?? [];
    this.#steps = undefined;
    for (const step of steps) step();
  }

  get isOver(): boolean {
    return this.#steps === undefined;
  }
}
