import type { Kysely } from 'kysely';

/** Incidents are looked for among the cameras that fell lately, however many there are. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createIndex('observed_states_by_since')
    .on('observed_states')
    .columns(['state', 'since_ms'])
    .execute();
}
