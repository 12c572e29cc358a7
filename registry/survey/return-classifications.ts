import type { Insertable, Kysely, Transaction } from 'kysely';
import { authorText, type Author } from '../author.ts';
import type { SurveyColumn } from '../condition.ts';
import type { SurveyClassificationTable } from '../schema/survey-tables.ts';
import type { RegistryTables } from '../schema/tables.ts';
import { CamerasNotOfReturn, EvidenceMissing, MAX_NAMED } from './return-refusals.ts';
import type { ReturnRowOf } from './return-versions.ts';
import { countedOf, snapshotOf } from './snapshot-cameras.ts';

/** What an LAO says in its return of single cameras of the snapshot, and whether there is evidence of each. */

/** What somebody says of cameras, in one act. */
export interface Classification {
  cameras: readonly string[];
  /** Null: what each counts as already, which is thereby said. */
  status: SurveyColumn | null;
  reason: string | null;
  note: string | null;
  /** ISO day on which somebody stood before them; null: nobody did. */
  inspectedOn: string | null;
}

/** Cameras of one act. */
export const MAX_CLASSIFIED_AT_ONCE = 500;
const IDS_A_STATEMENT = 500;

/** In the draft; what was said of a camera before is replaced. Throws CamerasNotOfReturn. */
export async function storeClassification(
  transaction: Transaction<RegistryTables>,
  of: ReturnRowOf,
  given: Classification,
  { author, atMs }: { author: Author; atMs: number },
): Promise<void> {
  const ids = [...new Set(given.cameras)];
  const present = await statusesOfReturn(transaction, of, ids);
  const others = ids.filter((camera) => !present.has(camera));
  if (others.length > 0) throw new CamerasNotOfReturn(others);
  const said = {
    reason_code: given.reason,
    note: given.note,
    inspected_on: given.inspectedOn,
    by: authorText(author),
    at_ms: atMs,
  } satisfies Partial<Insertable<SurveyClassificationTable>>;
  for (const [status, cameras] of byStatus(ids, given.status, present)) {
    for (let at = 0; at < cameras.length; at += IDS_A_STATEMENT) {
      await transaction
        .insertInto('survey_classifications')
        .values(
          cameras.slice(at, at + IDS_A_STATEMENT).map((camera) => ({
            return_id: of.id,
            version: of.version,
            camera_id: camera,
            status,
            ...said,
          })),
        )
        .onConflict((conflict) =>
          conflict.columns(['return_id', 'version', 'camera_id']).doUpdateSet({ status, ...said }),
        )
        .execute();
    }
  }
}

/** What cameras of the return count as in its draft; those that are not of it are left out. */
async function statusesOfReturn(
  transaction: Transaction<RegistryTables>,
  of: ReturnRowOf,
  ids: readonly string[],
): Promise<Map<string, SurveyColumn>> {
  const found = new Map<string, SurveyColumn>();
  const snapshot = await snapshotOf(transaction, of.id, of.version);
  for (let at = 0; at < ids.length; at += IDS_A_STATEMENT) {
    const rows = await transaction
      .selectFrom(countedOf(transaction, of, snapshot))
      .leftJoin('survey_classifications', (join) =>
        join
          .onRef('survey_classifications.camera_id', '=', 'counted.camera_id')
          .on('survey_classifications.return_id', '=', of.id)
          .on('survey_classifications.version', '=', of.version),
      )
      .select(['counted.camera_id', 'counted.status', 'survey_classifications.status as said'])
      .where('counted.camera_id', 'in', ids.slice(at, at + IDS_A_STATEMENT))
      .execute();
    for (const { camera_id, status, said } of rows) found.set(camera_id, said ?? status);
  }
  return found;
}

function byStatus(
  ids: readonly string[],
  given: SurveyColumn | null,
  present: ReadonlyMap<string, SurveyColumn>,
): Map<SurveyColumn, string[]> {
  return Map.groupBy(ids, (id) => given ?? present.get(id) ?? 'working');
}

/** Every camera of the frozen snapshot: seen, declared lately, or spoken of in this return. Later changes do not matter. */
export async function refuseWithoutEvidence(
  transaction: Transaction<RegistryTables>,
  of: ReturnRowOf,
): Promise<void> {
  const missing = await withoutEvidence(transaction, of);
  if (missing.length > 0) throw new EvidenceMissing(missing.length, missing.slice(0, MAX_NAMED));
}

export async function withoutEvidence(
  database: Kysely<RegistryTables>,
  of: ReturnRowOf,
): Promise<string[]> {
  const snapshot = await snapshotOf(database, of.id, of.version);
  const rows = await database
    .selectFrom(countedOf(database, of, snapshot))
    .leftJoin('survey_classifications', (join) =>
      join
        .onRef('survey_classifications.camera_id', '=', 'counted.camera_id')
        .on('survey_classifications.return_id', '=', of.id)
        .on('survey_classifications.version', '=', of.version),
    )
    .select('counted.camera_id')
    .where('counted.evidence', '=', 0)
    .where('survey_classifications.camera_id', 'is', null)
    .orderBy('counted.camera_id')
    .execute();
  return rows.map(({ camera_id }) => camera_id);
}
