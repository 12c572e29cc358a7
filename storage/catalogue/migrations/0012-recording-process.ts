import type { Kysely } from 'kysely';

/** One row: until when the process that records is known to have run (recording-process.ts). */
export async function up(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable('recording_process')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('alive_ms', 'bigint', (column) => column.notNull())
    .execute();
}
