import type { Kysely } from 'kysely';

/** Events that wait for the bus, and when the gateway last ran. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('waiting_events')
    .addColumn('number', 'integer', (column) => column.primaryKey())
    .addColumn('camera_id', 'text', (column) => column.notNull())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addColumn('bytes', 'integer', (column) => column.notNull())
    .addColumn('event', 'text', (column) => column.notNull())
    .execute();
  // For collapsing a camera's.
  await db.schema
    .createIndex('waiting_events_of_camera')
    .on('waiting_events')
    .columns(['camera_id', 'number'])
    .execute();
  await db.schema
    .createTable('gateway_life')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('alive_at_ms', 'bigint', (column) => column.notNull())
    .execute();
}
