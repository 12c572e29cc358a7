import { sql, type Kysely } from 'kysely';
import { authorText, systemAuthor } from '../../author.ts';
import { withOrigins } from '../../origins.ts';
import type { RegistryTables } from '../tables.ts';

const PAGE = 500;

/**
 * A camera in a closed area is linked with nobody (forms.md §3): fields ๔ and ๕ of those that were registered with them are emptied, as
 * a version of the gateway's own, so that history has what stood there. Deleted ones too: they may be brought back.
 */
export async function up(db: Kysely<RegistryTables>): Promise<void> {
  const atMs = Date.now();
  for (let after: string | undefined = ''; after !== undefined;) {
    const page = await db
      .selectFrom('cameras')
      .select(['id', 'version', 'link_network', 'origins'])
      .where('scope', '=', 'closed-area')
      .where('id', '>', after)
      .where(
        sql<boolean>`(link_network is not null or id in (select camera_id from camera_linked_agencies))`,
      )
      .orderBy('id')
      .limit(PAGE)
      .execute();
    for (const camera of page) {
      const agencies = await db
        .deleteFrom('camera_linked_agencies')
        .where('camera_id', '=', camera.id)
        .returning(['ordinal', 'name'])
        .execute();
      const before = agencies.toSorted((a, b) => a.ordinal - b.ordinal).map(({ name }) => name);
      const changes = [
        ...(before.length === 0 ? [] : [['linkedAgencies', before, []] as const]),
        ...(camera.link_network === null
          ? []
          : [['linkNetwork', camera.link_network, null] as const]),
      ];
      const fields = changes.map(([field]) => field);
      const version = camera.version + 1;
      await db
        .updateTable('cameras')
        .set({
          link_network: null,
          version,
          updated_at_ms: atMs,
          origins: withOrigins(camera.origins, fields, 'declared', systemAuthor, atMs),
        })
        .where('id', '=', camera.id)
        .execute();
      await db
        .insertInto('camera_changes')
        .values({
          camera_id: camera.id,
          version,
          at_ms: atMs,
          action: 'changed',
          source: 'declared',
          author: authorText(systemAuthor),
          changes: JSON.stringify(changes),
          reason: 'กล้องในพื้นที่ปิดเฉพาะไม่เชื่อมโยงกับหน่วยงานใด',
        })
        .execute();
    }
    after = page.length < PAGE ? undefined : page.at(-1)?.id;
  }
}
