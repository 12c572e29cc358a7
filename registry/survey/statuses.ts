import { sql, type Kysely, type Transaction } from 'kysely';
import {
  surveyStatus,
  type ObservedSince,
  type SurveyStatus,
  type TimeSpan,
} from '../condition.ts';
import type { RegistryDatabase, RegistryTables } from '../schema/tables.ts';
import { uuidV7Ms } from '../uuid-v7.ts';

/**
 * What time alone makes of a camera's condition. The survey's status is a function of a window that moves on, so a timer
 * writes it down for counting: only of cameras that count otherwise than they are declared.
 */

/** The window of counts between rounds (forms.md 4.3). */
export const DEFAULT_WINDOW_MS = 24 * 3_600_000;

/** Cameras that are looked at together. */
const PAGE = 400;

/** What the rule needs of a camera, from the registry. */
export interface DeclaredCamera {
  id: string;
  declared: 'working' | 'under-repair' | 'unrepairable';
  /** As stored: 0 means when the camera was made. */
  declared_at_ms: number;
  linked: boolean;
}

export interface RefreshOutcome {
  /** Cameras whose count became another. */
  changed: string[];
}

/**
 * Looks at every camera that may count otherwise than it is declared, at `nowMs`. It finds them by what they are now and by
 * what happened within the window; a camera that was up all day, and is declared working, is never read.
 */
export async function refreshStatuses(
  database: RegistryDatabase,
  nowMs: number,
  windowMs: number = DEFAULT_WINDOW_MS,
): Promise<RefreshOutcome> {
  const changed: string[] = [];
  const window = { fromMs: nowMs - windowMs, toMs: nowMs };
  let after = '';
  for (;;) {
    const page = await candidates(database, after, window.fromMs);
    if (page.length === 0) return { changed };
    const statuses = await statusesOf(
      database,
      page.map((row) => ({ ...row, linked: row.linked === 1 })),
      window,
    );
    await database.transaction().execute(async (transaction) => {
      for (const row of page) {
        const status = statuses.get(row.id);
        if (status !== undefined && (await store(transaction, row, status, nowMs))) {
          changed.push(row.id);
        }
      }
    });
    after = page.at(-1)?.id ?? after;
    if (page.length < PAGE) return { changed };
  }
}

/** Of cameras as they are declared, what they count as over `window`. */
export async function statusesOf(
  database: Kysely<RegistryTables>,
  cameras: readonly DeclaredCamera[],
  window: TimeSpan,
): Promise<Map<string, SurveyStatus & { lastState: ObservedSince['state'] | null }>> {
  const linked = cameras.filter((camera) => camera.linked).map(({ id }) => id);
  const observed = await observedOver(database, linked, window);
  const incidents = await incidentsOver(database, linked, window);
  return new Map(
    cameras.map((camera) => {
      const history = observed.get(camera.id) ?? [];
      const status = surveyStatus({
        declared: { status: camera.declared, atMs: declaredAtMs(camera) },
        linked: camera.linked,
        observed: history,
        takenOut: incidents.get(camera.id) ?? [],
        window,
      });
      return [camera.id, { ...status, lastState: history.at(-1)?.state ?? null }];
    }),
  );
}

export function declaredAtMs({
  id,
  declared_at_ms,
}: Pick<DeclaredCamera, 'id' | 'declared_at_ms'>): number {
  return declared_at_ms || uuidV7Ms(id);
}

async function candidates(database: Kysely<RegistryTables>, after: string, fromMs: number) {
  return database
    .selectFrom('cameras')
    .leftJoin('streams', 'streams.camera_id', 'cameras.id')
    .leftJoin('observed_states', 'observed_states.camera_id', 'cameras.id')
    .leftJoin('survey_statuses', 'survey_statuses.camera_id', 'cameras.id')
    .select([
      'cameras.id',
      'cameras.declared',
      'cameras.declared_at_ms',
      sql<number>`case when streams.camera_id is null then 0 else 1 end`.as('linked'),
      'survey_statuses.awaiting',
      'survey_statuses.in_incident',
      'survey_statuses.proposal',
      'survey_statuses.rule',
      'survey_statuses.declared_at_ms as reckoned_with_ms',
    ])
    .where('cameras.deleted_at_ms', 'is', null)
    .where('cameras.id', '>', after)
    .where((where) =>
      where.or([
        where('survey_statuses.camera_id', 'is not', null),
        where('observed_states.state', 'in', ['down', 'degraded']),
        where('observed_states.since_ms', '>=', fromMs),
        where.and([
          where('cameras.declared', '!=', 'working'),
          where('observed_states.camera_id', 'is not', null),
        ]),
      ]),
    )
    .orderBy('cameras.id')
    .limit(PAGE)
    .execute();
}

type Candidate = Awaited<ReturnType<typeof candidates>>[number];

