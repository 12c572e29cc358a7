import * as z from 'zod';
import { time } from '../given-time.ts';

/** `from` to `to`, half-open; as a body `.strict()`. */
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
