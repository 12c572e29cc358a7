import type { Kysely } from 'kysely';
import { textSearchOf } from './database/text-search.ts';
import type { RegistryDatabase } from './schema/tables.ts';

/** Indexes the texts of cameras that were written and are not indexed yet (decision 0180), until `signal` ends it. */
export async function indexSearch(database: RegistryDatabase, signal?: AbortSignal): Promise<void> {
  const table = { name: 'camera_search', of: 'cameras' };
  await textSearchOf(database).indexRest(database as unknown as Kysely<unknown>, table, signal);
}
