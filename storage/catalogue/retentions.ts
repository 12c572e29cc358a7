import assert from 'node:assert/strict';
import type { Transaction } from 'kysely';
import type { Catalogue, CatalogueTables, RetentionTable } from './tables.ts';

/** How long a camera's recordings are kept, and by which shortening, if by one. */
export interface Retention {
  days: number;
  shorteningId: string | null;
}

/**
 * How long a camera's recordings are kept: what its inventory says now, or said ever, whichever is longer, unless it was
 * shortened by an act of its own. An edit of the inventory never deletes recordings (forms.md §4.8).
 */
export async function lengthenRetention(
  catalogue: Catalogue | Transaction<CatalogueTables>,
  cameraId: string,
  inventoryDays: number,
): Promise<Retention> {
  const known = await retentionOf(catalogue, cameraId);
  if (known !== undefined && known.days >= inventoryDays) return known;
  // Another may have lengthened it more since it was read: whichever is longer.
  await catalogue
    .insertInto('retentions')
    .values({ camera_id: cameraId, days: inventoryDays, shortening_id: null })
    .onConflict((conflict) =>
      conflict
        .column('camera_id')
        .doUpdateSet({ days: inventoryDays, shortening_id: null })
        .where('retentions.days', '<', inventoryDays),
    )
    .execute();
  const after = await retentionOf(catalogue, cameraId);
  assert(after !== undefined, 'a retention that was written is there');
  return after;
}

export async function retentionOf(
  catalogue: Catalogue | Transaction<CatalogueTables>,
  cameraId: string,
): Promise<Retention | undefined> {
  const row = await catalogue
    .selectFrom('retentions')
    .selectAll()
    .where('camera_id', '=', cameraId)
    .executeTakeFirst();
  return row === undefined ? undefined : { days: row.days, shorteningId: row.shortening_id };
}

/** Days by camera, of those that are known. */
export async function daysOf(
  catalogue: Catalogue,
  cameraIds: readonly string[],
): Promise<Map<string, number>> {
  const rows = await catalogue
    .selectFrom('retentions')
    .select(['camera_id', 'days'])
    .where('camera_id', 'in', [...cameraIds])
    .execute();
  return new Map(rows.map(({ camera_id: cameraId, days }) => [cameraId, days]));
}

/**
 * By an act of shortening: `row.days` from now on, unless its days were lengthened beyond `fromDays` since it was asked for, which
 * nobody approved; also within this very moment.
 */
export async function shortenRetention(
  transaction: Transaction<CatalogueTables>,
  row: RetentionTable,
  fromDays: number,
): Promise<void> {
  const { days, shortening_id } = row;
  await transaction
    .insertInto('retentions')
    .values(row)
    .onConflict((conflict) =>
      conflict
        .column('camera_id')
        .doUpdateSet({ days, shortening_id })
        .where('retentions.days', '<=', fromDays),
    )
    .execute();
}

/** The rule under which a recording is deleted, as its deletion record says it; undefined: nobody knows of any. */
export function policyOf(retention: Retention | undefined): string {
  if (retention === undefined) return 'unknown';
  const { days, shorteningId } = retention;
  return shorteningId === null
    ? `retention ${days} days`
    : `retention ${days} days, shortened by ${shorteningId}`;
}

const POLICY = /^retention (\d+) days(?:, shortened by (\S+))?$/;

/** The rule that a deletion record names; undefined: it names none of these. */
export function retentionIn(policy: string): Retention | undefined {
  const [, days, shorteningId] = POLICY.exec(policy) ?? [];
  return days === undefined
    ? undefined
    : { days: Number(days), shorteningId: shorteningId ?? null };
}

/** Of all cameras; undefined when none is known yet. */
export async function longestRetentionDays(catalogue: Catalogue): Promise<number | undefined> {
  const { days } = await catalogue
    .selectFrom('retentions')
    .select(({ fn }) => fn.max<number | null>('days').as('days'))
    .executeTakeFirstOrThrow();
  return days ?? undefined;
}
