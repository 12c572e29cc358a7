import type { Kysely } from 'kysely';
import { textSearchOf } from './database/text-search.ts';
import type { RegistryDatabase } from './schema/tables.ts';

/** Indexes the texts of cameras that an inventory left for later; after a crash, those that were left then. */
export async function indexSearch(database: RegistryDatabase): Promise<void> {
  await textSearchOf(database).indexRest(database as unknown as Kysely<unknown>, {
    name: 'camera_search',
    of: 'cameras',
  });
}
