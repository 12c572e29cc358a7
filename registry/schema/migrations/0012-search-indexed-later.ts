import type { Kysely } from 'kysely';
import { textSearchOf } from '../../database/text-search.ts';

/** The texts of an inventory's cameras are indexed when the inventory is stored (database/text-search.ts). */
export async function up(db: Kysely<never>): Promise<void> {
  await textSearchOf(db).mayBeIndexedLater(db, 'camera_search');
}
