import { sql, type Kysely } from 'kysely';

/** What each camera's day holds, so that nobody counts all recordings to know it. Days are those of Thailand. */
export async function up(database: Kysely<unknown>): Promise<void> {
  const { schema } = database;
  await schema
    .createTable('camera_days')
    .addColumn('camera_id', 'text', (column) => column.notNull())
    .addColumn('day', 'bigint', (column) => column.notNull())
    .addColumn('made', 'integer', (column) => column.notNull())
    .addColumn('recordings', 'integer', (column) => column.notNull())
    .addColumn('byte_length', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('camera_days_key', ['camera_id', 'day'])
    .execute();
  await schema
    .createIndex('camera_days_by_day')
    .on('camera_days')
    .columns(['day', 'camera_id'])
    .execute();
  await sql`insert into camera_days (camera_id, day, made, recordings, byte_length)
    select camera_id, day, count(*), sum(kept), sum(byte_length)
    from (
      select camera_id, (start_ms + 25200000) / 86400000 as day, 1 as kept, byte_length
      from recordings where state <> 'open'
      union all
      select camera_id, (start_ms + 25200000) / 86400000, 0, 0 from deletions where sha256 is not null
    ) counted
    group by camera_id, day`.execute(database);
}
