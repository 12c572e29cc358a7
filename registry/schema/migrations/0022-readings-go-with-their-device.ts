import type { Kysely } from 'kysely';
import type { RegistryTables } from '../tables.ts';

/** What was measured of streams that cameras have no more. */
export async function up(db: Kysely<RegistryTables>): Promise<void> {
  await db
    .deleteFrom('camera_observations')
    .where('source', '=', 'stream')
    .where('camera_id', 'not in', (linked) => linked.selectFrom('streams').select('camera_id'))
    .execute();
}
