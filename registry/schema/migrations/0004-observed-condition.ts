import { sql, type Kysely } from 'kysely';

/** What the streams show of each camera: each transition, the present state, incidents; and the epochs that fence them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('camera_events')
    .addColumn('event_id', 'text', (column) => column.primaryKey())
    // An event of a camera that nobody registered is refused here, and becomes a dead letter.
    .addColumn('camera_id', 'text', (column) =>
      column.notNull().references('cameras.id').onDelete('cascade'),
    )
    .addColumn('epoch', 'bigint', (column) => column.notNull())
    .addColumn('sequence', 'bigint', (column) => column.notNull())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull().check(isState('state')))
    .addColumn('previous', 'text', (column) => column.notNull().check(isState('previous')))
    .addColumn('reason', 'text')
    .addColumn('measured', 'text', (column) => column.notNull())
    .addColumn('worker', 'text', (column) => column.notNull())
    .execute();
  // A camera's history over a window.
  await db.schema
    .createIndex('camera_events_of_camera')
    .on('camera_events')
    .columns(['camera_id', 'at_ms'])
    .execute();
  await db.schema
    .createTable('incidents')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('kind', 'text', (column) =>
      column.notNull().check(sql`kind in ('site', 'network', 'worker', 'gateway')`),
    )
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('from_ms', 'bigint', (column) => column.notNull())
    .addColumn('to_ms', 'bigint')
    .addColumn('cameras', 'integer', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('incidents_by_time').on('incidents').column('from_ms').execute();
  await db.schema
    .createTable('incident_cameras')
    .addColumn('incident_id', 'text', (column) =>
      column.notNull().references('incidents.id').onDelete('cascade'),
    )
    .addColumn('camera_id', 'text', (column) =>
      column.notNull().references('cameras.id').onDelete('cascade'),
    )
    .addPrimaryKeyConstraint('incident_cameras_key', ['incident_id', 'camera_id'])
    .execute();
  await db.schema
    .createIndex('incident_cameras_of_camera')
    .on('incident_cameras')
    .column('camera_id')
    .execute();
  await db.schema
    .createTable('observed_states')
    .addColumn('camera_id', 'text', (column) =>
      column.primaryKey().references('cameras.id').onDelete('cascade'),
    )
    .addColumn('state', 'text', (column) => column.notNull().check(isState('state')))
    .addColumn('reason', 'text')
    .addColumn('since_ms', 'bigint', (column) => column.notNull())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addColumn('epoch', 'bigint', (column) => column.notNull())
    .addColumn('sequence', 'bigint', (column) => column.notNull())
    .addColumn('event_id', 'text', (column) => column.notNull())
    .addColumn('flapping', 'integer', (column) => column.notNull())
    .addColumn('measured', 'text', (column) => column.notNull())
    .addColumn('incident_id', 'text', (column) =>
      column.references('incidents.id').onDelete('set null'),
    )
    .execute();
  await db.schema
    .createTable('shard_leases')
    .addColumn('shard', 'text', (column) => column.primaryKey())
    .addColumn('worker', 'text', (column) => column.notNull())
    .addColumn('epoch', 'bigint', (column) => column.notNull().unique())
    .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
    .execute();
}

function isState(column: string) {
  return sql<boolean>`${sql.ref(column)} in ('up', 'degraded', 'down', 'unknown', 'not-linked')`;
}
