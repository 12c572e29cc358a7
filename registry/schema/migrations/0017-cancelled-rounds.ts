import type { Kysely } from 'kysely';
import type { RegistryTables } from '../tables.ts';

/** Why a round was cancelled before its cut-off. It is closed then, and was never frozen: `state` says no more than that. */
export async function up(db: Kysely<RegistryTables>): Promise<void> {
  await db.schema.alterTable('survey_rounds').addColumn('cancelled_reason', 'text').execute();
}
