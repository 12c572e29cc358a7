import { sql, type Expression, type Kysely, type SelectQueryBuilder, type SqlBool } from 'kysely';
import type { Area } from './area.ts';
import { districtNames, findProvince } from './areas/official-areas.ts';
import type { Camera, Purpose } from './camera.ts';
import { selectCameras, withAgencies } from './camera-rows.ts';
import { searchWords } from './camera-search-text.ts';
import { changeMarksOf } from './database/change-marks.ts';
import { textSearchOf } from './database/text-search.ts';
import { laosWithUnlinked } from './lao-counts.ts';
import { budgetSourcesNamed, laosNamed } from './named-rows.ts';
import type { RegistryTables } from './schema/tables.ts';

/** Which cameras; what is left out does not narrow. */
export interface CameraFilter {
  /** Of the actor: nothing outside of these is told. Empty: nothing at all. */
  within?: readonly Area[] | undefined;
  province?: string | undefined;
  district?: string | undefined;
  /** An LAO by any spelling of its name, or by its id; also of one that was merged (named-rows.ts). */
  lao?: string | undefined;
  purpose?: Purpose | undefined;
  declared?: Camera['declared'] | undefined;
  scope?: Camera['scope'] | undefined;
  /** In capitals or not: HIKVISION is Hikvision. */
  brand?: string | undefined;
  /** As `lao`. */
  budgetSource?: string | undefined;
  site?: string | undefined;
  linked?: boolean | undefined;
  /** Words that must all be found in position, names of places and agencies, brand, model and site. */
  q?: string | undefined;
  /** Those that were deleted, instead of those that are there. */
  deleted?: boolean | undefined;
  /** Only these, in ascending order: what only the caller knows, such as which are down now. */
  among?: readonly string[] | undefined;
}

/** With the rows of the list that are meant by the names. */
type FoundFilter = Omit<CameraFilter, 'budgetSource'> & {
  budgetSourceIds?: readonly string[] | undefined;
};

export interface CameraPage {
  /** Of the last camera of the page before. */
  after?: string | undefined;
  limit: number;
}

/** Ids that one statement names. */
const MAX_NAMED_IDS = 500;
/** Beyond so many LAOs, cameras are looked at in their order rather than LAO by LAO. */
const MAX_NAMED_LAOS = 1_000;
/** How many cameras a search looks at one by one before it asks an index: what many have is found at once. */
const PROBED = 3_000;
/** So many texts are looked at one by one in the time that a search of all takes: fewer, where other conditions leave them, are. */
const FEW = 20_000;

/** A page of cameras, oldest first. */
export async function listCameras(
  database: Kysely<RegistryTables>,
  filter: CameraFilter,
  page: CameraPage,
): Promise<Camera[]> {
  const ids = await idsOf(database, filter, page);
  if (ids.length === 0) return [];
  const rows = await selectCameras(database)
    .where(changeMarksOf(database).isAmong('cameras.id', ids))
    .orderBy('cameras.id')
    .execute();
  return withAgencies(database, rows);
}

/** How many there are, at most `upTo`. */
export async function countCameras(
  database: Kysely<RegistryTables>,
  filter: CameraFilter,
  upTo: number,
): Promise<number> {
  return (await idsOf(database, filter, { limit: upTo })).length;
}

async function idsOf(
  database: Kysely<RegistryTables>,
  { budgetSource, ...given }: CameraFilter,
  page: CameraPage,
): Promise<string[]> {
  const [laoIds, budgetSourceIds] = await Promise.all([
    laosOf(database, given),
    budgetSource === undefined ? undefined : budgetSourcesNamed(database, budgetSource),
  ]);
  if (laoIds?.length === 0 || budgetSourceIds?.length === 0) return [];
  const filter: FoundFilter = { ...given, budgetSourceIds };
  const words = filter.q === undefined ? [] : searchWords(filter.q);
  if (filter.among !== undefined) {
    return amongIds(database, filter, laoIds, words, filter.among, page);
  }
  const narrow = isNamed(laoIds);
  // Few LAOs have few cameras: those are looked at one by one.
  if (words.length > 0 && !narrow) return searchIds(database, filter, laoIds, words, page);
  if (filter.linked === false && filter.deleted !== true && !narrow) {
    return unlinkedIds(database, filter, laoIds, page);
  }
  return ids(select(database, filter, laoIds, words, page));
}

/**
 * A word that many cameras have fills the page from the first of them; one that few have is quick by the index. Where another
 * condition leaves few, they are looked at.
 */
