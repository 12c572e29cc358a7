import type { Kysely } from 'kysely';
import type { RegistryTables } from '../tables.ts';

/** Where a camera's still picture is, beside its streams. */
export async function up(db: Kysely<RegistryTables>): Promise<void> {
  await db.schema.alterTable('streams').addColumn('snapshot_url', 'text').execute();
}
