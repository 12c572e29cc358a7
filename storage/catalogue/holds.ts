import { sql, type Transaction } from 'kysely';
import { takeLock } from '#registry/database/database.ts';
import { LONGEST_RECORDING_MS } from './recordings.ts';
import type { Catalogue, CatalogueTables, HoldTable } from './tables.ts';

/** Keeps a camera's recordings of a range from every deletion until it is released. */
export interface Hold {
  id: string;
  cameraId: string;
  fromMs: number;
  toMs: number;
  reason: string;
  placed: Act;
  /** Null while it is in force. */
  released: (Act & { reason: string }) | null;
}

/** Who did it, and when. */
export interface Act {
  /** Of an account. */
  by: string;
  name: string;
  ms: number;
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

/**
 * Places holds, all of them or none. What was deleted before is not brought back; what is there now stays, and what
 * will be recorded in the range stays too. Returns what each found, in the order given.
 */
export async function placeHolds(
  catalogue: Catalogue,
  holds: readonly Omit<Hold, 'released'>[],
): Promise<HeldFootage[]> {
  return catalogue.transaction().execute(async (transaction) => {
    // In one order everywhere, or two of these wait for each other.
    const cameraIds = [...new Set(holds.map(({ cameraId }) => cameraId))].toSorted();
    for (const cameraId of cameraIds) await lockRecordings(transaction, cameraId);
    for (const hold of holds) {
      await transaction.insertInto('holds').values(rowOf(hold)).execute();
    }
    const found: HeldFootage[] = [];
    for (const hold of holds) found.push(await heldFootage(transaction, hold));
    return found;
  });
}

/** What a hold keeps, as it is now. */
export interface HeldFootage {
  recordings: number;
  byteLength: number;
  /** Recordings of these that the store itself refuses to delete. */
  guarded: number;
}

export async function heldFootage(
  catalogue: Catalogue,
  { cameraId, fromMs, toMs }: Pick<Hold, 'cameraId' | 'fromMs' | 'toMs'>,
): Promise<HeldFootage> {
  const { recordings, bytes } = await catalogue
    .selectFrom('recordings')
    .select(({ fn }) => [
      fn.countAll<number>().as('recordings'),
      // PostgreSQL's sum of bigints is a numeric, which comes as text.
      fn.coalesce(fn.sum<number | string>('byte_length'), sql<number>`0`).as('bytes'),
    ])
    .where('camera_id', '=', cameraId)
    .where('start_ms', '>=', fromMs - LONGEST_RECORDING_MS)
    .where('start_ms', '<', toMs)
    .where('state', '<>', 'garbage')
    .where((where) => where.or([where('end_ms', '>', fromMs), where('state', '=', 'open')]))
    .executeTakeFirstOrThrow();
  const { guarded } = await catalogue
    .selectFrom('held_objects')
    .select(({ fn }) => fn.countAll<number>().as('guarded'))
    .where('camera_id', '=', cameraId)
    .where('start_ms', '>=', fromMs - LONGEST_RECORDING_MS)
    .where('start_ms', '<', toMs)
    .where('end_ms', '>', fromMs)
    .where('guarded', '=', 1)
    .executeTakeFirstOrThrow();
  return { recordings, byteLength: Number(bytes), guarded };
}

/** Throws HoldNotFound when it is not in force. */
export async function releaseHold(
  catalogue: Catalogue,
  id: string,
  released: Act & { reason: string },
): Promise<Hold> {
  const row = await catalogue
    .updateTable('holds')
    .set({
      released_by: released.by,
      released_by_name: released.name,
      released_ms: released.ms,
      release_reason: released.reason,
    })
    .where('id', '=', id)
    .where('released_ms', 'is', null)
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) throw new HoldNotFound(id);
  return holdOf(row);
}

export async function holdById(catalogue: Catalogue, id: string): Promise<Hold | undefined> {
  const row = await catalogue
    .selectFrom('holds')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst();
  return row === undefined ? undefined : holdOf(row);
}

export interface HoldFilter {
  cameraId?: string | undefined;
  /** In force, or released; undefined: both. */
  inForce?: boolean | undefined;
}

/** Newest first; `before`: the id of the last of the page before. */
export async function listHolds(
  catalogue: Catalogue,
  filter: HoldFilter,
  { before, limit }: { before?: string | undefined; limit: number },
): Promise<Hold[]> {
  let query = catalogue.selectFrom('holds').selectAll().orderBy('id', 'desc').limit(limit);
  if (before !== undefined) query = query.where('id', '<', before);
  if (filter.cameraId !== undefined) query = query.where('camera_id', '=', filter.cameraId);
  if (filter.inForce === true) query = query.where('released_ms', 'is', null);
  if (filter.inForce === false) query = query.where('released_ms', 'is not', null);
  return (await query.execute()).map(holdOf);
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

function rowOf({ id, cameraId, fromMs, toMs, reason, placed }: Omit<Hold, 'released'>): HoldTable {
  return {
    id,
    camera_id: cameraId,
    from_ms: fromMs,
    to_ms: toMs,
    reason,
    placed_by: placed.by,
    placed_by_name: placed.name,
    placed_ms: placed.ms,
    released_by: null,
    released_by_name: null,
    released_ms: null,
    release_reason: null,
  };
}

function holdOf(row: HoldTable): Hold {
  const { released_by: releasedBy, released_ms: releasedMs } = row;
  return {
    id: row.id,
    cameraId: row.camera_id,
    fromMs: row.from_ms,
    toMs: row.to_ms,
    reason: row.reason,
    placed: { by: row.placed_by, name: row.placed_by_name ?? row.placed_by, ms: row.placed_ms },
    released:
      releasedBy === null || releasedMs === null
        ? null
        : {
            by: releasedBy,
            name: row.released_by_name ?? releasedBy,
            ms: releasedMs,
            reason: row.release_reason ?? '',
          },
  };
}