async function searchIds(
  database: Kysely<RegistryTables>,
  filter: FoundFilter,
  laoIds: readonly string[] | undefined,
  words: readonly string[],
  page: CameraPage,
): Promise<string[]> {
  const { first, probed } = await firstOf(database, filter, laoIds, words, page);
  if (probed === undefined || first.length >= page.limit) return first;
  const rest = restOf(page, first, probed);
  if (await areFew(database, filter)) {
    return [...first, ...(await ids(select(database, filter, laoIds, words, rest)))];
  }
  const search = textSearchOf(database);
  const found = [...first];
  for (const some of await search.matching(database, 'camera_search', words, probed)) {
    const limit = page.limit - found.length;
    if (limit <= 0) break;
    if (search.found === 'joined') {
      const cameras = select(database, filter, laoIds, [], { ...rest, limit });
      found.push(...(await ids(cameras.innerJoin(some.as('found'), 'found.id', 'cameras.id'))));
      continue;
    }
    const query = database
      .selectFrom(some.as('found'))
      .select('found.id')
      // A scalar subselect, which no planner makes a join of.
      .where((where) => {
        const camera = where
          .selectFrom('cameras')
          .select('cameras.id')
          .whereRef('cameras.id', '=', 'found.id')
          .where('cameras.id', '>=', probed);
        return where(narrowed(camera, filter, laoIds), 'is not', null);
      })
      .orderBy('found.id')
      .limit(limit);
    found.push(...(await ids(query)));
  }
  return found;
}

/** Whether conditions that an index answers leave few cameras. */
async function areFew(database: Kysely<RegistryTables>, filter: FoundFilter): Promise<boolean> {
  const { brand, budgetSourceIds, site, declared, scope, deleted } = filter;
  const indexed: FoundFilter = {
    brand,
    budgetSourceIds,
    site,
    declared: declared === 'working' ? undefined : declared,
    scope: scope === 'public-area' ? undefined : scope,
    deleted: deleted === true ? true : undefined,
  };
  if (Object.values(indexed).every((value) => value === undefined)) return false;
  const some = narrowed(database.selectFrom('cameras').select('cameras.id'), indexed, undefined);
  const { count } = await database
    .selectFrom(some.limit(FEW + 1).as('some'))
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return count <= FEW;
}

/** Where many are not linked they fill the page from the first of them; where few are, the counts say in which LAOs. */
async function unlinkedIds(
  database: Kysely<RegistryTables>,
  filter: FoundFilter,
  laoIds: readonly string[] | undefined,
  page: CameraPage,
): Promise<string[]> {
  const { first, probed } = await firstOf(database, filter, laoIds, [], page);
  if (probed === undefined || first.length >= page.limit) return first;
  const having = await laosWithUnlinked(database, laoIds);
  if (having.length === 0) return first;
  const rest = select(database, filter, having, [], restOf(page, first, probed));
  return [...first, ...(await ids(rest))];
}

/** Of the first PROBED cameras, and the one that comes after them. */
async function firstOf(
  database: Kysely<RegistryTables>,
  filter: FoundFilter,
  laoIds: readonly string[] | undefined,
  words: readonly string[],
  page: CameraPage,
): Promise<{ first: string[]; probed: string | undefined }> {
  const probed = await database
    .selectFrom('cameras')
    .select('id')
    .where('id', '>', page.after ?? '')
    .orderBy('id')
    .offset(PROBED)
    .limit(1)
    .executeTakeFirst();
  const query = select(database, filter, laoIds, words, { ...page, before: probed?.id });
  return { first: await ids(query), probed: probed?.id };
}

function restOf({ limit }: CameraPage, first: readonly string[], probed: string) {
  return { after: probed, limit: limit - first.length, from: true };
}

async function amongIds(
  database: Kysely<RegistryTables>,
  filter: FoundFilter,
  laoIds: readonly string[] | undefined,
  words: readonly string[],
  among: readonly string[],
  { after, limit }: CameraPage,
): Promise<string[]> {
  const found: string[] = [];
  const later = after === undefined ? among : among.slice(firstAfter(among, after));
  for (let at = 0; at < later.length && found.length < limit; at += MAX_NAMED_IDS) {
    const query = select(database, filter, laoIds, words, { limit: limit - found.length }).where(
      'cameras.id',
      'in',
      later.slice(at, at + MAX_NAMED_IDS),
    );
    found.push(...(await ids(query)));
  }
  return found;
}

function isNamed(laoIds: readonly string[] | undefined): boolean {
  return laoIds !== undefined && laoIds.length <= MAX_NAMED_LAOS;
}

/** Index of the first that is greater, in ascending order. */
function firstAfter(sorted: readonly string[], id: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? '') > id) high = middle;
    else low = middle + 1;
  }
  return low;
}

async function ids(query: { execute(): Promise<{ id: string }[]> }): Promise<string[]> {
  return (await query.execute()).map(({ id }) => id);
}

function select(
  database: Kysely<RegistryTables>,
  filter: FoundFilter,
  laoIds: readonly string[] | undefined,
  words: readonly string[],
  page: CameraPage & { before?: string | undefined; from?: boolean },
) {
  const { after, limit, before, from } = page;
  let query = database
    .selectFrom('cameras')
    .select('cameras.id')
    // Of few LAOs, the cameras are found LAO by LAO and then sorted: in the order of ids, all 300,000 would be looked at.
    .orderBy(isNamed(laoIds) ? sql`cameras.id || ''` : sql.ref('cameras.id'))
    .limit(limit);
  if (after !== undefined) query = query.where('cameras.id', from === true ? '>=' : '>', after);
  if (before !== undefined) query = query.where('cameras.id', '<', before);
  if (words.length > 0) {
    const search = textSearchOf(database);
    query = query.where((where) =>
      where.and(words.map((word) => search.scanned(textOfCamera, word))),
    );
  }
  return narrowed(query, filter, laoIds);
}

