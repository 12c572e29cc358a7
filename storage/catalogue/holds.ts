import { sql, type Transaction } from 'kysely';
import { takeLock } from '#registry/database/database.ts';
import type { Catalogue, CatalogueTables, HoldTable } from './tables.ts';

/** Keeps a camera's recordings of a range from every deletion until it is released. */
export interface Hold {
  id: string;
  cameraId: string;
  fromMs: number;
  toMs: number;
  reason: string;
  placedBy: string;
  placedMs: number;
  releasedBy: string | null;
  releasedMs: number | null;
}

export class HoldNotFound extends Error {
  readonly code = 'hold_not_found';
  constructor(id: string) {
    super(`no hold ${id} in force`);
  }
}

/**
 * Whoever holds and whoever deletes takes this first, to the end of the transaction: a hold and a deletion of the same
 * span cannot both win.
 */
export async function lockRecordings(
  transaction: Transaction<CatalogueTables>,
  cameraId: string,
): Promise<void> {
  await takeLock(transaction, `recordings of ${cameraId}`);
}

/** Places a hold. What was deleted before is not brought back; what is there now stays. */
export async function placeHold(
  catalogue: Catalogue,
  hold: Omit<Hold, 'releasedBy' | 'releasedMs'>,
): Promise<void> {
  await catalogue.transaction().execute(async (transaction) => {
    await lockRecordings(transaction, hold.cameraId);
    await transaction
      .insertInto('holds')
      .values({
        id: hold.id,
        camera_id: hold.cameraId,
        from_ms: hold.fromMs,
        to_ms: hold.toMs,
        reason: hold.reason,
        placed_by: hold.placedBy,
        placed_ms: hold.placedMs,
        released_by: null,
        released_ms: null,
      })
      .execute();
  });
}

/** Throws HoldNotFound when it is not in force. */
export async function releaseHold(
  catalogue: Catalogue,
  id: string,
  released: { by: string; ms: number },
): Promise<Hold> {
  const row = await catalogue
    .updateTable('holds')
    .set({ released_by: released.by, released_ms: released.ms })
    .where('id', '=', id)
    .where('released_ms', 'is', null)
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) throw new HoldNotFound(id);
  return holdOf(row);
}

/** Holds in force that overlap a range, in the order they were placed. */
export async function holdsBetween(
  catalogue: Catalogue,
  cameraId: string,
  fromMs: number,
  toMs: number,
): Promise<Hold[]> {
  const rows = await catalogue
    .selectFrom('holds')
    .selectAll()
    .where('camera_id', '=', cameraId)
    .where('released_ms', 'is', null)
    .where('to_ms', '>', fromMs)
    .where('from_ms', '<', toMs)
    .orderBy('id')
    .execute();
  return rows.map(holdOf);
}

/** For use within a statement on recordings: whether a hold in force overlaps the row. */
export const isHeld = sql<boolean>`exists (
  select 1 from holds
  where holds.camera_id = recordings.camera_id and holds.released_ms is null
    and holds.from_ms < recordings.end_ms and holds.to_ms > recordings.start_ms
)`;

function holdOf(row: HoldTable): Hold {
  return {
    id: row.id,
    cameraId: row.camera_id,
    fromMs: row.from_ms,
    toMs: row.to_ms,
    reason: row.reason,
    placedBy: row.placed_by,
    placedMs: row.placed_ms,
    releasedBy: row.released_by,
    releasedMs: row.released_ms,
  };
}
