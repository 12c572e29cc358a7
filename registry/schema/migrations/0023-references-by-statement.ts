import type { Kysely } from 'kysely';
import { referencesOf, type Reference } from '../../database/references.ts';
import { textSearchOf } from '../../database/text-search.ts';

/** What an inventory's rows refer to is checked by the statement, and its texts say without a trigger that they are not indexed. */
export async function up(db: Kysely<never>): Promise<void> {
  for (const reference of references) await referencesOf(db).checkByStatement(db, reference);
  await textSearchOf(db).beginsUnindexed(db, 'camera_search');
}

const camera = { table: 'cameras', key: 'id' };
const references: readonly Reference[] = [
  ...(
    [
      ['lao_id', 'laos'],
      ['budget_source_id', 'budget_sources'],
      ['site_id', 'sites'],
    ] as const
  ).map(([column, table]) => ({
    table: 'cameras',
    column,
    of: { table, key: 'id' },
    whenDeleted: 'refused' as const,
  })),
  // A camera in a closed area has none: the stream's own scope is not that, and stays its camera's.
  { table: 'streams', column: 'camera_id', of: camera, whenDeleted: 'deleted', follows: 'scope' },
  {
    table: 'stream_credentials',
    column: 'camera_id',
    of: { table: 'streams', key: 'camera_id' },
    whenDeleted: 'deleted',
  },
  ...['camera_linked_agencies', 'declarations', 'camera_changes'].map((table) => ({
    table,
    column: 'camera_id',
    of: camera,
    whenDeleted: 'deleted' as const,
  })),
  { table: 'camera_search', column: 'id', of: camera, whenDeleted: 'deleted' },
];
