import { sql, type Kysely } from 'kysely';

export async function up(database: Kysely<unknown>): Promise<void> {
  const { schema } = database;
  await schema
    .createTable('recordings')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('camera_id', 'text', (column) => column.notNull())
    .addColumn('run_id', 'text', (column) => column.notNull())
    .addColumn('start_ms', 'bigint', (column) => column.notNull())
    .addColumn('end_ms', 'bigint', (column) => column.notNull())
    .addColumn('state', 'text', (column) =>
      column.notNull().check(sql`state in ('open', 'spooled', 'stored', 'garbage')`),
    )
    .addColumn('object_key', 'text', (column) => column.notNull())
    .addColumn('version_id', 'text')
    .addColumn('byte_length', 'bigint', (column) => column.notNull())
    .addColumn('init_bytes', 'integer', (column) => column.notNull())
    .addColumn('codec', 'text', (column) => column.notNull())
    .addColumn('width', 'integer', (column) => column.notNull())
    .addColumn('height', 'integer', (column) => column.notNull())
    .addColumn('sha256', 'text')
    .addColumn('previous_sha256', 'text')
    .addColumn('end_reason', 'text')
    .addCheckConstraint('recordings_range', sql`start_ms <= end_ms`)
    .addCheckConstraint('recordings_hashed', sql`state = 'open' or sha256 is not null`)
    .execute();
  // A camera's day is one short walk of this index, however long its history.
  await schema
    .createIndex('recordings_by_camera')
    .on('recordings')
    .columns(['camera_id', 'start_ms'])
    .execute();
  // What still has to be put, and what has to be deleted; nearly all rows are `stored`.
  await sql`create index recordings_unsettled on recordings (state, start_ms) where state <> 'stored'`.execute(
    database,
  );
  await schema
    .createTable('recording_fragments')
    .addColumn('recording_id', 'text', (column) =>
      column.primaryKey().references('recordings.id').onDelete('cascade'),
    )
    .addColumn('fragment_index', 'bytea', (column) => column.notNull())
    .execute();
  await schema
    .createTable('gaps')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('camera_id', 'text', (column) => column.notNull())
    .addColumn('start_ms', 'bigint', (column) => column.notNull())
    .addColumn('end_ms', 'bigint')
    .addColumn('cause', 'text', (column) =>
      column
        .notNull()
        .check(sql`cause in ('camera', 'network', 'gateway', 'storage', 'not-scheduled')`),
    )
    .addColumn('detail', 'text')
    .addCheckConstraint('gaps_range', sql`end_ms is null or start_ms <= end_ms`)
    .execute();
  await schema
    .createIndex('gaps_by_camera')
    .on('gaps')
    .columns(['camera_id', 'start_ms'])
    .execute();
  // One gap at most lasts.
  await sql`create unique index gaps_lasting on gaps (camera_id) where end_ms is null`.execute(
    database,
  );
  await schema
    .createTable('holds')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('camera_id', 'text', (column) => column.notNull())
    .addColumn('from_ms', 'bigint', (column) => column.notNull())
    .addColumn('to_ms', 'bigint', (column) => column.notNull())
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('placed_by', 'text', (column) => column.notNull())
    .addColumn('placed_ms', 'bigint', (column) => column.notNull())
    .addColumn('released_by', 'text')
    .addColumn('released_ms', 'bigint')
    .addCheckConstraint('holds_range', sql`from_ms < to_ms`)
    .execute();
  await sql`create index holds_in_force on holds (camera_id, to_ms) where released_ms is null`.execute(
    database,
  );
  await schema
    .createTable('retentions')
    .addColumn('camera_id', 'text', (column) => column.primaryKey())
    .addColumn('days', 'integer', (column) => column.notNull().check(sql`days > 0`))
    .execute();
  await schema
    .createTable('deletions')
    .addColumn('recording_id', 'text', (column) => column.primaryKey())
    .addColumn('camera_id', 'text', (column) => column.notNull())
    .addColumn('start_ms', 'bigint', (column) => column.notNull())
    .addColumn('end_ms', 'bigint', (column) => column.notNull())
    .addColumn('byte_length', 'bigint', (column) => column.notNull())
    .addColumn('sha256', 'text')
    .addColumn('policy', 'text', (column) => column.notNull())
    .addColumn('deleted_ms', 'bigint', (column) => column.notNull())
    .execute();
  await schema
    .createIndex('deletions_by_camera')
    .on('deletions')
    .columns(['camera_id', 'start_ms'])
    .execute();
}
