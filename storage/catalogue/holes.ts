import { sql } from 'kysely';
import type { Hole } from '../spool/stretches.ts';
import { insertGaps, type Gap } from './gaps.ts';
import { LONGEST_RECORDING_MS, type Span } from './recordings.ts';
import type { RecordingName } from './recording-days.ts';
import type { Catalogue } from './tables.ts';

/** Why nothing was recorded between two fragments of a run, where nobody knows more. */
export function holeCause({ isClockSet }: Hole): Pick<Gap, 'cause' | 'detail'> {
  return isClockSet
    ? { cause: 'gateway', detail: 'clock-set' }
    : { cause: 'network', detail: 'lost-pictures' };
}

/** Holes within a recording, as gaps of their own. Repeating it is harmless. */
export async function insertHoles(
  catalogue: Catalogue,
  { recordingId, cameraId }: { recordingId: string; cameraId: string },
  holes: readonly Hole[],
  causeOf: (hole: Hole) => Pick<Gap, 'cause' | 'detail'> = holeCause,
): Promise<void> {
  const gaps = holes.map((hole) => {
    const { startMs, endMs } = hole;
    const gap = { cameraId, startMs, endMs, ...causeOf(hole), recordingId };
    return { id: `${recordingId}.${startMs}`, gap };
  });
  await insertGaps(catalogue, gaps);
}

/**
 * Whole recordings of a range that lie, in part, over a hole of another: the gateway's clock was set back, and they tell of the same
 * time. Asked for where there are holes, and mostly nothing comes back.
 */
export async function overHoles(
  catalogue: Catalogue,
  cameraId: string,
  { fromMs, toMs }: { fromMs: number; toMs: number },
): Promise<(RecordingName & Span)[]> {
  const firstMs = fromMs - LONGEST_RECORDING_MS;
  const { rows } = await sql<{ id: string; start_ms: number; end_ms: number }>`
    select distinct recordings.id, recordings.start_ms, recordings.end_ms
    from gaps join recordings on recordings.camera_id = ${cameraId}
      and recordings.start_ms >= ${firstMs} and recordings.start_ms < ${toMs}
      and recordings.start_ms >= gaps.start_ms - ${LONGEST_RECORDING_MS}
      and recordings.start_ms < gaps.end_ms and recordings.end_ms > gaps.start_ms
      and recordings.id <> gaps.recording_id and recordings.state in ('spooled', 'stored')
    where gaps.camera_id = ${cameraId} and gaps.recording_id is not null
      and gaps.start_ms >= ${firstMs} and gaps.start_ms < ${toMs} and gaps.end_ms > ${fromMs}`.execute(
    catalogue,
  );
  return rows.map((row) => ({ id: row.id, startMs: row.start_ms, endMs: row.end_ms }));
}
