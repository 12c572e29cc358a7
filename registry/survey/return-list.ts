import { sql, type Kysely } from 'kysely';
import type { Area } from '../area.ts';
import type { SurveyColumn } from '../condition.ts';
import type { SurveyLevel } from '../schema/survey-tables.ts';
import type { RegistryTables } from '../schema/tables.ts';
import { addTo, noFormCounts } from './counts.ts';
import { deadlineOf, isLate, oursMs } from './due.ts';
import { acceptedParts, rowsOf, totalsOf, type ReturnTotals } from './return-rows.ts';
import { isReadWithin } from './return-areas.ts';
import type { ReturnRowOf } from './return-versions.ts';
import { roundsOf, type Deadline, type Round } from './rounds.ts';
import { ROUND_SNAPSHOT } from './snapshot-cameras.ts';

/** Returns of a round as lists show them: with their counts, their deadline, and who is late. */

export interface ListedReturn {
  of: ReturnRowOf;
  counts: ReturnTotals;
  deadline: Deadline;
  late: boolean;
  /** Of the newest version that was sent back. */
  sentBackReason: string | null;
}

export interface ReturnFilter {
  within: readonly Area[];
  level?: SurveyLevel | undefined;
  state?: ReturnRowOf['state'] | undefined;
  late?: boolean | undefined;
  province?: string | undefined;
  district?: string | undefined;
  parentId?: string | undefined;
}

export interface LevelProgress {
  /** With whoever has to send: drafts, and those that were sent back. */
  waiting: number;
  submitted: number;
  accepted: number;
  late: number;
}

/** Ids in one statement. */
const IDS_A_STATEMENT = 200;

/** In the order of ids: provinces and districts as they are met, then LAOs. */
export async function listReturns(
  database: Kysely<RegistryTables>,
  round: Round,
  filter: ReturnFilter,
  page: { after?: string | undefined; limit: number; nowMs: number },
): Promise<ListedReturn[]> {
  const ours = await oursMs(database, round, page.nowMs);
  let query = database
    .selectFrom('survey_returns')
    .selectAll()
    .where('round_id', '=', round.id)
    .where((where) => isReadWithin(where, filter.within))
    .orderBy('id');
  if (filter.level !== undefined) query = query.where('level', '=', filter.level);
  if (filter.state !== undefined) query = query.where('state', '=', filter.state);
  if (filter.province !== undefined) query = query.where('province', '=', filter.province);
  if (filter.district !== undefined) query = query.where('district', '=', filter.district);
  if (filter.parentId !== undefined) query = query.where('parent_id', '=', filter.parentId);
  if (page.after !== undefined) query = query.where('id', '>', page.after);
  // Whether one is late is no column: then all are read, 9,000 at most.
  if (filter.late === undefined) query = query.limit(page.limit);
  const rows = (await query.execute()).map((of) => {
    const deadline = deadlineOf(round, of.level, of.province, ours);
    return { of, deadline, late: isLate(of, deadline.dueMs, page.nowMs) };
  });
  const wanted = rows
    .filter(({ late }) => filter.late === undefined || late === filter.late)
    .slice(0, page.limit);
  const counts = await countsOf(
    database,
    wanted.map(({ of }) => of),
  );
  const reasons = await sentBackReasons(
    database,
    wanted.filter(({ of }) => of.state === 'sent-back').map(({ of }) => of.id),
  );
  return wanted.map((row) => ({
    ...row,
    counts: counts.get(row.of.id) ?? { ...noFormCounts(), awaiting: 0 },
    sentBackReason: reasons.get(row.of.id) ?? null,
  }));
}

export async function listedReturn(
  database: Kysely<RegistryTables>,
  of: ReturnRowOf,
  nowMs: number,
): Promise<ListedReturn & { round: Round }> {
  const [round] = await roundsOf(database, [of.round_id]);
  if (round === undefined) throw new Error(`return ${of.id} has no round`);
  const deadline = deadlineOf(round, of.level, of.province, await oursMs(database, round, nowMs));
  const counts = await countsOf(database, [of]);
  const reasons = await sentBackReasons(database, of.state === 'sent-back' ? [of.id] : []);
  return {
    of,
    round,
    deadline,
    late: isLate(of, deadline.dueMs, nowMs),
    counts: counts.get(of.id) ?? { ...noFormCounts(), awaiting: 0 },
    sentBackReason: reasons.get(of.id) ?? null,
  };
}

/** How far each level is, within the areas. */
export async function progressOf(
  database: Kysely<RegistryTables>,
  round: Round,
  within: readonly Area[],
  nowMs: number,
): Promise<Record<SurveyLevel, LevelProgress>> {
  const progress = { lao: noProgress(), district: noProgress(), province: noProgress() };
  if (round.frozenMs === null) return progress;
  const ours = await oursMs(database, round, nowMs);
  const rows = await database
    .selectFrom('survey_returns')
    .select(({ fn }) => [
      'level',
      'state',
      'province',
      sql<number>`case when version = 1 then 1 else 2 end`.as('version'),
      fn.countAll<number>().as('returns'),
    ])
    .where('round_id', '=', round.id)
    .where((where) => isReadWithin(where, within))
    .groupBy(['level', 'state', 'province', sql`case when version = 1 then 1 else 2 end`])
    .execute();
  for (const { level, state, province, version, returns } of rows) {
    const of = progress[level];
    of[state === 'submitted' || state === 'accepted' ? state : 'waiting'] += returns;
    const { dueMs } = deadlineOf(round, level, province, ours);
    if (isLate({ state, version }, dueMs, nowMs)) of.late += returns;
  }
  return progress;
}

function noProgress(): LevelProgress {
  return { waiting: 0, submitted: 0, accepted: 0, late: 0 };
}

