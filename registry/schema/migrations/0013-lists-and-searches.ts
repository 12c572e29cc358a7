import { sql, type Kysely } from 'kysely';
import { textSearchOf } from '../../database/text-search.ts';
import type { RegistryTables } from '../tables.ts';

/** A search index that knows words of one and two letters; and lists that are narrowed to few cameras find them. */
export async function up(db: Kysely<RegistryTables>): Promise<void> {
  await textSearchOf(db).indexShortParts(db as unknown as Kysely<never>, 'camera_search');
  for (const [name, column] of [
    ['cameras_of_brand', 'brand'],
    ['cameras_of_budget_source', 'budget_source_id'],
    ['cameras_of_site', 'site_id'],
  ] as const) {
    await db.schema.createIndex(name).on('cameras').columns([column, 'id']).execute();
  }
  // What few cameras are: nothing is written for the others.
  await db.schema
    .createIndex('cameras_declared_damaged')
    .on('cameras')
    .columns(['declared', 'id'])
    .where(sql.ref('declared'), '<>', sql.lit('working'))
    .execute();
  await db.schema
    .createIndex('cameras_beside_public_areas')
    .on('cameras')
    .columns(['scope', 'id'])
    .where(sql.ref('scope'), '<>', sql.lit('public-area'))
    .execute();
  await db.schema
    .createIndex('cameras_deleted')
    .on('cameras')
    .column('id')
    .where(sql.ref('deleted_at_ms'), 'is not', null)
    .execute();
}
