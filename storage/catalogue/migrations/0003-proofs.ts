import type { Kysely } from 'kysely';

/** What proves a recording: its place in a chain that outlives it, the day's signed root, and what the clocks said. */
export async function up(database: Kysely<unknown>): Promise<void> {
  const { schema } = database;
  await schema.alterTable('recordings').addColumn('clock_offset_ms', 'bigint').execute();
  await schema.alterTable('recordings').addColumn('clock_in_step', 'integer').execute();
  for (const column of ['run_id', 'previous_sha256']) {
    await schema.alterTable('deletions').addColumn(column, 'text').execute();
  }
  await schema
    .createTable('seals')
    .addColumn('day', 'text', (column) => column.notNull())
    .addColumn('number', 'integer', (column) => column.notNull())
    .addColumn('chains', 'integer', (column) => column.notNull())
    .addColumn('recordings', 'integer', (column) => column.notNull())
    .addColumn('root', 'text', (column) => column.notNull())
    .addColumn('sealed_ms', 'bigint', (column) => column.notNull())
    .addColumn('key_id', 'text', (column) => column.notNull())
    .addColumn('signature', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('seals_key', ['day', 'number'])
    .execute();
  await schema
    .createTable('sealed_chains')
    .addColumn('day', 'text', (column) => column.notNull())
    .addColumn('number', 'integer', (column) => column.notNull())
    .addColumn('camera_id', 'text', (column) => column.notNull())
    .addColumn('run_id', 'text', (column) => column.notNull())
    .addColumn('recordings', 'integer', (column) => column.notNull())
    .addColumn('chain', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('sealed_chains_key', ['day', 'camera_id', 'run_id', 'number'])
    .execute();
}
