import { sql, type Kysely } from 'kysely';
import type { Area } from '../area.ts';
import { liesWithin } from '../area-rows.ts';
import type { SurveyColumn } from '../condition.ts';
import type { RegistryTables } from '../schema/tables.ts';
import { placeOfReturn } from './return-areas.ts';
import { addTo, inFormOrder, noFormCounts, type FormCounts } from './counts.ts';
import { storedRows, totalsOf, type ReturnRow } from './return-rows.ts';
import type { Round } from './rounds.ts';
import { countedOf, snapshotOf } from './snapshot-cameras.ts';

/**
 * Whether a round adds up, and what became another since the round before: the province's total must equal its LAOs', and a
 * difference wants its reason.
 */

/** What a district or a province sent, beside what its LAOs did. */
export interface Agreement {
  level: 'district' | 'province';
  province: string;
  district: string | null;
  /** Null: nothing was sent yet. */
  sent: FormCounts | null;
  /** Of the LAOs' accepted returns. */
  laos: FormCounts;
  /** LAOs whose return was not accepted. */
  missing: string[];
  /** What was sent is what the LAOs say now. */
  agrees: boolean;
}

export interface Difference {
  province: string;
  district: string;
  lao: string;
  budgetSource: string;
  /** Null: there was no such row. */
  before: FormCounts | null;
  after: FormCounts | null;
  /** Cameras, by what happened to them. Of counts that a form brought there are none. */
  reasons: DifferenceReasons;
}

export interface DifferenceReasons {
  new: number;
  removed: number;
  repaired: number;
  fell: number;
  /** From under repair to unrepairable, or back: damaged both times. */
  reclassified: number;
  /** Came from, or went to, another LAO or budget source. */
  moved: number;
}

export interface Reconciliation {
  roundId: string;
  previousRoundId: string | null;
  agreements: Agreement[];
  differences: Difference[];
}

export async function reconcile(
  database: Kysely<RegistryTables>,
  round: Round,
  within: readonly Area[],
): Promise<Reconciliation> {
  // A round that was cancelled, or is not cut off yet, counts nothing: all of before would look removed.
  const previous = round.frozenMs === null ? undefined : await roundBefore(database, round);
  return {
    roundId: round.id,
    previousRoundId: previous?.id ?? null,
    agreements: await agreements(database, round.id, within),
    differences:
      previous === undefined ? [] : await differences(database, previous.id, round.id, within),
  };
}

function roundBefore(
  database: Kysely<RegistryTables>,
  round: Round,
): Promise<{ id: string } | undefined> {
  return database
    .selectFrom('survey_rounds')
    .select('id')
    .where('id', '!=', round.id)
    .where('frozen_ms', 'is not', null)
    .where('cut_off_ms', '<', round.cutOffMs)
    .orderBy('cut_off_ms', 'desc')
    .limit(1)
    .executeTakeFirst();
}

async function agreements(
  database: Kysely<RegistryTables>,
  roundId: string,
  within: readonly Area[],
): Promise<Agreement[]> {
  const returns = await database
    .selectFrom('survey_returns')
    .selectAll()
    .where('round_id', '=', roundId)
    .where((where) => liesWithin(where, within, placeOfReturn))
    .execute();
  const accepted = await acceptedOf(database, roundId);
  const rowsOf = async (parts: readonly { id: string }[]): Promise<ReturnRow[]> =>
    storedRows(
      database,
      parts.flatMap(({ id }) => {
        const version = accepted.get(id);
        return version === undefined ? [] : [{ returnId: id, version }];
      }),
    );
  const found: Agreement[] = [];
  for (const of of returns) {
    if (of.level === 'lao') continue;
    const laos = returns.filter(
      (one) =>
        one.level === 'lao' &&
        one.province === of.province &&
        (of.level === 'province' || one.parent_id === of.id),
    );
    const sentVersion = await newestSent(database, of.id);
    const sent =
      sentVersion === undefined
        ? null
        : plain(totalsOf(await storedRows(database, [{ returnId: of.id, version: sentVersion }])));
    const summed = plain(totalsOf(await rowsOf(laos)));
    found.push({
      level: of.level,
      province: of.province,
      district: of.level === 'district' ? of.district : null,
      sent,
      laos: summed,
      missing: laos.filter(({ id }) => !accepted.has(id)).map(({ name }) => name),
      agrees: sent !== null && same(sent, summed),
    });
  }
  return found.toSorted((a, b) =>
    inFormOrder(
      { province: a.province, district: a.district, lao: null, budgetSource: null },
      { province: b.province, district: b.district, lao: null, budgetSource: null },
    ),
  );
}

