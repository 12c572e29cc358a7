import { sql, type Kysely } from 'kysely';
import type { RegistryTables } from '../tables.ts';

/**
 * More forms of secrets within addresses are known (redact-stream-address.ts). Rows that may hold one are looked at again by
 * seal-passwords.ts, which has the key.
 */
export async function up(db: Kysely<RegistryTables>): Promise<void> {
  await sql`update streams set url_key = null
    where url like '%://%=%' or url like '%://%/%:%' or sub_url like '%://%=%' or sub_url like '%://%/%:%'`.execute(
    db,
  );
}
