import { sql, type Kysely } from 'kysely';

/** What is usual for each stream, by day and by night. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('stream_baselines')
    .addColumn('camera_id', 'text', (column) =>
      column.notNull().references('cameras.id').onDelete('cascade'),
    )
    .addColumn('light', 'text', (column) => column.notNull().check(sql`light in ('day', 'night')`))
    .addColumn('url_key', 'text', (column) => column.notNull())
    .addColumn('frame_rate', 'double precision', (column) => column.notNull())
    .addColumn('width', 'integer', (column) => column.notNull())
    .addColumn('height', 'integer', (column) => column.notNull())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addColumn('author', 'text')
    .addPrimaryKeyConstraint('stream_baselines_key', ['camera_id', 'light'])
    .execute();
}