type CameraQuery = SelectQueryBuilder<RegistryTables, 'cameras', { id: string }>;

/** All that the filter asks of a camera but words of its text. */
function narrowed(
  cameras: CameraQuery,
  filter: FoundFilter,
  laoIds: readonly string[] | undefined,
) {
  let query = cameras.where(
    'cameras.deleted_at_ms',
    filter.deleted === true ? 'is not' : 'is',
    null,
  );
  if (laoIds !== undefined) {
    query =
      laoIds.length <= MAX_NAMED_LAOS
        ? query.where('cameras.lao_id', 'in', laoIds)
        : query.where(inMany('cameras.lao_id', laoIds));
  }
  if (filter.purpose !== undefined) {
    query = query.where(`cameras.purpose_${filter.purpose}`, '=', 1);
  }
  if (filter.declared !== undefined) query = query.where('cameras.declared', '=', filter.declared);
  if (filter.scope !== undefined) query = query.where('cameras.scope', '=', filter.scope);
  // What an index of few cameras says of itself (migration 0013): SQLite wants it said in the same words.
  if (filter.declared !== undefined && filter.declared !== 'working') {
    query = query.where('cameras.declared', '<>', sql.lit('working'));
  }
  if (filter.scope !== undefined && filter.scope !== 'public-area') {
    query = query.where('cameras.scope', '<>', sql.lit('public-area'));
  }
  if (filter.brand !== undefined) {
    // Few LAOs have fewer cameras than a brand.
    const brand = sql<string>`lower(${sql.ref('cameras.brand')})`;
    const asIndexed = isNamed(laoIds) ? sql<string>`${brand} || ''` : brand;
    query = query.where(asIndexed, '=', sql<string>`lower(${filter.brand})`);
  }
  if (filter.budgetSourceIds !== undefined) {
    // As with brands.
    const source = sql.ref<string>('cameras.budget_source_id');
    const asIndexed = isNamed(laoIds) ? sql<string>`${source} || ''` : source;
    query = query.where(asIndexed, 'in', filter.budgetSourceIds);
  }
  if (filter.site !== undefined) {
    const { site } = filter;
    query = query.where('cameras.site_id', 'in', (sites) =>
      sites
        .selectFrom('sites')
        .select(({ fn }) => fn.coalesce('merged_into', 'id').as('id'))
        .where('name', '=', site),
    );
  }
  if (filter.linked !== undefined) {
    const { linked } = filter;
    query = query.where((where) => {
      const stream = where.exists(
        where.selectFrom('streams').select('camera_id').whereRef('camera_id', '=', 'cameras.id'),
      );
      return linked ? stream : where.not(stream);
    });
  }
  return query;
}

/** Looked up for each camera that the other conditions leave: SQLite turns a join, and EXISTS, the other way round. */
const textOfCamera = sql<string>`(select camera_search.text from camera_search where camera_search.id = cameras.id)`;

/** More values than a statement has parameters for. */
function inMany(column: string, values: readonly string[]): Expression<SqlBool> {
  // Our own ids: no quotes in them.
  return sql<SqlBool>`${sql.ref(column)} in (${sql.raw(values.map((id) => `'${id}'`).join(','))})`;
}

/** Ids of the LAOs that the filter leaves; undefined: all. */
async function laosOf(
  database: Kysely<RegistryTables>,
  {
    within,
    province,
    district,
    lao,
  }: Pick<FoundFilter, 'within' | 'province' | 'district' | 'lao'>,
): Promise<string[] | undefined> {
  const areas = within?.some(({ level }) => level === 'country') === true ? undefined : within;
  if (areas?.length === 0) return [];
  const isNamed = province !== undefined || district !== undefined || lao !== undefined;
  if (areas === undefined && !isNamed) return undefined;
  let query = database.selectFrom('laos').select('id');
  if (areas !== undefined) {
    query = query.where((where) =>
      where.or(
        areas.map((area) => {
          const parts = [];
          if (area.level !== 'country') parts.push(where('province', '=', area.province));
          if (area.level === 'district' || area.level === 'lao') {
            parts.push(where('district', '=', area.district));
          }
          if (area.level === 'lao') parts.push(where('name', '=', area.lao));
          return where.and(parts);
        }),
      ),
    );
  }
  if (lao !== undefined) {
    const named = await laosNamed(database, { province, district, lao });
    // Where one that was merged lay says nothing of where the other lies.
    return named.length === 0 ? [] : ids(query.where('id', 'in', named));
  }
  if (province !== undefined) {
    query = query.where('province', '=', findProvince(province)?.name ?? province);
  }
  if (district !== undefined) {
    query = query.where('district', 'in', districtNames(province, district));
  }
  return ids(query);
}
