import * as z from 'zod';

/** 2569 of the Buddhist era, which is not ISO 8601's: 543 years from now there is nothing to hold or to play. */
const BUDDHIST_YEAR = /^2[4-9]\d\d-/;

/** ISO 8601 with a zone → Unix ms. */
export const time = z.iso
  .datetime({
    offset: true,
    error: 'must be a time with its zone, such as 2026-11-25T08:00:00+07:00',
  })
  .refine((text) => !BUDDHIST_YEAR.test(text), {
    error: 'must have a year of the common era (ค.ศ.), such as 2026 for พ.ศ. 2569',
  })
  .transform((text) => Date.parse(text));

/** `from` to `to`, half-open. */
export function range(longestMs: number) {
  return z
    .object({ from: time, to: time })
    .refine(({ from, to }) => from < to, { path: ['to'], message: 'must be after from' })
    .refine(({ from, to }) => to - from <= longestMs, {
      path: ['to'],
      message: `may be ${longestMs / 3_600_000} hours after from at most`,
    });
}

export const isoTime = z.iso.datetime();
export const cameraParams = z.object({ id: z.string() });
/** As signed-links.ts makes them. */
export const signature = z.string().regex(/^[\w-]{22}$/, 'not a signature');
/** Unix seconds. */
export const unixSeconds = z.coerce.number().int().min(0).max(10_000_000_000);

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}
