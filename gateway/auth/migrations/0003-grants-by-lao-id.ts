import type { Kysely } from 'kysely';

/** Of which LAO of the master list a role is; null where it is given for more, and for one until it was looked up (grant-rows.ts). */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('grants').addColumn('lao_id', 'text').execute();
  await db.schema.createIndex('grants_by_lao').on('grants').column('lao_id').execute();
}
