import { sql, type Kysely } from 'kysely';

/**
 * A camera's day, and what its recordings take, are answered by the index alone: its rows lie far from each other among
 * those of a thousand other cameras.
 */
export async function up(database: Kysely<unknown>): Promise<void> {
  await sql`create index recordings_of_camera
    on recordings (camera_id, start_ms, end_ms, state, id, byte_length)`.execute(database);
  await sql`drop index recordings_by_camera`.execute(database);
}
