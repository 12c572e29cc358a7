import { sql, type Kysely } from 'kysely';

/** Holds that are released with a reason and stand in the store too; retention that is shortened as an act of its own. */
export async function up(database: Kysely<unknown>): Promise<void> {
  const { schema } = database;
  for (const column of ['placed_by_name', 'released_by_name', 'release_reason']) {
    await schema.alterTable('holds').addColumn(column, 'text').execute();
  }
  // The list of holds, newest first: ids are UUIDv7.
  await sql`create index holds_of_camera on holds (camera_id, id)`.execute(database);
  await schema
    .createTable('held_objects')
    .addColumn('recording_id', 'text', (column) => column.primaryKey())
    .addColumn('camera_id', 'text', (column) => column.notNull())
    .addColumn('start_ms', 'bigint', (column) => column.notNull())
    .addColumn('end_ms', 'bigint', (column) => column.notNull())
    .addColumn('object_key', 'text', (column) => column.notNull())
    .addColumn('version_id', 'text')
    .addColumn('guarded', 'integer', (column) => column.notNull())
    .execute();
  await schema
    .createIndex('held_objects_by_camera')
    .on('held_objects')
    .columns(['camera_id', 'start_ms'])
    .execute();
  await schema.alterTable('retentions').addColumn('shortening_id', 'text').execute();
  await schema
    .createTable('shortenings')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('state', 'text', (column) =>
      column
        .notNull()
        .check(sql`state in ('requested', 'approved', 'rejected', 'cancelled', 'done')`),
    )
    .addColumn('days', 'integer', (column) => column.notNull().check(sql`days > 0`))
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('requested_by', 'text', (column) => column.notNull())
    .addColumn('requested_by_name', 'text', (column) => column.notNull())
    .addColumn('requested_ms', 'bigint', (column) => column.notNull())
    .addColumn('decided_by', 'text')
    .addColumn('decided_by_name', 'text')
    .addColumn('decided_ms', 'bigint')
    .addColumn('decision_reason', 'text')
    .addColumn('effective_ms', 'bigint')
    .addCheckConstraint(
      'shortenings_decided',
      sql`state = 'requested' or (decided_by is not null and decided_ms is not null)`,
    )
    .execute();
  await schema
    .createTable('shortening_cameras')
    .addColumn('shortening_id', 'text', (column) =>
      column.notNull().references('shortenings.id').onDelete('cascade'),
    )
    .addColumn('camera_id', 'text', (column) => column.notNull())
    .addColumn('from_days', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('shortening_cameras_key', ['shortening_id', 'camera_id'])
    .execute();
  await schema
    .createIndex('shortening_cameras_by_camera')
    .on('shortening_cameras')
    .column('camera_id')
    .execute();
  await schema
    .createIndex('deletions_by_time')
    .on('deletions')
    .columns(['deleted_ms', 'recording_id'])
    .execute();
}
