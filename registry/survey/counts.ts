import { sql, type Kysely } from 'kysely';
import type { Area } from '../area.ts';
import { districtNames, findProvince } from '../areas/official-areas.ts';
import { liesWithin } from '../area-rows.ts';
import { nowStatus, type SurveyColumn } from '../condition.ts';
import { kindOf, type CountedKind } from '../counted-groups.ts';
import { countsByLao, type LaoCounts } from '../lao-counts.ts';
import { laosNamed } from '../named-rows.ts';
import type { RegistryTables } from '../schema/tables.ts';
import { byThaiName } from './thai-order.ts';

/**
 * How many cameras there are and in what condition, now and for the survey, side by side. Counted from what is there, LAO by
 * LAO (../lao-counts.ts), never incremented: what is told twice counts once.
 */

export const countLevels = ['budget-source', 'lao', 'district', 'province', 'country'] as const;
export type CountLevel = (typeof countLevels)[number];

/** The form's columns (forms.md §2): working + underRepair + unrepairable = total. */
export interface FormCounts {
  total: number;
  working: number;
  underRepair: number;
  unrepairable: number;
}

export interface SurveyCounts extends FormCounts {
  /** Of those under repair: seen damaged for most of the window, and nobody has said what it is. */
  awaiting: number;
  /** Would count as damaged, had an incident of site, network, worker or gateway not been taken out. */
  inIncident: number;
}

export interface NowCounts extends FormCounts {
  awaiting: number;
  /** Of those that are linked: nobody can say, counted by their declaration. */
  unknown: number;
  /** Within an incident that is not over. */
  inIncident: number;
  observed: { up: number; degraded: number; down: number; unknown: number; notLinked: number };
}

/** What `by` does not go down to is null. */
export interface CountRow {
  province: string | null;
  district: string | null;
  lao: string | null;
  laoId: string | null;
  budgetSource: string | null;
  budgetSourceId: string | null;
  survey: SurveyCounts;
  now: NowCounts;
}

export interface CountFilter {
  /** Of the actor: nothing outside of these is counted. */
  within: readonly Area[];
  province?: string | undefined;
  district?: string | undefined;
  lao?: string | undefined;
}

/** Budget sources that one statement names. */
const MAX_NAMED_SOURCES = 500;

/** In the form's order: province, district, LAO, budget source, each as Thai sorts. */
export async function surveyCounts(
  database: Kysely<RegistryTables>,
  by: CountLevel,
  filter: CountFilter,
): Promise<{ rows: CountRow[]; total: Pick<CountRow, 'survey' | 'now'> }> {
  // The country's are asked for beside its LAOs, not after them.
  const ofCountry = isWholeCountry(filter) ? countsByLao(database) : undefined;
  const depth = countLevels.length - 1 - countLevels.indexOf(by);
  const [places, ofAll] = await Promise.all([placesOf(database, filter, depth), ofCountry]);
  const byLao = ofAll ?? (await countsByLao(database, [...places.keys()]));
  const sources =
    by === 'budget-source' ? await sourceNames(database, byLao) : new Map<string, string>();
  const rows = new Map<string, CountRow>();
  const rowOf = (counted: CountedPlace, budgetSourceId: string | null): CountRow => {
    const key = budgetSourceId === null ? counted.key : `${counted.key}|${budgetSourceId}`;
    let row = rows.get(key);
    if (row === undefined) {
      const budgetSource = budgetSourceId === null ? null : (sources.get(budgetSourceId) ?? '');
      const { key: _key, ...place } = counted;
      row = { ...place, budgetSource, budgetSourceId, ...noCounts() };
      rows.set(key, row);
    }
    return row;
  };
  for (const [laoId, counts] of byLao) {
    const place = places.get(laoId);
    if (place === undefined || counts.length === 0) continue;
    const ofAllSources = depth < 4 ? rowOf(place, null) : undefined;
    for (const source of counts) {
      const row = ofAllSources ?? rowOf(place, source[0]);
      for (let at = 1; at < source.length; at += 2) {
        addGroup(row, kindOf(source[at] as number), source[at + 1] as number);
      }
    }
  }
  const total = noCounts();
  for (const { survey, now } of rows.values()) {
    addCounts(total.survey, survey);
    addCounts(total.now, now);
    addCounts(total.now.observed, now.observed);
  }
  return { rows: [...rows.values()].toSorted(inFormOrder), total };
}

/** Nothing narrows it. */
export function isWholeCountry({ within, province, district, lao }: CountFilter): boolean {
  const narrowed = province !== undefined || district !== undefined || lao !== undefined;
  return !narrowed && within.some(({ level }) => level === 'country');
}

/** Of those that are counted; of many, all are read. */
async function sourceNames(
  database: Kysely<RegistryTables>,
  byLao: ReadonlyMap<string, LaoCounts>,
): Promise<Map<string, string>> {
  const ids = new Set<string>();
  for (const counts of byLao.values()) for (const [sourceId] of counts) ids.add(sourceId);
  let query = database.selectFrom('budget_sources').select(['id', 'name']);
  if (ids.size <= MAX_NAMED_SOURCES) query = query.where('id', 'in', [...ids, '']);
  return new Map((await query.execute()).map(({ id, name }) => [id, name]));
}

