import type { Kysely } from 'kysely';
import { textSearchOf } from '../../database/text-search.ts';

/** Words that the search index does not answer are looked for only among cameras that may have them (database/search-blocks.ts). */
export async function up(db: Kysely<never>): Promise<void> {
  await textSearchOf(db).indexInBlocks(db, 'camera_search');
}
