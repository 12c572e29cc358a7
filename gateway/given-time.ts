import * as z from 'zod';

/** 2569 of the Buddhist era, which is not ISO 8601's: 543 years from now there is nothing to hold or to play. */
const BUDDHIST_YEAR = /^2[4-9]\d\d-/;

/** Before it there was no gateway, and what is after it somebody mistyped: neither has anything to hold or to play. */
const FIRST_MS = Date.UTC(2000, 0);
const END_MS = Date.UTC(2400, 0);

/** ISO 8601 with a zone → Unix ms. */
export const time = z.iso
  .datetime({
    offset: true,
    error: 'must be a time with its zone, such as 2026-11-25T08:00:00+07:00',
  })
  .refine((text) => !BUDDHIST_YEAR.test(text), {
    error: 'must have a year of the common era (ค.ศ.), such as 2026 for พ.ศ. 2569',
  })
  .transform((text) => Date.parse(text))
  .refine((ms) => ms >= FIRST_MS && ms < END_MS, {
    error: 'must have a year from 2000 to 2399',
  });
