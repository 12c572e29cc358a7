import { sql, type Kysely } from 'kysely';
import { redactHistory } from '../../redact-history.ts';
import type { RegistryTables } from '../tables.ts';

const PAGE = 2_000;

/**
 * More forms of secrets within addresses are known (redact-stream-address.ts). Streams that may hold one are looked at again by
 * seal-passwords.ts, which has the key; in history they are replaced here, of addresses too that a camera has no more.
 */
export async function up(db: Kysely<RegistryTables>): Promise<void> {
  await sql`update streams set url_key = null
    where url like '%://%=%' or url like '%://%/%:%' or sub_url like '%://%=%' or sub_url like '%://%/%:%'`.execute(
    db,
  );
  let after = { camera_id: '', version: 0 };
  for (;;) {
    const page = await db
      .selectFrom('camera_changes')
      .select(['camera_id', 'version', 'changes'])
      .where((where) =>
        where(
          where.refTuple('camera_id', 'version'),
          '>',
          where.tuple(after.camera_id, after.version),
        ),
      )
      .where('changes', 'like', '%"stream.%')
      .orderBy('camera_id')
      .orderBy('version')
      .limit(PAGE)
      .execute();
    for (const { camera_id, version, changes: before } of page) {
      const changes = redactHistory(before);
      if (changes === before) continue;
      await db
        .updateTable('camera_changes')
        .set({ changes })
        .where('camera_id', '=', camera_id)
        .where('version', '=', version)
        .execute();
    }
    const last = page.at(-1);
    if (last === undefined) return;
    after = last;
  }
}