/** Field by field; what is no number stays. */
function addCounts<Counts extends object>(to: Counts, counts: Counts): void {
  for (const field of Object.keys(counts) as (keyof Counts)[]) {
    const more = counts[field];
    if (typeof more === 'number')
      to[field] = ((to[field] as number) + more) as Counts[typeof field];
  }
}

/** Province, district, LAO, budget source. */
export function inFormOrder(
  a: Pick<CountRow, 'province' | 'district' | 'lao' | 'budgetSource'>,
  b: Pick<CountRow, 'province' | 'district' | 'lao' | 'budgetSource'>,
): number {
  for (const field of ['province', 'district', 'lao', 'budgetSource'] as const) {
    const order = byThaiName(a[field] ?? '', b[field] ?? '');
    if (order !== 0) return order;
  }
  return 0;
}

function addGroup(
  { survey, now }: Pick<CountRow, 'survey' | 'now'>,
  kind: CountedKind,
  cameras: number,
): void {
  const { declared, observed } = kind;
  const awaiting = declared === 'working' && kind.awaiting;
  addTo(survey, awaiting ? 'under-repair' : declared, cameras);
  if (awaiting) survey.awaiting += cameras;
  if (kind.spared) survey.inIncident += cameras;

  const status = nowStatus(declared, observed);
  addTo(now, status.status, cameras);
  if (status.awaitingClassification) now.awaiting += cameras;
  if (status.unknown) now.unknown += cameras;
  if (kind.incident) now.inIncident += cameras;
  if (observed === 'not-linked') now.observed.notLinked += cameras;
  else now.observed[observed ?? 'unknown'] += cameras;
}

export function addTo(counts: FormCounts, status: SurveyColumn, cameras: number): void {
  counts.total += cameras;
  switch (status) {
    case 'working':
      counts.working += cameras;
      break;
    case 'under-repair':
      counts.underRepair += cameras;
      break;
    case 'unrepairable':
      counts.unrepairable += cameras;
      break;
  }
}

export function noFormCounts(): FormCounts {
  return { total: 0, working: 0, underRepair: 0, unrepairable: 0 };
}

function noCounts(): { survey: SurveyCounts; now: NowCounts } {
  return { survey: noSurveyCounts(), now: noNowCounts() };
}

function noSurveyCounts(): SurveyCounts {
  return { ...noFormCounts(), awaiting: 0, inIncident: 0 };
}

function noNowCounts(): NowCounts {
  return {
    ...noFormCounts(),
    awaiting: 0,
    unknown: 0,
    inIncident: 0,
    observed: { up: 0, degraded: 0, down: 0, unknown: 0, notLinked: 0 },
  };
}

export interface CountedLao {
  id: string;
  name: string;
  district: string;
  province: string;
}

/** Where an LAO's cameras are counted, down to the level that is asked for; LAOs that are counted together have one. */
interface CountedPlace extends Pick<CountRow, 'province' | 'district' | 'lao' | 'laoId'> {
  key: string;
}

/** Of LAOs of the filter, by their ids. `depth`: 0 for the country, 3 and more for the LAO. */
async function placesOf(
  database: Kysely<RegistryTables>,
  filter: CountFilter,
  depth: number,
): Promise<Map<string, CountedPlace>> {
  const placeOf = (lao: Omit<CountedLao, 'id'>, id: string | null): CountedPlace => {
    const province = depth >= 1 ? lao.province : null;
    const district = depth >= 2 ? lao.district : null;
    const name = depth >= 3 ? lao.name : null;
    return { province, district, lao: name, laoId: id, key: `${province}|${district}|${id}` };
  };
  if (depth >= 3 || filter.lao !== undefined) {
    const laos = await laosOf(database, filter);
    return new Map(Array.from(laos, ([id, lao]) => [id, placeOf(lao, depth >= 3 ? id : null)]));
  }
  // A row an LAO takes twice as long to come here.
  const districts = await laosWithin(database, filter)
    .select(['province', 'district', sql<string>`string_agg(id, ',')`.as('ids')])
    .groupBy(['province', 'district'])
    .execute();
  const places = new Map<string, CountedPlace>();
  for (const { ids, province, district } of districts) {
    const place = placeOf({ province, district, name: '' }, null);
    for (const id of ids.split(',')) places.set(id, place);
  }
  return places;
}

/** LAOs of the filter, by id. */
export async function laosOf(
  database: Kysely<RegistryTables>,
  filter: CountFilter,
): Promise<Map<string, CountedLao>> {
  const { within, province, district, lao } = filter;
  const columns = ['id', 'name', 'district', 'province'] as const;
  if (lao === undefined) {
    const rows = await laosWithin(database, filter).select(columns).execute();
    return new Map(rows.map((row) => [row.id, row]));
  }
  const named = await laosNamed(database, { province, district, lao });
  if (named.length === 0) return new Map();
  const rows = await laosWithin(database, { within })
    .where('id', 'in', named)
    .select(columns)
    .execute();
  return new Map(rows.map((row) => [row.id, row]));
}

/** Of the filter but its LAO's name. */
function laosWithin(database: Kysely<RegistryTables>, { within, province, district }: CountFilter) {
  let query = database
    .selectFrom('laos')
    .where((where) =>
      liesWithin(where, within, { province: 'province', district: 'district', laoId: 'id' }),
    );
  if (province !== undefined) {
    query = query.where('province', '=', findProvince(province)?.name ?? province);
  }
  if (district !== undefined) {
    query = query.where('district', 'in', districtNames(province, district));
  }
  return query;
}
