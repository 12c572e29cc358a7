import type { RegistryDatabase } from './schema/tables.ts';
import type { SecretBox } from './secret-box.ts';
import { redactStreamAddress } from './stream-address.ts';
import { sealSecrets, splitSecrets } from './stream-secrets.ts';
import { urlKey } from './camera-rows.ts';

const PAGE = 200;

/**
 * Seals what was stored before there was a key: passwords, and those within addresses. At every start, for a database
 * that an older version wrote to in between; once it is done it finds nothing. Returns how many cameras it was.
 */
export async function sealStoredPasswords(
  database: RegistryDatabase,
  box: SecretBox,
): Promise<number> {
  let sealed = 0;
  let after = '';
  for (;;) {
    const page = await database
      .selectFrom('streams')
      .leftJoin('stream_credentials', 'stream_credentials.camera_id', 'streams.camera_id')
      .select([
        'streams.camera_id',
        'streams.url',
        'streams.sub_url',
        'stream_credentials.username',
        'stream_credentials.password',
      ])
      .where('streams.camera_id', '>', after)
      // Rows of our own have a key for their address.
      .where((where) =>
        where.or([
          where('streams.url_key', 'is', null),
          where('stream_credentials.password', 'is not', null),
        ]),
      )
      .orderBy('streams.camera_id')
      .limit(PAGE)
      .execute();
    if (page.length === 0) return sealed;
    await database.transaction().execute(async (transaction) => {
      for (const { camera_id, url, sub_url, username, password } of page) {
        const { secrets } = splitSecrets({ url, subUrl: sub_url, password });
        const shown = redactStreamAddress(url);
        await transaction
          .updateTable('streams')
          .set({ url: shown, url_key: urlKey(shown) })
          .where('camera_id', '=', camera_id)
          .execute();
        if (secrets === null) continue;
        const row = { username, password: null, sealed: sealSecrets(box, camera_id, secrets) };
        await transaction
          .insertInto('stream_credentials')
          .values({ camera_id, ...row })
          .onConflict((conflict) => conflict.column('camera_id').doUpdateSet(row))
          .execute();
        sealed++;
      }
    });
    after = page.at(-1)?.camera_id ?? after;
  }
}
