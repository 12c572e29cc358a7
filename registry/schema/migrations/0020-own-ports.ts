import { createHash } from 'node:crypto';
import type { Kysely } from 'kysely';
import { urlKey } from '../../camera-rows.ts';
import type { RegistryTables } from '../tables.ts';

const PAGE = 2_000;

/** Keys of addresses by which a port that is the scheme's own makes no other address (`urlKey`), and of what is usual for them. */
export async function up(db: Kysely<RegistryTables>): Promise<void> {
  for (let after: string | undefined = ''; after !== undefined;) {
    const page = await db
      .selectFrom('streams')
      .select(['camera_id', 'url', 'url_key'])
      .where('camera_id', '>', after)
      .orderBy('camera_id')
      .limit(PAGE)
      .execute();
    for (const { camera_id, url, url_key: stored } of page) {
      const url_key = urlKey(url);
      // One without a key is looked at once more, and gets its key, when all migrations were run (seal-passwords.ts).
      const before = stored ?? createHash('sha256').update(url).digest('hex');
      if (before === url_key) continue;
      await db
        .updateTable('stream_baselines')
        .set({ url_key })
        .where('camera_id', '=', camera_id)
        .where('url_key', '=', before)
        .execute();
      if (stored === null) continue;
      await db.updateTable('streams').set({ url_key }).where('camera_id', '=', camera_id).execute();
    }
    after = page.length < PAGE ? undefined : page.at(-1)?.camera_id;
  }
}
