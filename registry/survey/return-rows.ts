import { sql, type Insertable, type Kysely } from 'kysely';
import type { SurveyColumn } from '../condition.ts';
import type {
  SurveyReturnTable,
  SurveyRowTable,
  SurveyVersionTable,
} from '../schema/survey-tables.ts';
import type { RegistryTables } from '../schema/tables.ts';
import { addTo, inFormOrder, noFormCounts, type FormCounts } from './counts.ts';
import { countedOf, snapshotOf } from './snapshot-cameras.ts';

/** Rows of the form, as a version of a return holds them (forms.md §2). */

export interface ReturnRow extends FormCounts {
  province: string;
  district: string;
  lao: string;
  laoId: string;
  budgetSource: string;
  budgetSourceId: string | null;
  awaiting: number;
  note: string;
}

/** Stands where the form wants a budget source, in the row of an LAO that has no cameras. */
export const NO_BUDGET_SOURCE = '-';

export type ReturnTotals = FormCounts & { awaiting: number };

/** A return below, and which of its versions counts. */
export interface ReturnPart {
  returnId: string;
  version: number;
}

export type ReturnKey = Pick<
  SurveyReturnTable,
  'id' | 'round_id' | 'level' | 'lao_id' | 'name' | 'district' | 'province'
>;

/**
 * Of a version that was sent, and of a form that was filled in: what is written. Of a draft: what the snapshot and the
 * owner's words make, or the accepted returns below.
 */
export async function rowsOf(
  database: Kysely<RegistryTables>,
  of: ReturnKey,
  { version, state, source }: Pick<SurveyVersionTable, 'version' | 'state' | 'source'>,
): Promise<ReturnRow[]> {
  if (state !== 'draft' || source === 'form')
    return storedRows(database, [{ returnId: of.id, version }]);
  if (of.level === 'lao') return draftRows(database, of, version);
  return (await storedRows(database, await acceptedParts(database, of.id))).toSorted(inFormOrder);
}

export function totalsOf(rows: readonly ReturnRow[]): ReturnTotals {
  const totals = { ...noFormCounts(), awaiting: 0 };
  for (const row of rows) {
    totals.total += row.total;
    totals.working += row.working;
    totals.underRepair += row.underRepair;
    totals.unrepairable += row.unrepairable;
    totals.awaiting += row.awaiting;
  }
  return totals;
}

/** Of each return below, the newest version that was accepted. */
export async function acceptedParts(
  database: Kysely<RegistryTables>,
  parentId: string,
): Promise<ReturnPart[]> {
  const rows = await database
    .selectFrom('survey_returns')
    .innerJoin('survey_versions', 'survey_versions.return_id', 'survey_returns.id')
    .select(({ fn }) => ['survey_returns.id', fn.max('survey_versions.version').as('version')])
    .where('survey_returns.parent_id', '=', parentId)
    .where('survey_versions.state', '=', 'accepted')
    .groupBy('survey_returns.id')
    .orderBy('survey_returns.id')
    .execute();
  return rows.map(({ id, version }) => ({ returnId: id, version }));
}

export async function storedRows(
  database: Kysely<RegistryTables>,
  parts: readonly ReturnPart[],
): Promise<ReturnRow[]> {
  const found: ReturnRow[] = [];
  for (let at = 0; at < parts.length; at += PARTS_A_STATEMENT) {
    const some = parts.slice(at, at + PARTS_A_STATEMENT);
    const rows = await database
      .selectFrom('survey_rows')
      .selectAll()
      .where((where) =>
        where.or(
          some.map(({ returnId, version }) =>
            where.and([where('return_id', '=', returnId), where('version', '=', version)]),
          ),
        ),
      )
      .orderBy('return_id')
      .orderBy('ordinal')
      .execute();
    for (const row of rows) {
      found.push({
        province: row.province,
        district: row.district,
        lao: row.lao,
        laoId: row.lao_id,
        budgetSource: row.budget_source,
        budgetSourceId: row.budget_source_id,
        total: row.total,
        working: row.working,
        underRepair: row.under_repair,
        unrepairable: row.unrepairable,
        awaiting: row.awaiting,
        note: row.note,
      });
    }
  }
  return found;
}