/** Of what was sent, and of forms: the rows. Of drafts: the snapshot with what was said of it, or what was accepted below. */
async function countsOf(
  database: Kysely<RegistryTables>,
  returns: readonly ReturnRowOf[],
): Promise<Map<string, ReturnTotals>> {
  const found = new Map<string, ReturnTotals>();
  for (let at = 0; at < returns.length; at += IDS_A_STATEMENT) {
    const some = returns.slice(at, at + IDS_A_STATEMENT);
    const stored = await storedTotals(
      database,
      some.map(({ id, version }) => ({ id, version })),
    );
    for (const [id, totals] of stored) found.set(id, totals);
    const drafts = some.filter(({ id }) => !found.has(id));
    await addDraftTotals(
      database,
      drafts.filter(({ level }) => level === 'lao'),
      found,
    );
    for (const { id, level } of drafts) {
      if (level === 'lao') continue;
      const parts = await acceptedParts(database, id);
      const totals = { ...noFormCounts(), awaiting: 0 };
      for (let from = 0; from < parts.length; from += IDS_A_STATEMENT) {
        const below = await storedTotals(
          database,
          parts
            .slice(from, from + IDS_A_STATEMENT)
            .map(({ returnId, version }) => ({ id: returnId, version })),
        );
        for (const one of below.values()) {
          totals.total += one.total;
          totals.working += one.working;
          totals.underRepair += one.underRepair;
          totals.unrepairable += one.unrepairable;
          totals.awaiting += one.awaiting;
        }
      }
      found.set(id, totals);
    }
  }
  return found;
}

async function storedTotals(
  database: Kysely<RegistryTables>,
  of: readonly { id: string; version: number }[],
): Promise<Map<string, ReturnTotals>> {
  if (of.length === 0) return new Map();
  const rows = await database
    .selectFrom('survey_rows')
    .select(({ fn }) => [
      'return_id',
      fn.sum<number>('total').as('total'),
      fn.sum<number>('working').as('working'),
      fn.sum<number>('under_repair').as('underRepair'),
      fn.sum<number>('unrepairable').as('unrepairable'),
      fn.sum<number>('awaiting').as('awaiting'),
    ])
    .where((where) =>
      where.or(
        of.map(({ id, version }) =>
          where.and([where('return_id', '=', id), where('version', '=', version)]),
        ),
      ),
    )
    .groupBy('return_id')
    .execute();
  return new Map(rows.map(({ return_id, ...totals }) => [return_id, totals]));
}

async function addDraftTotals(
  database: Kysely<RegistryTables>,
  drafts: readonly ReturnRowOf[],
  found: Map<string, ReturnTotals>,
): Promise<void> {
  const [first] = drafts;
  if (first === undefined) return;
  const rows = await database
    .selectFrom('survey_returns')
    .innerJoin('survey_versions', (join) =>
      join
        .onRef('survey_versions.return_id', '=', 'survey_returns.id')
        .onRef('survey_versions.version', '=', 'survey_returns.version')
        .on('survey_versions.snapshot', '=', ROUND_SNAPSHOT),
    )
    .innerJoin('survey_cameras', (join) =>
      join
        .onRef('survey_cameras.round_id', '=', 'survey_returns.round_id')
        .onRef('survey_cameras.lao_id', '=', 'survey_returns.lao_id'),
    )
    .leftJoin('survey_classifications', (join) =>
      join
        .onRef('survey_classifications.return_id', '=', 'survey_returns.id')
        .onRef('survey_classifications.version', '=', 'survey_returns.version')
        .onRef('survey_classifications.camera_id', '=', 'survey_cameras.camera_id'),
    )
    .select(({ fn }) => [
      'survey_returns.id',
      sql<SurveyColumn>`coalesce(survey_classifications.status, survey_cameras.status)`.as(
        'counts_as',
      ),
      sql<number>`case when survey_classifications.camera_id is null then survey_cameras.awaiting else 0 end`.as(
        'still_awaiting',
      ),
      fn.countAll<number>().as('cameras'),
    ])
    .where(
      'survey_returns.id',
      'in',
      drafts.map(({ id }) => id),
    )
    .groupBy(['survey_returns.id', 'counts_as', 'still_awaiting'])
    .execute();
  for (const { id, counts_as, still_awaiting, cameras } of rows) {
    const totals = found.get(id) ?? { ...noFormCounts(), awaiting: 0 };
    addTo(totals, counts_as, cameras);
    if (still_awaiting === 1) totals.awaiting += cameras;
    found.set(id, totals);
  }
  const takenAnew = await database
    .selectFrom('survey_versions')
    .select(['return_id', 'version', 'state', 'source'])
    .where(
      'return_id',
      'in',
      drafts.map(({ id }) => id),
    )
    .where('snapshot', '!=', ROUND_SNAPSHOT)
    .execute();
  for (const of of drafts) {
    const drafted = takenAnew.find(
      ({ return_id, version }) => return_id === of.id && version === of.version,
    );
    if (drafted !== undefined) found.set(of.id, totalsOf(await rowsOf(database, of, drafted)));
  }
}

async function sentBackReasons(
  database: Kysely<RegistryTables>,
  ids: readonly string[],
): Promise<Map<string, string>> {
  const reasons = new Map<string, string>();
  for (let at = 0; at < ids.length; at += IDS_A_STATEMENT) {
    const rows = await database
      .selectFrom('survey_versions')
      .select(['return_id', 'decided_reason'])
      .where('return_id', 'in', ids.slice(at, at + IDS_A_STATEMENT))
      .where('state', '=', 'sent-back')
      .orderBy('version')
      .execute();
    for (const { return_id, decided_reason } of rows) {
      if (decided_reason !== null) reasons.set(return_id, decided_reason);
    }
  }
  return reasons;
}
