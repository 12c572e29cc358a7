import { sql, type Kysely, type Selectable } from 'kysely';
import type { SurveyStatus } from '../condition.ts';
import type { CountedCameraColumns, SurveyReturnTable } from '../schema/survey-tables.ts';
import type { RegistryTables } from '../schema/tables.ts';
import type { Round } from './rounds.ts';
import { declaredAtMs } from './statuses.ts';

/**
 * The cameras that a version of an LAO's return counts: those that its round froze, or those that were taken anew for it
 * (retaken-snapshot.ts). Every query about them begins here.
 */

const columns = [
  'camera_id',
  'budget_source_id',
  'budget_source',
  'position',
  'linked',
  'declared',
  'declared_at_ms',
  'observed',
  'status',
  'awaiting',
  'in_incident',
  'basis',
  'rule',
  'proposal',
  'evidence',
] as const satisfies readonly (keyof CountedCameraColumns)[];

export type CountedRow = Selectable<CountedCameraColumns>;

/** As the round froze it. */
export const ROUND_SNAPSHOT = 0;

/** Which snapshot the version counts; of a version that is not there, the round's. */
export async function snapshotOf(
  database: Kysely<RegistryTables>,
  returnId: string,
  version: number,
): Promise<number> {
  const row = await database
    .selectFrom('survey_versions')
    .select('snapshot')
    .where('return_id', '=', returnId)
    .where('version', '=', version)
    .executeTakeFirst();
  return row?.snapshot ?? ROUND_SNAPSHOT;
}

/** To be selected from, as `counted`. */
export function countedOf(
  database: Kysely<RegistryTables>,
  of: Pick<SurveyReturnTable, 'id' | 'round_id' | 'lao_id'>,
  snapshot: number,
) {
  if (snapshot === ROUND_SNAPSHOT) {
    return database
      .selectFrom('survey_cameras')
      .select(columns)
      .where('round_id', '=', of.round_id)
      .where('lao_id', '=', of.lao_id ?? '')
      .as('counted');
  }
  return database
    .selectFrom('survey_retaken_cameras')
    .select(columns)
    .where('return_id', '=', of.id)
    .where('snapshot', '=', snapshot)
    .as('counted');
}

/** A camera of the registry, as a snapshot reads it. */
export interface FrozenCamera {
  id: string;
  lao_id: string;
  budget_source_id: string;
  budget_source: string;
  position: string;
  scope: string;
  declared: 'working' | 'under-repair' | 'unrepairable';
  declared_at_ms: number;
  updated_at_ms: number;
  deleted_at_ms: number | null;
  linked: boolean;
}

/** Cameras of the registry, deleted ones too. */
export function registered(database: Kysely<RegistryTables>) {
  return database
    .selectFrom('cameras')
    .leftJoin('streams', 'streams.camera_id', 'cameras.id')
    .innerJoin('budget_sources', 'budget_sources.id', 'cameras.budget_source_id')
    .select([
      'cameras.id',
      'cameras.lao_id',
      'cameras.budget_source_id',
      'budget_sources.name as budget_source',
      'cameras.position',
      'cameras.scope',
      'cameras.declared',
      'cameras.declared_at_ms',
      'cameras.updated_at_ms',
      'cameras.deleted_at_ms',
      sql<number>`case when streams.camera_id is null then 0 else 1 end`.as('linked'),
    ]);
}

const DAY_MS = 24 * 3_600_000;

/** As it is counted, with what was seen of it in the round's window. */
export function countedRow(
  camera: FrozenCamera,
  status: SurveyStatus & { lastState: string | null },
  round: Pick<Round, 'cutOffMs' | 'declarationDays'>,
): CountedRow {
  const declaredMs = declaredAtMs(camera);
  return {
    camera_id: camera.id,
    budget_source_id: camera.budget_source_id,
    budget_source: camera.budget_source,
    position: camera.position,
    linked: Number(camera.linked),
    declared: camera.declared,
    declared_at_ms: declaredMs,
    observed: camera.linked ? (status.lastState ?? 'unknown') : null,
    status: status.status,
    awaiting: Number(status.awaitingClassification),
    in_incident: Number(status.inIncident),
    basis: status.basis,
    rule: status.rule,
    proposal: status.proposal,
    evidence: Number(status.seen || declaredMs >= round.cutOffMs - round.declarationDays * DAY_MS),
  };
}
