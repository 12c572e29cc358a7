import type { Kysely } from 'kysely';
import type { RegistryTables } from '../tables.ts';

/** What budget sources were called before they were corrected. */
export async function up(db: Kysely<RegistryTables>): Promise<void> {
  await db.schema
    .createTable('budget_source_former_names')
    .addColumn('match_key', 'text', (column) => column.notNull())
    .addColumn('budget_source_id', 'text', (column) =>
      column.notNull().references('budget_sources.id'),
    )
    .addColumn('name', 'text', (column) => column.notNull())
    // Several may have had one name: then it leads to none of them.
    .addPrimaryKeyConstraint('budget_source_former_names_key', ['match_key', 'budget_source_id'])
    .execute();
}
