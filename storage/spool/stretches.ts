import { fragmentEndMs, type Fragment } from './fragment-index.ts';

/** A hole within a recording is a gap from this on: pictures may be a second apart. */
export const HOLE_MS = 1_000;

/** Unbroken pictures of a recording, in order, Unix ms; between two of them some were lost. */
export function stretches(fragments: readonly Fragment[]): { startMs: number; endMs: number }[] {
  const unbroken: { startMs: number; endMs: number }[] = [];
  for (const fragment of fragments) {
    const startMs = Math.round(fragment.startMs);
    const endMs = Math.round(fragmentEndMs(fragment));
    const last = unbroken.at(-1);
    if (last !== undefined && startMs - last.endMs <= HOLE_MS) last.endMs = endMs;
    else unbroken.push({ startMs, endMs });
  }
  return unbroken;
}
