import type { Kysely } from 'kysely';
import type { RegistryTables } from '../tables.ts';

/** A site that was merged, and a name that one had before, lead to the site that bears both now. */
export async function up(db: Kysely<RegistryTables>): Promise<void> {
  await db.schema
    .alterTable('sites')
    .addColumn('merged_into', 'text', (column) => column.references('sites.id'))
    .execute();
  await db.schema.createIndex('sites_merged_into').on('sites').column('merged_into').execute();
}
