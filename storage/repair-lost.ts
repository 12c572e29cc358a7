import { noteDeletion } from './catalogue/deletion.ts';
import { gapsBetween, insertGap } from './catalogue/gaps.ts';
import type { Recording } from './catalogue/recordings.ts';
import type { DifferenceKind, ReconcileOptions } from './difference.ts';

/** Of these nothing is left. */
const GONE: ReadonlySet<DifferenceKind> = new Set<DifferenceKind>([
  'object-missing',
  'spool-file-missing',
  'spool-given-up',
]);

/** Its time is a gap from now on. Of a damaged object the row and all that is left stay: somebody may want to look. */
export async function repairLost(
  { catalogue, repair, newId, now }: ReconcileOptions,
  recording: Recording,
  detail: DifferenceKind,
): Promise<string | null> {
  if (!repair) return null;
  const { cameraId, startMs, endMs } = recording;
  const isGone = GONE.has(detail);
  if (isGone) await noteDeletion(catalogue, recording, { policy: detail, deletedMs: now() });
  const known = await gapsBetween(catalogue, cameraId, startMs, endMs);
  if (known.some((gap) => gap.startMs === startMs && gap.detail === detail)) return null;
  const recordingId = isGone ? null : recording.id;
  const gap = { cameraId, startMs, endMs, cause: 'storage', detail, recordingId } as const;
  await insertGap(catalogue, newId(), gap);
  return 'a gap of the storage';
}
