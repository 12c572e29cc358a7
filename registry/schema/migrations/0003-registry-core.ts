import { sql, type Kysely } from 'kysely';
import { textSearchOf } from '../../database/text-search.ts';
import { cameraSearchText } from '../../camera-search-text.ts';
import { budgetSourceKey, laoKey } from '../../managed-keys.ts';
import { findDistrict } from '../../areas/official-areas.ts';
import { splitLaoName } from '../../thai-names.ts';
import type { RegistryTables } from '../tables.ts';

/**
 * Versions, soft deletion, history, where values come from, sealed credentials, text search; LAOs and budget sources as
 * managed lists.
 */
export async function up(db: Kysely<RegistryTables>): Promise<void> {
  await cameras(db);
  await history(db);
  await managedLists(db);
  await fillKeys(db);
  await fillSearch(db);
}

async function cameras(db: Kysely<RegistryTables>): Promise<void> {
  const change = db.schema.alterTable('cameras');
  await change.addColumn('model', 'text').execute();
  await change.addColumn('version', 'integer', (column) => column.notNull().defaultTo(1)).execute();
  // 0: not since it was made, which its id tells.
  for (const time of ['updated_at_ms', 'declared_at_ms']) {
    await change.addColumn(time, 'bigint', (column) => column.notNull().defaultTo(0)).execute();
  }
  for (const text of ['declared_reason', 'attested', 'origins', 'deleted']) {
    await change.addColumn(text, 'text').execute();
  }
  await change.addColumn('deleted_at_ms', 'bigint').execute();
  await db.schema.dropIndex('cameras_by_lao').execute();
  // What is counted: the form's row key, and the status. And what is listed: of one LAO, oldest first.
  await db.schema
    .createIndex('cameras_counted')
    .on('cameras')
    .columns(['lao_id', 'budget_source_id', 'declared'])
    .where(sql.ref('deleted_at_ms'), 'is', null)
    .execute();
  await db.schema.createIndex('cameras_of_lao').on('cameras').columns(['lao_id', 'id']).execute();

  const streams = db.schema.alterTable('streams');
  await streams.addColumn('sub_url', 'text').execute();
  await streams.addColumn('url_key', 'text').execute();
  await db.schema.createIndex('streams_by_url').on('streams').column('url_key').execute();
  await db.schema.alterTable('stream_credentials').addColumn('sealed', 'text').execute();
  await textSearchOf(db).createSearchTable(db as unknown as Kysely<never>, {
    name: 'camera_search',
    of: 'cameras',
  });
}

async function history(db: Kysely<RegistryTables>): Promise<void> {
  await db.schema
    .createTable('camera_changes')
    .addColumn('camera_id', 'text', (column) =>
      column.notNull().references('cameras.id').onDelete('cascade'),
    )
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addColumn('action', 'text', (column) =>
      column.notNull().check(sql`action in ('created', 'changed', 'deleted', 'restored')`),
    )
    .addColumn('source', 'text', (column) => column.notNull())
    .addColumn('author', 'text', (column) => column.notNull())
    .addColumn('changes', 'text', (column) => column.notNull())
    .addColumn('reason', 'text')
    .addPrimaryKeyConstraint('camera_changes_key', ['camera_id', 'version'])
    .execute();
  await db.schema
    .createTable('camera_observations')
    .addColumn('camera_id', 'text', (column) =>
      column.notNull().references('cameras.id').onDelete('cascade'),
    )
    .addColumn('source', 'text', (column) => column.notNull())
    .addColumn('field', 'text', (column) => column.notNull())
    .addColumn('value', 'text', (column) => column.notNull())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('camera_observations_key', ['camera_id', 'source', 'field'])
    .execute();
}

async function managedLists(db: Kysely<RegistryTables>): Promise<void> {
  const laos = db.schema.alterTable('laos');
  for (const text of ['code', 'type', 'district_code', 'reporting_parent', 'match_key']) {
    await laos.addColumn(text, 'text').execute();
  }
  const sources = db.schema.alterTable('budget_sources');
  await sources.addColumn('match_key', 'text').execute();
  for (const [table, list] of [
    ['laos', laos],
    ['budget_sources', sources],
  ] as const) {
    await list
      .addColumn('status', 'text', (column) =>
        column
          .notNull()
          .defaultTo('proposed')
          .check(sql`status in ('listed', 'proposed', 'merged')`),
      )
      .execute();
    await list
      .addColumn('merged_into', 'text', (column) => column.references(`${table}.id`))
      .execute();
    await list.addColumn('proposed_by', 'text').execute();
    // Null for what was there before under two spellings, until somebody merges them.
    await db.schema.createIndex(`${table}_by_key`).on(table).column('match_key').unique().execute();
  }
  await db.schema.createIndex('laos_by_code').on('laos').column('code').unique().execute();
  await db.schema.createIndex('laos_of_district').on('laos').column('district_code').execute();
  await db.schema.alterTable('sites').addColumn('network_zone', 'text').execute();
}

/** Of several rows with one key the oldest has it. */
async function fillKeys(db: Kysely<RegistryTables>): Promise<void> {
  const taken = new Set<string>();
  const laos = await db
    .selectFrom('laos')
    .select(['id', 'name', 'district', 'province'])
    .orderBy('id')
    .execute();
  for (const lao of laos) {
    const key = laoKey(lao);
    await db
      .updateTable('laos')
      .set({
        match_key: taken.has(key) ? null : key,
        type: splitLaoName(lao.name)?.type ?? null,
        district_code: findDistrict(lao.province, lao.district)?.code ?? null,
      })
      .where('id', '=', lao.id)
      .execute();
    taken.add(key);
  }
  taken.clear();
  const sources = await db
    .selectFrom('budget_sources')
    .select(['id', 'name'])
    .orderBy('id')
    .execute();
  for (const { id, name } of sources) {
    const key = budgetSourceKey(name);
    if (taken.has(key)) continue;
    taken.add(key);
    await db.updateTable('budget_sources').set({ match_key: key }).where('id', '=', id).execute();
  }
}

const PAGE = 200;

async function fillSearch(db: Kysely<RegistryTables>): Promise<void> {
  let after = '';
  for (;;) {
    const page = await db
      .selectFrom('cameras')
      .innerJoin('laos', 'laos.id', 'cameras.lao_id')
      .leftJoin('sites', 'sites.id', 'cameras.site_id')
      .select([
        'cameras.id',
        'cameras.position',
        'cameras.owning_agency as owningAgency',
        'cameras.brand',
        'cameras.model',
        'laos.name',
        'laos.district',
        'laos.province',
        'sites.name as site',
      ])
      .where('cameras.id', '>', after)
      .orderBy('cameras.id')
      .limit(PAGE)
      .execute();
    if (page.length === 0) return;
    await db
      .insertInto('camera_search')
      .values(
        page.map(({ id, name, district, province, ...rest }) => ({
          id,
          text: cameraSearchText({ ...rest, lao: { name, district, province } }),
        })),
      )
      .execute();
    after = page.at(-1)?.id ?? after;
  }
}