const PARTS_A_STATEMENT = 200;
/** Rows of one statement: 15 columns each. */
const ROWS_A_STATEMENT = 500;

export async function storeRows(
  database: Kysely<RegistryTables>,
  returnId: string,
  version: number,
  rows: readonly ReturnRow[],
): Promise<void> {
  const given = rows.map((row, index): Insertable<SurveyRowTable> => ({
    return_id: returnId,
    version,
    ordinal: index + 1,
    lao_id: row.laoId,
    lao: row.lao,
    district: row.district,
    province: row.province,
    budget_source_id: row.budgetSourceId,
    budget_source: row.budgetSource,
    total: row.total,
    working: row.working,
    under_repair: row.underRepair,
    unrepairable: row.unrepairable,
    awaiting: row.awaiting,
    note: row.note,
  }));
  await database
    .deleteFrom('survey_rows')
    .where('return_id', '=', returnId)
    .where('version', '=', version)
    .execute();
  for (let at = 0; at < given.length; at += ROWS_A_STATEMENT) {
    await database
      .insertInto('survey_rows')
      .values(given.slice(at, at + ROWS_A_STATEMENT))
      .execute();
  }
}

/** The snapshot's cameras of one LAO with what its owner said of them, by budget source. */
async function draftRows(
  database: Kysely<RegistryTables>,
  of: ReturnKey,
  version: number,
): Promise<ReturnRow[]> {
  const snapshot = await snapshotOf(database, of.id, version);
  const counted = await database
    .selectFrom(countedOf(database, of, snapshot))
    .leftJoin('survey_classifications', (join) =>
      join
        .onRef('survey_classifications.camera_id', '=', 'counted.camera_id')
        .on('survey_classifications.return_id', '=', of.id)
        .on('survey_classifications.version', '=', version),
    )
    .select(({ fn }) => [
      'counted.budget_source_id',
      'counted.budget_source',
      sql<SurveyColumn>`coalesce(survey_classifications.status, counted.status)`.as('counts_as'),
      sql<number>`case when survey_classifications.camera_id is null then counted.awaiting else 0 end`.as(
        'still_awaiting',
      ),
      fn.countAll<number>().as('cameras'),
    ])
    .groupBy(['counted.budget_source_id', 'counted.budget_source', 'counts_as', 'still_awaiting'])
    .execute();
  const notes = new Map(
    (
      await database
        .selectFrom('survey_notes')
        .select(['budget_source', 'note'])
        .where('return_id', '=', of.id)
        .where('version', '=', version)
        .execute()
    ).map(({ budget_source, note }) => [budget_source, note]),
  );
  const rows = new Map<string, ReturnRow>();
  for (const { budget_source_id, budget_source, counts_as, still_awaiting, cameras } of counted) {
    let row = rows.get(budget_source_id);
    if (row === undefined) {
      row = {
        province: of.province,
        district: of.district,
        lao: of.name,
        laoId: of.lao_id ?? '',
        budgetSource: budget_source,
        budgetSourceId: budget_source_id,
        ...noFormCounts(),
        awaiting: 0,
        note: notes.get(budget_source) ?? '',
      };
      rows.set(budget_source_id, row);
    }
    addTo(row, counts_as, cameras);
    if (still_awaiting === 1) row.awaiting += cameras;
  }
  if (rows.size === 0) {
    // An LAO without cameras returns 0: without a row nobody above would see on paper that it answered.
    return [
      {
        province: of.province,
        district: of.district,
        lao: of.name,
        laoId: of.lao_id ?? '',
        budgetSource: NO_BUDGET_SOURCE,
        budgetSourceId: null,
        ...noFormCounts(),
        awaiting: 0,
        note: notes.get(NO_BUDGET_SOURCE) ?? '',
      },
    ];
  }
  return [...rows.values()].toSorted(inFormOrder);
}
