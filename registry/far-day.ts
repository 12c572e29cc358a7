/**
 * A day far ahead is a year of the other era: 2569 typed where 2026 is read is the year 3112 of the Buddhist era, and nobody would
 * live to see that round cut off.
 */

/** A cut-off, a deadline or a day on which a repair is due lies within this. */
export const MAX_YEARS_AHEAD = 5;
/** A warranty may be long. */
export const MAX_WARRANTY_YEARS = 20;

const YEAR_MS = 366 * 24 * 3_600_000;

export class DayTooFar extends Error {
  readonly code = 'day_too_far';
  readonly details: { given: string; years: number };
  constructor(given: string, years: number) {
    super(
      `${given} is more than ${years} years ahead: is its year one of the Buddhist era (พ.ศ.)?`,
    );
    this.details = { given, years };
  }
}

/** `given`: an ISO day or moment. Throws DayTooFar. */
export function refuseFarDay(given: string, nowMs: number, years = MAX_YEARS_AHEAD): void {
  if (Date.parse(given) > nowMs + years * YEAR_MS) throw new DayTooFar(given, years);
}
