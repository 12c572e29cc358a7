import type { Kysely } from 'kysely';

/** One row: the time by which the last sweep deleted (retention-clock.ts). */
export async function up(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable('retention_clock')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .execute();
}
