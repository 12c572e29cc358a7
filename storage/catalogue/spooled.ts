import { countRemoved } from './camera-days.ts';
import { isHeld, lockRecordings } from './holds.ts';
import { isUnsettled, recordingOf, type Recording } from './recordings.ts';
import { sealedColumns } from './deletion.ts';
import { inSpool, type SpoolId } from './spools.ts';
import type { Catalogue } from './tables.ts';

/** What waits in a spool to be put, of what began at `sinceMs` or later: a question that names no time asks every day. */
export async function spooledUse(
  catalogue: Catalogue,
  sinceMs: number,
  spoolId: SpoolId = null,
): Promise<{
  recordings: number;
  byteLength: number;
  oldestStartMs: number | undefined;
}> {
  const row = await catalogue
    .selectFrom('recordings')
    .select(({ fn }) => [
      fn.countAll<number>().as('recordings'),
      fn.sum<number | null>('byte_length').as('bytes'),
      fn.min<number | null>('start_ms').as('oldest_ms'),
    ])
    .where('state', '=', 'spooled')
    .where(isUnsettled)
    .where(inSpool(spoolId))
    .where('start_ms', '>=', sinceMs)
    .executeTakeFirstOrThrow();
  return {
    recordings: row.recordings,
    byteLength: row.bytes ?? 0,
    oldestStartMs: row.oldest_ms ?? undefined,
  };
}

/** Of those that wait in a spool, the oldest that no hold keeps, of what began at `sinceMs` or later. */
export async function unheldSpooled(
  catalogue: Catalogue,
  limit: number,
  sinceMs: number,
  spoolId: SpoolId = null,
): Promise<Recording[]> {
  const rows = await catalogue
    .selectFrom('recordings')
    .selectAll()
    .where('state', '=', 'spooled')
    .where(isUnsettled)
    .where(inSpool(spoolId))
    .where('start_ms', '>=', sinceMs)
    .where((where) => where.not(isHeld))
    .orderBy('start_ms')
    .limit(limit)
    .execute();
  return rows.map(recordingOf);
}

/**
 * A recording that waits is given up, unless it is held or has been put meanwhile: its row goes, its deletion is noted,
 * and its time is a gap of the storage. Returns whether it was.
 */
export async function dropSpooled(
  catalogue: Catalogue,
  { id, startMs, cameraId }: Pick<Recording, 'id' | 'startMs' | 'cameraId'>,
  { gapId, reason, deletedMs }: { gapId: string; reason: string; deletedMs: number },
): Promise<boolean> {
  return catalogue.transaction().execute(async (transaction) => {
    await lockRecordings(transaction, cameraId);
    const row = await transaction
      .deleteFrom('recordings')
      .where('id', '=', id)
      .where('start_ms', '=', startMs)
      .where('state', '=', 'spooled')
      .where((where) => where.not(isHeld))
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) return false;
    await transaction
      .insertInto('deletions')
      .values({ ...sealedColumns(row), policy: reason, deleted_ms: deletedMs })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    await transaction
      .insertInto('gaps')
      .values({
        id: gapId,
        camera_id: row.camera_id,
        start_ms: row.start_ms,
        end_ms: row.end_ms,
        cause: 'storage',
        detail: reason,
        recording_id: null,
      })
      .execute();
    await countRemoved(transaction, row);
    return true;
  });
}
