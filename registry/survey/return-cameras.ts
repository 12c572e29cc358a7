import type { Kysely } from 'kysely';
import { authorOf, type Author } from '../author.ts';
import type { SurveyColumn, SurveyRule } from '../condition.ts';
import type { RegistryTables } from '../schema/tables.ts';
import type { ReturnRowOf } from './return-versions.ts';
import { countedOf, snapshotOf } from './snapshot-cameras.ts';

/** The cameras behind a return's counts: as they were frozen, and what was said of each since. */

export const shownCameras = [
  'all',
  'awaiting',
  'without-evidence',
  'classified',
  'inspected',
  'proposed',
] as const;

export interface ReturnCamera {
  id: string;
  position: string;
  budgetSource: string;
  linked: boolean;
  declared: SurveyColumn;
  declaredMs: number;
  /** At the cut-off; null: not linked. */
  observed: string | null;
  frozen: {
    status: SurveyColumn;
    awaitingClassification: boolean;
    basis: 'declared' | 'observed';
    rule: SurveyRule;
    inIncident: boolean;
    proposal: 'working' | null;
  };
  /** What it counts as in this version. */
  status: SurveyColumn;
  classified: {
    status: SurveyColumn;
    reason: string | null;
    note: string | null;
    inspectedOn: string | null;
    by: Author;
    atMs: number;
  } | null;
  hasEvidence: boolean;
}

export async function camerasOfReturn(
  database: Kysely<RegistryTables>,
  of: Pick<ReturnRowOf, 'id' | 'round_id' | 'lao_id'>,
  version: number,
  show: (typeof shownCameras)[number],
  page: { after?: string | undefined; limit: number },
): Promise<ReturnCamera[]> {
  const snapshot = await snapshotOf(database, of.id, version);
  let query = database
    .selectFrom(countedOf(database, of, snapshot))
    .leftJoin('survey_classifications', (join) =>
      join
        .onRef('survey_classifications.camera_id', '=', 'counted.camera_id')
        .on('survey_classifications.return_id', '=', of.id)
        .on('survey_classifications.version', '=', version),
    )
    .selectAll('counted')
    .select([
      'survey_classifications.status as said_status',
      'survey_classifications.reason_code',
      'survey_classifications.note',
      'survey_classifications.inspected_on',
      'survey_classifications.by',
      'survey_classifications.at_ms',
    ])
    .orderBy('counted.camera_id')
    .limit(page.limit);
  if (page.after !== undefined) query = query.where('counted.camera_id', '>', page.after);
  switch (show) {
    case 'all':
      break;
    case 'awaiting':
      query = query
        .where('counted.awaiting', '=', 1)
        .where('survey_classifications.camera_id', 'is', null);
      break;
    case 'without-evidence':
      query = query
        .where('counted.evidence', '=', 0)
        .where('survey_classifications.camera_id', 'is', null);
      break;
    case 'classified':
      query = query.where('survey_classifications.camera_id', 'is not', null);
      break;
    case 'inspected':
      query = query.where('survey_classifications.inspected_on', 'is not', null);
      break;
    case 'proposed':
      query = query
        .where('counted.proposal', 'is not', null)
        .where('survey_classifications.camera_id', 'is', null);
      break;
  }
  return (await query.execute()).map((row) => ({
    id: row.camera_id,
    position: row.position,
    budgetSource: row.budget_source,
    linked: row.linked === 1,
    declared: row.declared,
    declaredMs: row.declared_at_ms,
    observed: row.observed,
    frozen: {
      status: row.status,
      awaitingClassification: row.awaiting === 1,
      basis: row.basis,
      rule: row.rule,
      inIncident: row.in_incident === 1,
      proposal: row.proposal,
    },
    status: row.said_status ?? row.status,
    classified:
      row.said_status === null || row.by === null || row.at_ms === null
        ? null
        : {
            status: row.said_status,
            reason: row.reason_code,
            note: row.note,
            inspectedOn: row.inspected_on,
            by: authorOf(row.by),
            atMs: row.at_ms,
          },
    hasEvidence: row.evidence === 1 || row.said_status !== null,
  }));
}
