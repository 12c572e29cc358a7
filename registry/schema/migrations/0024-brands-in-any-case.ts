import { sql, type Kysely } from 'kysely';
import type { RegistryTables } from '../tables.ts';

/** People write HIKVISION as Hikvision: lists are narrowed to a brand whatever its case. */
export async function up(db: Kysely<RegistryTables>): Promise<void> {
  await db.schema.dropIndex('cameras_of_brand').execute();
  await db.schema
    .createIndex('cameras_of_brand')
    .on('cameras')
    .expression(sql`lower(brand), id`)
    .execute();
}
