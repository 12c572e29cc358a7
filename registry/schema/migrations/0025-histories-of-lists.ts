import type { Kysely } from 'kysely';
import type { RegistryTables } from '../tables.ts';

/** Rows of the lists that cameras are registered under have versions, and what each of them changed. */
export async function up(db: Kysely<RegistryTables>): Promise<void> {
  for (const list of ['laos', 'budget_sources', 'sites'] as const) {
    await db.schema
      .alterTable(list)
      .addColumn('version', 'integer', (column) => column.notNull().defaultTo(1))
      .execute();
  }
  await db.schema
    .createTable('list_changes')
    .addColumn('list', 'text', (column) => column.notNull())
    .addColumn('row_id', 'text', (column) => column.notNull())
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addColumn('author', 'text', (column) => column.notNull())
    .addColumn('changes', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('list_changes_key', ['list', 'row_id', 'version'])
    .execute();
}
