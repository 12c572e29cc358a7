import type { Kysely } from 'kysely';

/** In whose spool a recording waits (spools.ts). What waits since before is nobody's until a gateway begins to record. */
export async function up(database: Kysely<unknown>): Promise<void> {
  const { schema } = database;
  await schema
    .createTable('spools')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .execute();
  await schema.alterTable('recordings').addColumn('spool_id', 'text').execute();
}
