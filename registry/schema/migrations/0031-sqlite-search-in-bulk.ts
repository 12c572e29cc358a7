import type { Kysely } from 'kysely';
import { textSearchOf } from '../../database/text-search.ts';

/** On SQLite too, texts of cameras are indexed when they are stored, many at once (decision 0290). */
export async function up(db: Kysely<never>): Promise<void> {
  await textSearchOf(db).indexInBulk(db, 'camera_search');
}