async function acceptedOf(
  database: Kysely<RegistryTables>,
  roundId: string,
): Promise<Map<string, number>> {
  const rows = await database
    .selectFrom('survey_returns')
    .innerJoin('survey_versions', 'survey_versions.return_id', 'survey_returns.id')
    .select(({ fn }) => ['survey_returns.id', fn.max('survey_versions.version').as('version')])
    .where('survey_returns.round_id', '=', roundId)
    .where('survey_versions.state', '=', 'accepted')
    .groupBy('survey_returns.id')
    .execute();
  return new Map(rows.map(({ id, version }) => [id, version]));
}

async function newestSent(
  database: Kysely<RegistryTables>,
  returnId: string,
): Promise<number | undefined> {
  const row = await database
    .selectFrom('survey_versions')
    .select('version')
    .where('return_id', '=', returnId)
    .where('state', 'in', ['submitted', 'accepted'])
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.version;
}

/** A camera as a round counted it. */
interface Counted {
  camera_id: string;
  budget_source_id: string;
  budget_source: string;
  status: SurveyColumn;
}

/** Rows whose counts differ, and those where cameras changed though the counts did not. */
async function differences(
  database: Kysely<RegistryTables>,
  beforeId: string,
  afterId: string,
  within: readonly Area[],
): Promise<Difference[]> {
  const laos = await laosOfRounds(database, [beforeId, afterId], within);
  const found: Difference[] = [];
  for (const [laoId, lao] of laos) {
    const before = await camerasOfLao(database, beforeId, laoId);
    const after = await camerasOfLao(database, afterId, laoId);
    const beforeRows = await rowsOfLao(database, beforeId, laoId, before);
    const afterRows = await rowsOfLao(database, afterId, laoId, after);
    const reasons = reasonsOf(
      before,
      after,
      await elsewhere(database, beforeId, afterId, before, after),
    );
    const sources = new Set([...beforeRows.keys(), ...afterRows.keys()]);
    for (const budgetSource of sources) {
      const one = beforeRows.get(budgetSource) ?? null;
      const other = afterRows.get(budgetSource) ?? null;
      const why = reasons.get(budgetSource) ?? noReasons();
      const changed = one === null || other === null || !same(one, other);
      if (!changed && Object.values(why).every((count) => count === 0)) continue;
      found.push({ ...lao, budgetSource, before: one, after: other, reasons: why });
    }
  }
  return found.toSorted(inFormOrder);
}

async function laosOfRounds(
  database: Kysely<RegistryTables>,
  roundIds: readonly string[],
  within: readonly Area[],
): Promise<Map<string, { province: string; district: string; lao: string }>> {
  const rows = await database
    .selectFrom('survey_returns')
    .select(['lao_id', 'name', 'district', 'province'])
    .where('round_id', 'in', roundIds)
    .where('level', '=', 'lao')
    .where((where) => liesWithin(where, within, placeOfReturn))
    .execute();
  return new Map(
    rows.map(({ lao_id, name, district, province }) => [
      lao_id ?? '',
      { province, district, lao: name },
    ]),
  );
}

/** The snapshot with the owner's words of the newest version that was sent; before there is one, of the draft. */
async function camerasOfLao(
  database: Kysely<RegistryTables>,
  roundId: string,
  laoId: string,
): Promise<Counted[]> {
  const of = await returnOfLao(database, roundId, laoId);
  const version = of === undefined ? 0 : ((await newestSent(database, of.id)) ?? of.version);
  const id = of?.id ?? '';
  const snapshot = await snapshotOf(database, id, version);
  return database
    .selectFrom(countedOf(database, { id, round_id: roundId, lao_id: laoId }, snapshot))
    .leftJoin('survey_classifications', (join) =>
      join
        .onRef('survey_classifications.camera_id', '=', 'counted.camera_id')
        .on('survey_classifications.return_id', '=', id)
        .on('survey_classifications.version', '=', version),
    )
    .select([
      'counted.camera_id',
      'counted.budget_source_id',
      'counted.budget_source',
      sql<SurveyColumn>`coalesce(survey_classifications.status, counted.status)`.as('status'),
    ])
    .execute();
}

