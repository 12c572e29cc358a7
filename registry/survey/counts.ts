import { sql, type Kysely } from 'kysely';
import type { Area } from '../area.ts';
import { findDistrict, findProvince } from '../areas/official-areas.ts';
import { liesWithin } from '../area-rows.ts';
import { nowStatus, type SurveyColumn } from '../condition.ts';
import type { ObservedState } from '../events/camera-event.ts';
import type { RegistryTables } from '../schema/tables.ts';
import { agencyKey } from '../thai-names.ts';
import { byThaiName } from './thai-order.ts';

/**
 * How many cameras there are and in what condition, now and for the survey, side by side. Counted from what is there by one
 * GROUP BY, never incremented: what is told twice counts once.
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

/** LAOs that one statement names; beyond that all are counted, and the others left out afterwards. */
const MAX_NAMED_LAOS = 500;

/** In the form's order: province, district, LAO, budget source, each as Thai sorts. */
export async function surveyCounts(
  database: Kysely<RegistryTables>,
  by: CountLevel,
  filter: CountFilter,
): Promise<{ rows: CountRow[]; total: Pick<CountRow, 'survey' | 'now'> }> {
  const laos = await laosOf(database, filter);
  const sources = new Map(
    (await database.selectFrom('budget_sources').select(['id', 'name']).execute()).map(
      ({ id, name }) => [id, name],
    ),
  );
  const rows = new Map<string, CountRow>();
  const total = { survey: noSurveyCounts(), now: noNowCounts() };
  for (const group of await groups(
    database,
    laos.size <= MAX_NAMED_LAOS ? [...laos.keys()] : undefined,
  )) {
    const lao = laos.get(group.lao_id);
    if (lao === undefined) continue;
    const depth = countLevels.length - 1 - countLevels.indexOf(by);
    const place = {
      province: depth >= 1 ? lao.province : null,
      district: depth >= 2 ? lao.district : null,
      lao: depth >= 3 ? lao.name : null,
      laoId: depth >= 3 ? lao.id : null,
      budgetSource: depth >= 4 ? (sources.get(group.budget_source_id) ?? '') : null,
      budgetSourceId: depth >= 4 ? group.budget_source_id : null,
    };
    const key = JSON.stringify([place.province, place.district, place.laoId, place.budgetSourceId]);
    let row = rows.get(key);
    if (row === undefined) {
      row = { ...place, survey: noSurveyCounts(), now: noNowCounts() };
      rows.set(key, row);
    }
    for (const counts of [row, total]) addGroup(counts, group);
  }
  return { rows: [...rows.values()].toSorted(inFormOrder), total };
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

interface Group {
  lao_id: string;
  budget_source_id: string;
  declared: SurveyColumn;
  linked: number;
  state: ObservedState | null;
  incident: number;
  awaiting: number;
  spared: number;
  cameras: number;
}

async function groups(
  database: Kysely<RegistryTables>,
  laoIds: readonly string[] | undefined,
): Promise<Group[]> {
  if (laoIds?.length === 0) return [];
  let query = database
    .selectFrom('cameras')
    .leftJoin('streams', 'streams.camera_id', 'cameras.id')
    .leftJoin('observed_states', 'observed_states.camera_id', 'cameras.id')
    .leftJoin('survey_statuses', (join) =>
      join
        .onRef('survey_statuses.camera_id', '=', 'cameras.id')
        // Reckoned with an earlier declaration it says nothing any more.
        .onRef('survey_statuses.declared_at_ms', '=', 'cameras.declared_at_ms'),
    )
    .select(({ fn }) => [
      'cameras.lao_id',
      'cameras.budget_source_id',
      'cameras.declared',
      sql<number>`case when streams.camera_id is null then 0 else 1 end`.as('linked'),
      'observed_states.state',
      sql<number>`case when observed_states.incident_id is null then 0 else 1 end`.as('incident'),
      sql<number>`coalesce(survey_statuses.awaiting, 0)`.as('awaiting'),
      sql<number>`coalesce(survey_statuses.in_incident, 0)`.as('spared'),
      fn.countAll<number>().as('cameras'),
    ])
    .where('cameras.deleted_at_ms', 'is', null)
    .groupBy([
      'cameras.lao_id',
      'cameras.budget_source_id',
      'cameras.declared',
      'linked',
      'observed_states.state',
      'incident',
      'awaiting',
      'spared',
    ]);
  if (laoIds !== undefined) query = query.where('cameras.lao_id', 'in', laoIds);
  return query.execute();
}

function addGroup({ survey, now }: Pick<CountRow, 'survey' | 'now'>, group: Group): void {
  const { declared, cameras } = group;
  const linked = group.linked === 1;
  const awaiting = linked && declared === 'working' && group.awaiting === 1;
  addTo(survey, awaiting ? 'under-repair' : declared, cameras);
  if (awaiting) survey.awaiting += cameras;
  if (linked && group.spared === 1) survey.inIncident += cameras;

  // What was seen before a camera lost its link is not what is seen now.
  const observed = linked ? (group.state === 'not-linked' ? null : group.state) : 'not-linked';
  const status = nowStatus(declared, observed);
  addTo(now, status.status, cameras);
  if (status.awaitingClassification) now.awaiting += cameras;
  if (status.unknown) now.unknown += cameras;
  if (linked && group.incident === 1) now.inIncident += cameras;
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

/** LAOs of the filter, by id. */
export async function laosOf(
  database: Kysely<RegistryTables>,
  { within, province, district, lao }: CountFilter,
): Promise<Map<string, CountedLao>> {
  let query = database
    .selectFrom('laos')
    .select(['id', 'name', 'district', 'province'])
    .where((where) =>
      liesWithin(where, within, { province: 'province', district: 'district', laoId: 'id' }),
    );
  if (province !== undefined) {
    query = query.where('province', '=', findProvince(province)?.name ?? province);
  }
  if (district !== undefined) {
    const official = province === undefined ? undefined : findDistrict(province, district);
    query = query.where('district', '=', official?.name ?? district);
  }
  const rows = await query.execute();
  const key = lao === undefined ? undefined : agencyKey(lao);
  return new Map(
    rows
      .filter(({ name }) => key === undefined || name === lao || agencyKey(name) === key)
      .map((row) => [row.id, row]),
  );
}
