import * as z from 'zod';

/** Days as the letters mean them: of Thailand's calendar, whatever the machine's zone. Stored as ISO dates. */

const THAILAND = 'Asia/Bangkok';
const isoDay = new Intl.DateTimeFormat('en-CA', {
  timeZone: THAILAND,
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
});

/** What was asked last: rows of one page of an inventory are of one moment. */
let last = { atMs: Number.NaN, day: '' };

/** The day in Thailand at a moment, as `2026-11-25`. */
export function thaiDay(atMs: number): string {
  if (atMs !== last.atMs) last = { atMs, day: isoDay.format(atMs) };
  return last.day;
}

/** Unix ms at which the day begins in Thailand, which has kept UTC+7 since 1920. */
export function thaiDayStartMs(day: string): number {
  return Date.parse(`${day}T00:00:00+07:00`);
}

/** A day as the API takes it. */
export const day = z.iso
  .date('must be a day such as 2026-11-25')
  .meta({ examples: ['2026-11-25'] });
