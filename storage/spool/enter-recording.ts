import { randomUUID } from 'node:crypto';
import { noteFound } from '../catalogue/deletion.ts';
import { cutGaps, gapsBetween, insertGap, type Gap } from '../catalogue/gaps.ts';
import { holeCause, insertHoles } from '../catalogue/holes.ts';
import { spoolPath } from '../catalogue/object-key.ts';
import { insertOpened, markSpooled } from '../catalogue/recordings.ts';
import { takeIntoSpool, type SpoolId } from '../catalogue/spools.ts';
import type { Catalogue } from '../catalogue/tables.ts';
import { sha256OfFile } from '../objects/file-hash.ts';
import { encodeFragments, fragmentEndMs } from './fragment-index.ts';
import type { ReadRecording } from './spool-reader.ts';
import { holesIn, stretches } from './stretches.ts';

/** Of the gap that a spool file has where it was damaged. */
export const SPOOL_DAMAGED = 'spool-damaged';

/**
 * A whole recording that its file alone tells of, into the catalogue: its row is `spooled`, a note that it was lost is taken
 * back, it lies in the given spool, no gap lies over its pictures, and each hole in them is one. `path` holds what `read` was read from and nothing after it. Repeating it is harmless.
 */
export async function enterRecording(
  catalogue: Catalogue,
  path: string,
  read: ReadRecording,
  spoolId: SpoolId = null,
): Promise<void> {
  const { head, initBytes, headBytes, fragments, byteLength } = read;
  await insertOpened(
    catalogue,
    [{ ...head, path: spoolPath(head), initBytes, headBytes }],
    spoolId,
  );
  // A row that was there may say otherwise.
  await takeIntoSpool(catalogue, spoolId, { id: head.recordingId, startMs: head.startMs });
  await noteFound(catalogue, head);
  await cutGaps(catalogue, head.cameraId, stretches(fragments));
  await accountForHoles(catalogue, read);
  await markSpooled(catalogue, [
    {
      recordingId: head.recordingId,
      cameraId: head.cameraId,
      ...spanOf(read),
      byteLength,
      sha256: await sha256OfFile(path),
      fragmentIndex: encodeFragments(fragments),
      fragments: fragments.length,
      endReason: 'recovered',
    },
  ]);
}

/** What its recorder would have told of them; of damaged ones the storage is the cause. */
async function accountForHoles(
  catalogue: Catalogue,
  { head, fragments, afterDamage }: ReadRecording,
): Promise<void> {
  const damagedMs = new Set([...afterDamage].map((i) => Math.round(fragments[i]?.startMs ?? 0)));
  await insertHoles(catalogue, head, holesIn(fragments), (hole) =>
    damagedMs.has(hole.endMs) ? { cause: 'storage', detail: SPOOL_DAMAGED } : holeCause(hole),
  );
}

/** Once, however often it is told; what is known of that time already counts. */
export async function accountFor(
  catalogue: Catalogue,
  gap: Gap & { endMs: number },
): Promise<void> {
  const known = await gapsBetween(catalogue, gap.cameraId, gap.startMs, gap.endMs, 1);
  if (known.length === 0) await insertGap(catalogue, randomUUID(), gap);
}

/** What there are pictures of. */
export function spanOf({ head: { startMs }, fragments }: ReadRecording): {
  startMs: number;
  endMs: number;
} {
  const last = fragments.at(-1);
  return { startMs, endMs: last === undefined ? startMs : Math.round(fragmentEndMs(last)) };
}