/** Whether it is another than was written before. */
async function store(
  transaction: Transaction<RegistryTables>,
  before: Candidate,
  { awaitingClassification, inIncident, proposal, rule }: SurveyStatus,
  nowMs: number,
): Promise<boolean> {
  const { id } = before;
  const there = before.reckoned_with_ms !== null;
  if (!awaitingClassification && !inIncident && proposal === null) {
    if (!there) return false;
    await transaction.deleteFrom('survey_statuses').where('camera_id', '=', id).execute();
    return true;
  }
  const row = {
    awaiting: Number(awaitingClassification),
    in_incident: Number(inIncident),
    proposal,
    rule,
    declared_at_ms: before.declared_at_ms,
  };
  const same =
    there &&
    row.awaiting === before.awaiting &&
    row.in_incident === before.in_incident &&
    row.proposal === before.proposal &&
    row.rule === before.rule &&
    row.declared_at_ms === before.reckoned_with_ms;
  if (same) return false;
  await transaction
    .insertInto('survey_statuses')
    .values({ camera_id: id, ...row, at_ms: nowMs })
    .onConflict((conflict) => conflict.column('camera_id').doUpdateSet({ ...row, at_ms: nowMs }))
    .execute();
  return true;
}

/** By camera, in the order of time: what was observed within the window, and the last before it. */
async function observedOver(
  database: Kysely<RegistryTables>,
  cameraIds: readonly string[],
  { fromMs, toMs }: TimeSpan,
): Promise<Map<string, ObservedSince[]>> {
  const found = new Map<string, ObservedSince[]>();
  if (cameraIds.length === 0) return found;
  const within = await database
    .selectFrom('camera_events')
    .select(['camera_id', 'at_ms', 'state', 'previous', 'epoch', 'sequence'])
    .where('camera_id', 'in', cameraIds)
    .where('at_ms', '>=', fromMs)
    .where('at_ms', '<', toMs)
    .orderBy('camera_id')
    .orderBy('epoch')
    .orderBy('sequence')
    .execute();
  const byCamera = Map.groupBy(within, ({ camera_id }) => camera_id);
  const quiet = cameraIds.filter((id) => !byCamera.has(id));
  for (const [id, events] of byCamera) {
    // The first of the window says what was before it.
    const history: ObservedSince[] = [{ atMs: -Infinity, state: events[0]?.previous ?? 'unknown' }];
    // By epoch and sequence, so that a clock that was set back does not turn the order round.
    let lastMs = -Infinity;
    for (const { at_ms, state } of events) {
      lastMs = Math.max(lastMs, at_ms);
      history.push({ atMs: lastMs, state });
    }
    found.set(id, history);
  }
  // Nothing happened within the window: what was last before it holds for all of it.
  const present = await database
    .selectFrom('observed_states')
    .select(['camera_id', 'state', 'at_ms'])
    .where('camera_id', 'in', quiet.length === 0 ? [''] : quiet)
    .execute();
  for (const { camera_id, state, at_ms } of present) {
    if (at_ms < fromMs) found.set(camera_id, [{ atMs: at_ms, state }]);
    else {
      // The window is one of the past.
      const last = await lastBefore(database, camera_id, fromMs);
      if (last !== undefined) found.set(camera_id, [last]);
    }
  }
  return found;
}

async function lastBefore(
  database: Kysely<RegistryTables>,
  cameraId: string,
  beforeMs: number,
): Promise<ObservedSince | undefined> {
  const last = await database
    .selectFrom('camera_events')
    .select(['at_ms', 'state'])
    .where('camera_id', '=', cameraId)
    .where('at_ms', '<', beforeMs)
    .orderBy('epoch', 'desc')
    .orderBy('sequence', 'desc')
    .limit(1)
    .executeTakeFirst();
  return last && { atMs: last.at_ms, state: last.state };
}

/** By camera: when it was within an incident. */
async function incidentsOver(
  database: Kysely<RegistryTables>,
  cameraIds: readonly string[],
  { fromMs, toMs }: TimeSpan,
): Promise<Map<string, TimeSpan[]>> {
  if (cameraIds.length === 0) return new Map();
  const rows = await database
    .selectFrom('incident_cameras')
    .innerJoin('incidents', 'incidents.id', 'incident_cameras.incident_id')
    .select(['incident_cameras.camera_id', 'incidents.from_ms', 'incidents.to_ms'])
    .where('incident_cameras.camera_id', 'in', cameraIds)
    .where('incidents.from_ms', '<', toMs)
    .where((where) =>
      where.or([where('incidents.to_ms', 'is', null), where('incidents.to_ms', '>', fromMs)]),
    )
    .execute();
  const found = new Map<string, TimeSpan[]>();
  for (const { camera_id, from_ms, to_ms } of rows) {
    const spans = found.get(camera_id) ?? [];
    spans.push({ fromMs: from_ms, toMs: to_ms ?? Infinity });
    found.set(camera_id, spans);
  }
  return found;
}
