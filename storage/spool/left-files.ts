import type { Catalogue } from '../catalogue/tables.ts';
import { gapsBetween, insertGap } from '../catalogue/gaps.ts';
import { REFUSED } from './enter-recording.ts';
import type { LeftFile } from './recover-spool.ts';

/** Named in the log, so many of them; `reconcile` names all. */
const NAMED = 20;

/** What there are pictures of, and cannot be found, is missing for want of the storage; once, however often it is tried. */
export async function accountForRefused(
  catalogue: Catalogue,
  left: readonly LeftFile[],
  newId: () => string,
): Promise<void> {
  for (const { cameraId, why } of left) {
    if (why.kind !== 'refused' || why.span === undefined) continue;
    const { startMs, endMs } = why.span;
    const known = await gapsBetween(catalogue, cameraId, startMs, endMs);
    if (known.some((gap) => gap.startMs <= startMs)) continue;
    const gap = { cameraId, startMs, endMs, cause: 'storage' as const, detail: REFUSED };
    await insertGap(catalogue, newId(), gap);
  }
}

/** For the log. */
export function leftInWords(left: readonly LeftFile[]): Record<string, unknown> {
  const files = left.slice(0, NAMED).map(({ recordingId, cameraId, why }) => ({
    cameraId,
    recordingId,
    reason: why.kind,
    ...(why.kind === 'refused' && { err: String(why.error) }),
  }));
  return { count: left.length, files };
}
