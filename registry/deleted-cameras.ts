import type { Kysely } from 'kysely';
import type { RegistryTables } from './schema/tables.ts';

/** One that a file names by its id, and that somebody deleted: it is brought back, not registered anew. */
export interface DeletedCamera {
  id: string;
  laoId: string;
  /** Unix ms. */
  deletedAtMs: number;
}

/** Of these ids, as many as one statement names; in the order of ids. */
export async function deletedAmong(
  database: Kysely<RegistryTables>,
  ids: readonly string[],
): Promise<DeletedCamera[]> {
  if (ids.length === 0) return [];
  const rows = await database
    .selectFrom('cameras')
    .select(['id', 'lao_id', 'deleted_at_ms'])
    .where('id', 'in', ids)
    .where('deleted_at_ms', 'is not', null)
    .orderBy('id')
    .execute();
  return rows.map(({ id, lao_id, deleted_at_ms }) => ({
    id,
    laoId: lao_id,
    deletedAtMs: deleted_at_ms ?? 0,
  }));
}
