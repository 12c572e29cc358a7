import { sql, type Kysely } from 'kysely';
import { nowStatus, type SurveyColumn, type SurveyStatus } from '../condition.ts';
import { camerasCounted } from '../counted-groups.ts';
import type { ObservedState } from '../events/camera-event.ts';
import { budgetSourcesNamed } from '../named-rows.ts';
import type { RegistryTables } from '../schema/tables.ts';
import { isWholeCountry, laosOf, type CountFilter } from './counts.ts';
import { declaredAtMs, DEFAULT_WINDOW_MS, statusesOf } from './statuses.ts';

/** The cameras behind a number of the counts, now or for the survey. */

export const countKinds = ['survey', 'now'] as const;
export const countedStatuses = [
  'all',
  'working',
  'under-repair',
  'unrepairable',
  'awaiting',
  'in-incident',
  'unknown',
  'up',
  'degraded',
  'down',
  'not-linked',
] as const;
export type CountedStatus = (typeof countedStatuses)[number];

export interface CountedCamera {
  id: string;
  position: string;
  lao: { name: string; district: string; province: string };
  budgetSource: string;
  linked: boolean;
  declared: SurveyColumn;
  declaredMs: number;
  observed: {
    state: ObservedState;
    reason: string | null;
    sinceMs: number;
    inIncident: boolean;
  } | null;
  now: ReturnType<typeof nowStatus>;
  survey: SurveyStatus;
}

/** More than this many LAOs are not named one by one. */
const MAX_NAMED_LAOS = 1_000;

export async function countedCameras(
  database: Kysely<RegistryTables>,
  kind: (typeof countKinds)[number],
  status: CountedStatus,
  filter: CountFilter & { budgetSourceId?: string | undefined },
  page: { after?: string | undefined; limit: number; nowMs: number },
): Promise<CountedCamera[]> {
  const laos = await laosOf(database, filter);
  if (laos.size === 0) return [];
  const sources =
    filter.budgetSourceId === undefined
      ? undefined
      : await budgetSourcesNamed(database, filter.budgetSourceId);
  if (sources?.length === 0) return [];
  const linked = sql<boolean>`streams.camera_id is not null`;
  const damaged = sql<boolean>`(streams.camera_id is not null and observed_states.state in ('down', 'degraded'))`;
  const awaiting =
    kind === 'now'
      ? sql<boolean>`(cameras.declared = 'working' and ${damaged})`
      : sql<boolean>`(cameras.declared = 'working' and streams.camera_id is not null and coalesce(survey_statuses.awaiting, 0) = 1)`;
  let query = camerasCounted(database)
    .innerJoin('budget_sources', 'budget_sources.id', 'cameras.budget_source_id')
    .select([
      'cameras.id',
      'cameras.position',
      'cameras.lao_id',
      'budget_sources.name as budget_source',
      'cameras.declared',
      'cameras.declared_at_ms',
      sql<number>`case when streams.camera_id is null then 0 else 1 end`.as('linked'),
      'observed_states.state',
      'observed_states.reason',
      'observed_states.since_ms',
      'observed_states.incident_id',
    ])
    .orderBy('cameras.id')
    .limit(page.limit);
  if (page.after !== undefined) query = query.where('cameras.id', '>', page.after);
  if (!isWholeCountry(filter)) {
    const ids = [...laos.keys()];
    query =
      ids.length <= MAX_NAMED_LAOS
        ? query.where('cameras.lao_id', 'in', ids)
        : // Our own ids: no quotes in them.
          query.where(
            sql<boolean>`cameras.lao_id in (${sql.raw(ids.map((id) => `'${id}'`).join(','))})`,
          );
  }
  if (sources !== undefined) query = query.where('cameras.budget_source_id', 'in', sources);
  switch (status) {
    case 'all':
      break;
    case 'working':
      query = query.where('cameras.declared', '=', 'working').where(sql<boolean>`not ${awaiting}`);
      break;
    case 'under-repair':
      query = query.where(sql<boolean>`(cameras.declared = 'under-repair' or ${awaiting})`);
      break;
    case 'unrepairable':
      query = query.where('cameras.declared', '=', 'unrepairable');
      break;
    case 'awaiting':
      query = query.where(awaiting);
      break;
    case 'in-incident':
      query = query
        .where(linked)
        .where(
          kind === 'now'
            ? sql<boolean>`observed_states.incident_id is not null`
            : sql<boolean>`coalesce(survey_statuses.in_incident, 0) = 1`,
        );
      break;
    case 'unknown':
      query = query
        .where(linked)
        .where(
          sql<boolean>`coalesce(observed_states.state, 'not-linked') in ('unknown', 'not-linked')`,
        );
      break;
    case 'not-linked':
      query = query.where(sql<boolean>`streams.camera_id is null`);
      break;
    default:
      query = query.where(linked).where('observed_states.state', '=', status);
  }
  const rows = (await query.execute()).map((row) => ({ ...row, linked: row.linked === 1 }));
  const statuses = await statusesOf(database, rows, {
    fromMs: page.nowMs - DEFAULT_WINDOW_MS,
    toMs: page.nowMs,
  });
  return rows.flatMap((row): CountedCamera[] => {
    const lao = laos.get(row.lao_id);
    const survey = statuses.get(row.id);
    if (lao === undefined || survey === undefined) return [];
    const state = row.state === 'not-linked' ? null : row.state;
    const { lastState: _last, ...counted } = survey;
    return [
      {
        id: row.id,
        position: row.position,
        lao: { name: lao.name, district: lao.district, province: lao.province },
        budgetSource: row.budget_source,
        linked: row.linked,
        declared: row.declared,
        declaredMs: declaredAtMs(row),
        observed:
          !row.linked || state === null || row.since_ms === null
            ? null
            : {
                state,
                reason: row.reason,
                sinceMs: row.since_ms,
                inIncident: row.incident_id !== null,
              },
        now: nowStatus(row.declared, row.linked ? state : 'not-linked'),
        survey: counted,
      },
    ];
  });
}
