import { sql, type Kysely } from 'kysely';

/** Cameras with their 11 fields, what the survey counts by, and their streams. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('laos')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('province', 'text', (column) => column.notNull())
    .addColumn('district', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addUniqueConstraint('laos_by_place', ['province', 'district', 'name'])
    .execute();
  for (const table of ['budget_sources', 'sites']) {
    await db.schema
      .createTable(table)
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('name', 'text', (column) => column.notNull().unique())
      .execute();
  }
  await db.schema
    .createTable('cameras')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('owning_agency', 'text', (column) => column.notNull())
    .addColumn('position', 'text', (column) => column.notNull())
    .addColumn('purpose_prevention', 'integer', (column) => column.notNull())
    .addColumn('purpose_investigation', 'integer', (column) => column.notNull())
    .addColumn('purpose_traffic', 'integer', (column) => column.notNull())
    .addColumn('link_network', 'text')
    .addColumn('brand', 'text')
    .addColumn('recorded_resolution', 'text')
    .addColumn('highest_resolution', 'text')
    .addColumn('retention_days', 'integer', (column) => column.check(sql`retention_days >= 1`))
    .addColumn('frame_rate', 'double precision', (column) => column.check(sql`frame_rate > 0`))
    .addColumn('file_format', 'text')
    .addColumn('lao_id', 'text', (column) => column.notNull().references('laos.id'))
    .addColumn('budget_source_id', 'text', (column) =>
      column.notNull().references('budget_sources.id'),
    )
    .addColumn('scope', 'text', (column) =>
      column.notNull().check(sql`scope in ('public-area', 'adjacent-road', 'closed-area')`),
    )
    .addColumn('declared', 'text', (column) =>
      column.notNull().check(sql`declared in ('working', 'under-repair', 'unrepairable')`),
    )
    .addColumn('latitude', 'double precision')
    .addColumn('longitude', 'double precision')
    .addColumn('site_id', 'text', (column) => column.references('sites.id'))
    .addCheckConstraint(
      'cameras_have_a_purpose',
      sql`purpose_prevention + purpose_investigation + purpose_traffic >= 1`,
    )
    .addCheckConstraint('cameras_whole_position', sql`(latitude is null) = (longitude is null)`)
    // What the streams' foreign key points at.
    .addUniqueConstraint('cameras_by_id_and_scope', ['id', 'scope'])
    .execute();
  // The survey counts by these (LAO and budget source: the form's row key), so that the count reads no table.
  await db.schema
    .createIndex('cameras_by_lao')
    .on('cameras')
    .columns(['lao_id', 'budget_source_id', 'declared'])
    .execute();
  await db.schema
    .createTable('camera_linked_agencies')
    .addColumn('camera_id', 'text', (column) =>
      column.notNull().references('cameras.id').onDelete('cascade'),
    )
    .addColumn('ordinal', 'integer', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('camera_linked_agencies_key', ['camera_id', 'ordinal'])
    .execute();
  await db.schema
    .createTable('streams')
    .addColumn('camera_id', 'text', (column) => column.primaryKey())
    // A closed-area camera has no stream: the database itself refuses one, also when a linked camera's scope changes.
    .addColumn('scope', 'text', (column) => column.notNull().check(sql`scope <> 'closed-area'`))
    .addColumn('url', 'text', (column) => column.notNull())
    .addColumn('transport', 'text', (column) =>
      column.notNull().check(sql`transport in ('auto', 'tcp', 'udp')`),
    )
    .addColumn('sound', 'integer', (column) => column.notNull())
    .addColumn('record', 'integer', (column) => column.notNull())
    .addForeignKeyConstraint(
      'streams_of_cameras',
      ['camera_id', 'scope'],
      'cameras',
      ['id', 'scope'],
      (constraint) => constraint.onUpdate('cascade').onDelete('cascade'),
    )
    .execute();
  await db.schema
    .createTable('stream_credentials')
    .addColumn('camera_id', 'text', (column) =>
      column.primaryKey().references('streams.camera_id').onDelete('cascade'),
    )
    .addColumn('username', 'text')
    .addColumn('password', 'text')
    .execute();
}
