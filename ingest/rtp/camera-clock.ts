import type { SenderReport } from './rtcp.ts';

/** Reports that the estimate is made from: about a minute of them. */
const REPORTS = 12;
/** A clock that stands further off than this was never set; the figure is still told. */
const MAX_OFFSET_MS = 100 * 365 * 86_400_000;

/**
 * How far a camera's own clock is from ours, from its sender reports. It is told, and nothing goes by it: clocks of
 * cameras are wrong by hours and years, and some jump (gateway/ARCHITECTURE.md, Clocks).
 *
 * A report that was on its way longest reads as the most behind, so the highest of the last few is the nearest.
 */
export class CameraClock {
  readonly #offsetsMs: number[] = [];
  #at = 0;

  /** A report arrived at `arrivalMs`, Unix ms. */
  observe(report: SenderReport, arrivalMs: number): void {
    const offsetMs = report.wallMs - arrivalMs;
    if (Math.abs(offsetMs) > MAX_OFFSET_MS) return;
    this.#offsetsMs[this.#at] = offsetMs;
    this.#at = (this.#at + 1) % REPORTS;
  }

  /** Camera minus gateway, ms: positive when the camera's clock is ahead. Undefined before a report. */
  get offsetMs(): number | undefined {
    return this.#offsetsMs.length === 0 ? undefined : Math.round(Math.max(...this.#offsetsMs));
  }
}
