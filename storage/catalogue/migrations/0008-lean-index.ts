import { sql, type Kysely } from 'kysely';

/**
 * The index that answers a camera's day without what no day's question needs any more: what recordings take is counted
 * by day, and their ids are asked for of the few that still grow. A third less is read, and written.
 */
export async function up(database: Kysely<unknown>): Promise<void> {
  await sql`create index if not exists recordings_by_time
    on recordings (camera_id, start_ms, end_ms, state)`.execute(database);
  await sql`drop index if exists recordings_of_camera`.execute(database);
}
