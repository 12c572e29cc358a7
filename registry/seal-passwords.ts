import { urlKey } from './camera-rows.ts';
import type { RegistryDatabase } from './schema/tables.ts';
import type { SecretBox } from './secret-box.ts';
import { openSecrets, sealSecrets, splitSecrets } from './stream-secrets.ts';

const PAGE = 200;

/**
 * Seals what is stored in the clear: passwords of before there was a key, and secrets within addresses that were not known for
 * such when they were stored. At every start, for a database that an older version wrote to in between; rows without a key for
 * their address are those to be looked at (migration 0018, which has redacted history), and once it is done it finds none. Returns of how many cameras
 * something was sealed.
 */
export async function sealStoredPasswords(
  database: RegistryDatabase,
  box: SecretBox,
): Promise<number> {
  let sealedCameras = 0;
  let after = '';
  for (;;) {
    const page = await database
      .selectFrom('streams')
      .leftJoin('stream_credentials', 'stream_credentials.camera_id', 'streams.camera_id')
      .select([
        'streams.camera_id',
        'streams.url',
        'streams.sub_url',
        'streams.snapshot_url',
        'stream_credentials.username',
        'stream_credentials.password',
        'stream_credentials.sealed',
      ])
      .where('streams.camera_id', '>', after)
      .where((where) =>
        where.or([
          where('streams.url_key', 'is', null),
          where('stream_credentials.password', 'is not', null),
        ]),
      )
      .orderBy('streams.camera_id')
      .limit(PAGE)
      .execute();
    if (page.length === 0) return sealedCameras;
    await database.transaction().execute(async (transaction) => {
      for (const row of page) {
        const { camera_id, url, sub_url, snapshot_url, username, password, sealed } = row;
        const known = openSecrets(box, camera_id, sealed);
        const stored = splitSecrets({
          url: known.url ?? url,
          subUrl: known.subUrl ?? sub_url,
          snapshotUrl: known.snapshotUrl ?? snapshot_url,
          password: password ?? known.password,
        });
        await transaction
          .updateTable('streams')
          .set({
            url: stored.url,
            sub_url: stored.subUrl,
            snapshot_url: stored.snapshotUrl,
            url_key: urlKey(stored.url),
          })
          .where('camera_id', '=', camera_id)
          .execute();
        const isClear =
          password !== null ||
          stored.url !== url ||
          stored.subUrl !== sub_url ||
          stored.snapshotUrl !== snapshot_url;
        if (stored.secrets === null || !isClear) continue;
        const credentials = {
          username,
          password: null,
          sealed: sealSecrets(box, camera_id, stored.secrets),
        };
        await transaction
          .insertInto('stream_credentials')
          .values({ camera_id, ...credentials })
          .onConflict((conflict) => conflict.column('camera_id').doUpdateSet(credentials))
          .execute();
        // What is usual for a stream is known by its address as it is stored.
        await transaction
          .updateTable('stream_baselines')
          .set({ url_key: urlKey(stored.url) })
          .where('camera_id', '=', camera_id)
          .where('url_key', '=', urlKey(url))
          .execute();
        sealedCameras++;
      }
    });
    after = page.at(-1)?.camera_id ?? after;
  }
}
