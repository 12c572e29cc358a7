import type { Kysely, Selectable, Transaction } from 'kysely';
import { authorText, type Author } from '../author.ts';
import type { SurveyReturnTable, SurveyVersionTable } from '../schema/survey-tables.ts';
import type { RegistryTables } from '../schema/tables.ts';
import { ReturnNotFound } from './return-refusals.ts';
import { rowsOf, storeRows } from './return-rows.ts';

/** The versions of a return, each as it was made, sent and decided; the newest one is where the return stands. */

export type ReturnRowOf = Selectable<SurveyReturnTable>;
export type VersionRow = Selectable<SurveyVersionTable>;

const IDS_A_STATEMENT = 500;

export async function returnOf(database: Kysely<RegistryTables>, id: string): Promise<ReturnRowOf> {
  const row = await database
    .selectFrom('survey_returns')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst();
  if (row === undefined) throw new ReturnNotFound(id);
  return row;
}

export async function versionOf(
  database: Kysely<RegistryTables>,
  id: string,
  version: number,
): Promise<VersionRow> {
  return database
    .selectFrom('survey_versions')
    .selectAll()
    .where('return_id', '=', id)
    .where('version', '=', version)
    .executeTakeFirstOrThrow();
}

export async function setState(
  transaction: Transaction<RegistryTables>,
  id: string,
  state: ReturnRowOf['state'],
  version: number,
): Promise<void> {
  await transaction
    .updateTable('survey_returns')
    .set({ state, version })
    .where('id', '=', id)
    .execute();
}

export async function setSource(
  transaction: Transaction<RegistryTables>,
  id: string,
  version: number,
  source: VersionRow['source'],
  author: Author,
  atMs: number,
): Promise<void> {
  await transaction
    .updateTable('survey_versions')
    .set({ source, made_by: authorText(author), made_ms: atMs })
    .where('return_id', '=', id)
    .where('version', '=', version)
    .execute();
}

export async function decide(
  transaction: Transaction<RegistryTables>,
  id: string,
  version: number,
  state: 'accepted' | 'sent-back',
  author: Author,
  reason: string | null,
  atMs: number,
): Promise<void> {
  await transaction
    .updateTable('survey_versions')
    .set({
      state,
      decided_ms: atMs,
      decided_by: authorText(author),
      decided_reason: reason,
    })
    .where('return_id', '=', id)
    .where('version', '=', version)
    .execute();
}

/** Begins as the present one was, with what was said of its cameras; unsigned. */
export async function nextVersion(
  transaction: Transaction<RegistryTables>,
  of: ReturnRowOf,
  author: Author,
  reason: string | null,
  atMs: number,
): Promise<void> {
  const version = of.version + 1;
  const before = await versionOf(transaction, of.id, of.version);
  await transaction
    .insertInto('survey_versions')
    .values({
      return_id: of.id,
      version,
      state: 'draft',
      source: before.source,
      snapshot: before.snapshot,
      made_ms: atMs,
      made_by: authorText(author),
      correction_reason: reason,
      signature: null,
      submitted_ms: null,
      submitted_by: null,
      incomplete_reason: null,
      decided_ms: null,
      decided_by: null,
      decided_reason: null,
    })
    .execute();
  if (before.source === 'form') {
    await storeRows(transaction, of.id, version, await rowsOf(transaction, of, before));
  }
  const said = await transaction
    .selectFrom('survey_classifications')
    .selectAll()
    .where('return_id', '=', of.id)
    .where('version', '=', of.version)
    .execute();
  for (let at = 0; at < said.length; at += IDS_A_STATEMENT) {
    await transaction
      .insertInto('survey_classifications')
      .values(said.slice(at, at + IDS_A_STATEMENT).map((row) => ({ ...row, version })))
      .execute();
  }
  const notes = await transaction
    .selectFrom('survey_notes')
    .selectAll()
    .where('return_id', '=', of.id)
    .where('version', '=', of.version)
    .execute();
  if (notes.length === 0) return;
  await transaction
    .insertInto('survey_notes')
    .values(notes.map((row) => ({ ...row, version })))
    .execute();
}
