import { sql, type Kysely } from 'kysely';

/**
 * Of a gap that lies within a recording, which one (holes.ts). Until now the timeline took every gap for one. None is longer than a
 * recording may be.
 */
export async function up(database: Kysely<unknown>): Promise<void> {
  await database.schema.alterTable('gaps').addColumn('recording_id', 'text').execute();
  await sql`
    update gaps set recording_id = (
      select min(id) from recordings
      where recordings.camera_id = gaps.camera_id
        and recordings.start_ms <= gaps.start_ms and recordings.start_ms >= gaps.start_ms - 600000
        and recordings.end_ms >= gaps.end_ms
    )
    where end_ms is not null
      and detail in ('lost-pictures', 'recorder-behind', 'object-corrupt', 'object-length')`.execute(
    database,
  );
}
