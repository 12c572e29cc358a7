import type { Kysely, Transaction } from 'kysely';
import { authorText, type Author } from './author.ts';
import type { FieldChange } from './camera-changes.ts';
import { cameraSearchText } from './camera-search-text.ts';
import { executeTogether, lockRows, takeLock } from './database/database.ts';
import { rowChanger } from './database/row-writer.ts';
import { withOrigins } from './origins.ts';
import { MERGE_LOCK } from './place-ids.ts';
import type { RegistryTables } from './schema/tables.ts';

/** What a change of a managed list does to the cameras of its rows. */

const PAGE = 200;

const updateOrigins = rowChanger<RegistryTables, 'cameras'>('cameras', { key: 'id' });

export interface CameraMove {
  column: 'lao_id' | 'budget_source_id' | 'site_id';
  from: string;
  into: string;
  change: FieldChange;
  author: Author;
  atMs: number;
}

/**
 * All cameras of one row of a list become those of another, also deleted ones: a version each, with its history. From the
 * second look on nobody commits one more (`PlaceIds.refuseMerged`): the row is to be marked as merged in this transaction.
 * The first look is without the lock, for whoever waits for it may have written a camera that is to be moved. Returns how many.
 */
export async function moveCameras(
  transaction: Transaction<RegistryTables>,
  move: CameraMove,
): Promise<number> {
  const moved = await moveCommitted(transaction, move);
  await takeLock(transaction, MERGE_LOCK);
  return moved + (await moveCommitted(transaction, move));
}

export interface MovedCameras {
  cameras: number;
  /** Among the cameras, those that are deleted. */
  deletedCameras: number;
}

/** Cameras that are registered under a row of a list, also deleted ones: a merge takes all of them. */
export async function camerasUnder(
  database: Kysely<RegistryTables>,
  column: CameraMove['column'],
  id: string,
): Promise<MovedCameras> {
  const { all, present } = await database
    .selectFrom('cameras')
    .select(({ fn }) => [
      fn.countAll<number>().as('all'),
      fn.count<number>('id').filterWhere('deleted_at_ms', 'is', null).as('present'),
    ])
    .where(column, '=', id)
    .executeTakeFirstOrThrow();
  return { cameras: all, deletedCameras: all - present };
}

async function moveCommitted(
  transaction: Transaction<RegistryTables>,
  move: CameraMove,
): Promise<number> {
  const { column, from, into, change, author, atMs } = move;
  let moved = 0;
  for (;;) {
    const page = await transaction
      .selectFrom('cameras')
      .select('id')
      .where(column, '=', from)
      .orderBy('id')
      .limit(PAGE)
      .execute();
    if (page.length === 0) break;
    const ids = page.map(({ id }) => id);
    await lockRows(transaction, 'cameras', ids);
    // Whoever merges stands for where it is now, not whoever wrote the old name.
    const origins = await transaction
      .selectFrom('cameras')
      .select(['id', 'origins'])
      .where('id', 'in', ids)
      .where(column, '=', from)
      .execute();
    await executeTogether(
      transaction,
      updateOrigins(
        origins.map((row) => ({
          id: row.id,
          origins: withOrigins(row.origins, [change[0]], 'declared', author, atMs),
        })),
      ),
    );
    // The version that it made, not one read before: in PostgreSQL somebody may declare something of a camera in between.
    const rows = await transaction
      .updateTable('cameras')
      .set((set) => ({ [column]: into, version: set('version', '+', 1), updated_at_ms: atMs }))
      .where('id', 'in', ids)
      .where(column, '=', from)
      .returning(['id', 'version'])
      .execute();
    // All of them went elsewhere meanwhile: looked for again.
    if (rows.length === 0) continue;
    await transaction
      .insertInto('camera_changes')
      .values(
        rows.map(({ id, version }) => ({
          camera_id: id,
          version,
          at_ms: atMs,
          action: 'changed' as const,
          source: 'declared' as const,
          author: authorText(author),
          changes: JSON.stringify([change]),
          reason: null,
        })),
      )
      .execute();
    moved += rows.length;
  }
  // What an LAO or a site is called is part of what its cameras are found by.
  if (column !== 'budget_source_id' && moved > 0) await refreshSearch(transaction, into, column);
  return moved;
}

/** The texts that cameras of an LAO or a site are found by, after its name or place changed. */
export async function refreshSearch(
  transaction: Transaction<RegistryTables>,
  id: string,
  column: 'lao_id' | 'site_id' = 'lao_id',
): Promise<void> {
  let after = '';
  for (;;) {
    const page = await transaction
      .selectFrom('cameras')
      .innerJoin('laos', 'laos.id', 'cameras.lao_id')
      .leftJoin('sites', 'sites.id', 'cameras.site_id')
      .select([
        'cameras.id',
        'cameras.position',
        'cameras.owning_agency as owningAgency',
        'cameras.brand',
        'cameras.model',
        'laos.name',
        'laos.district',
        'laos.province',
        'sites.name as site',
      ])
      .where(`cameras.${column}`, '=', id)
      .where('cameras.id', '>', after)
      .orderBy('cameras.id')
      .limit(PAGE)
      .execute();
    if (page.length === 0) return;
    for (const { id: cameraId, name, district, province, ...rest } of page) {
      await transaction
        .updateTable('camera_search')
        .set({ text: cameraSearchText({ ...rest, lao: { name, district, province } }) })
        .where('id', '=', cameraId)
        .execute();
    }
    after = page.at(-1)?.id ?? after;
  }
}