async function returnOfLao(database: Kysely<RegistryTables>, roundId: string, laoId: string) {
  return database
    .selectFrom('survey_returns')
    .select(['id', 'version'])
    .where('round_id', '=', roundId)
    .where('lao_id', '=', laoId)
    .executeTakeFirst();
}

/** What was sent, or, before that, what the cameras make. */
async function rowsOfLao(
  database: Kysely<RegistryTables>,
  roundId: string,
  laoId: string,
  counted: readonly Counted[],
): Promise<Map<string, FormCounts>> {
  const of = await returnOfLao(database, roundId, laoId);
  const version = of === undefined ? undefined : await newestSent(database, of.id);
  const rows = new Map<string, FormCounts>();
  if (of !== undefined && version !== undefined) {
    for (const row of await storedRows(database, [{ returnId: of.id, version }])) {
      // A row of 0 says that there are none, as no row does.
      if (row.total > 0) rows.set(row.budgetSource, plain(row));
    }
    return rows;
  }
  for (const { budget_source, status } of counted) {
    const row = rows.get(budget_source) ?? noFormCounts();
    addTo(row, status, 1);
    rows.set(budget_source, row);
  }
  return rows;
}

/** Which of them the other round counted under another LAO. */
async function elsewhere(
  database: Kysely<RegistryTables>,
  beforeId: string,
  afterId: string,
  before: readonly Counted[],
  after: readonly Counted[],
): Promise<Set<string>> {
  const inBefore = new Set(before.map(({ camera_id }) => camera_id));
  const inAfter = new Set(after.map(({ camera_id }) => camera_id));
  const found = new Set<string>();
  for (const [roundId, ids] of [
    [afterId, [...inBefore].filter((id) => !inAfter.has(id))],
    [beforeId, [...inAfter].filter((id) => !inBefore.has(id))],
  ] as const) {
    for (let at = 0; at < ids.length; at += IDS_A_STATEMENT) {
      const rows = await database
        .selectFrom('survey_cameras')
        .select('camera_id')
        .where('round_id', '=', roundId)
        .where('camera_id', 'in', ids.slice(at, at + IDS_A_STATEMENT))
        .execute();
      const taken = await database
        .selectFrom('survey_retaken_cameras')
        .innerJoin('survey_returns', 'survey_returns.id', 'survey_retaken_cameras.return_id')
        .select('camera_id')
        .where('round_id', '=', roundId)
        .where('camera_id', 'in', ids.slice(at, at + IDS_A_STATEMENT))
        .execute();
      for (const { camera_id } of [...rows, ...taken]) found.add(camera_id);
    }
  }
  return found;
}

const IDS_A_STATEMENT = 500;

/** By budget source. Pure. */
function reasonsOf(
  before: readonly Counted[],
  after: readonly Counted[],
  movedIds: ReadonlySet<string>,
): Map<string, DifferenceReasons> {
  const reasons = new Map<string, DifferenceReasons>();
  const count = (source: string, reason: keyof DifferenceReasons): void => {
    const row = reasons.get(source) ?? noReasons();
    row[reason]++;
    reasons.set(source, row);
  };
  const then = new Map(before.map((one) => [one.camera_id, one]));
  const now = new Map(after.map((one) => [one.camera_id, one]));
  for (const [id, one] of now) {
    const was = then.get(id);
    if (was === undefined) count(one.budget_source, movedIds.has(id) ? 'moved' : 'new');
    else if (was.budget_source_id !== one.budget_source_id) {
      count(was.budget_source, 'moved');
      count(one.budget_source, 'moved');
    } else if (was.status !== one.status) {
      if (one.status === 'working') count(one.budget_source, 'repaired');
      else count(one.budget_source, was.status === 'working' ? 'fell' : 'reclassified');
    }
  }
  for (const [id, was] of then) {
    if (!now.has(id)) count(was.budget_source, movedIds.has(id) ? 'moved' : 'removed');
  }
  return reasons;
}

function noReasons(): DifferenceReasons {
  return { new: 0, removed: 0, repaired: 0, fell: 0, reclassified: 0, moved: 0 };
}

function plain({ total, working, underRepair, unrepairable }: FormCounts): FormCounts {
  return { total, working, underRepair, unrepairable };
}

function same(a: FormCounts, b: FormCounts): boolean {
  return (
    a.total === b.total &&
    a.working === b.working &&
    a.underRepair === b.underRepair &&
    a.unrepairable === b.unrepairable
  );
}
