import type { Kysely } from 'kysely';
import { siteKey } from '../../managed-keys.ts';
import type { RegistryTables } from '../tables.ts';
import { uuidV7Source } from '../../uuid-v7.ts';

/**
 * A site belongs to an LAO. One that cameras of several LAOs named was never one: the LAO with most of its cameras keeps it,
 * each other one has its own from now on, with the same budgets. Spellings of one name within an LAO become one.
 */
export async function up(db: Kysely<RegistryTables>): Promise<void> {
  // The unique column becomes that of the key: SQLite takes no constraint away.
  await db.schema.alterTable('sites').renameColumn('name', 'key').execute();
  await db.schema
    .alterTable('sites')
    .addColumn('name', 'text', (column) => column.notNull().defaultTo(''))
    .execute();
  await db.schema
    .alterTable('sites')
    .addColumn('lao_id', 'text', (column) => column.references('laos.id'))
    .execute();
  await db.schema.createIndex('sites_of_lao').on('sites').column('lao_id').execute();
  await giveSitesToLaos(db);
}

/** Sites of before, whose key is their name. */
export async function giveSitesToLaos(db: Kysely<RegistryTables>): Promise<void> {
  const named = await db
    .selectFrom('sites')
    .selectAll()
    .where('lao_id', 'is', null)
    .orderBy('id')
    .execute();
  const uses = await db
    .selectFrom('cameras')
    .select(({ fn }) => ['site_id', 'lao_id', fn.countAll<number>().as('cameras')])
    .where('site_id', 'is not', null)
    .groupBy(['site_id', 'lao_id'])
    .execute();
  const laosOf = Map.groupBy(uses, ({ site_id }) => site_id);
  const nextId = uuidV7Source(Date.now);
  const taken = new Map<string, string>();
  for (const site of named) {
    const name = site.key;
    const laos = (laosOf.get(site.id) ?? []).toSorted(
      (a, b) => b.cameras - a.cameras || (a.lao_id < b.lao_id ? -1 : 1),
    );
    let isKept = false;
    for (const { lao_id } of laos) {
      const key = siteKey(lao_id, name);
      let id = taken.get(key);
      if (id === undefined) {
        id = isKept ? nextId() : site.id;
        taken.set(key, id);
        if (isKept) {
          await db
            .insertInto('sites')
            .values({ ...site, id, name, lao_id, key })
            .execute();
        } else {
          await db.updateTable('sites').set({ name, lao_id, key }).where('id', '=', id).execute();
          isKept = true;
        }
      }
      if (id === site.id) continue;
      // By another spelling: what is not said of the one may be said of the other.
      await db
        .updateTable('sites')
        .set((set) => ({
          max_sessions: set.fn.coalesce('max_sessions', set.val(site.max_sessions)),
          max_sessions_per_box: set.fn.coalesce(
            'max_sessions_per_box',
            set.val(site.max_sessions_per_box),
          ),
          uplink_bits_per_second: set.fn.coalesce(
            'uplink_bits_per_second',
            set.val(site.uplink_bits_per_second),
          ),
          network_zone: set.fn.coalesce('network_zone', set.val(site.network_zone)),
        }))
        .where('id', '=', id)
        .execute();
      await db
        .updateTable('cameras')
        .set({ site_id: id })
        .where('site_id', '=', site.id)
        .where('lao_id', '=', lao_id)
        .execute();
    }
    // Entered by naming it, and named by none any more.
    if (!isKept) await db.deleteFrom('sites').where('id', '=', site.id).execute();
  }
}
