import type { Kysely, Transaction } from 'kysely';
import type { RegistryTables } from '../schema/tables.ts';
import { PartsMissing } from './return-refusals.ts';
import { acceptedParts, type ReturnPart } from './return-rows.ts';
import type { ReturnRowOf, VersionRow } from './return-versions.ts';

/** The returns below that a district's or a province's is made of. */

const IDS_A_STATEMENT = 500;

/** Which versions of the returns below a version is made of: fixed once it was sent. */
export async function partsOf(
  database: Kysely<RegistryTables>,
  id: string,
  { version, state }: Pick<VersionRow, 'version' | 'state'>,
): Promise<ReturnPart[]> {
  if (state === 'draft') return acceptedParts(database, id);
  const rows = await database
    .selectFrom('survey_parts')
    .select(['part_id', 'part_version'])
    .where('return_id', '=', id)
    .where('version', '=', version)
    .orderBy('part_id')
    .execute();
  return rows.map(({ part_id, part_version }) => ({ returnId: part_id, version: part_version }));
}

/** Fixes what the version is made of. Throws PartsMissing, unless it is said why. */
export async function takeParts(
  transaction: Transaction<RegistryTables>,
  of: ReturnRowOf,
  incompleteReason: string | null,
): Promise<void> {
  const parts = await acceptedParts(transaction, of.id);
  const missing = await waitingFor(transaction, of.id, parts);
  if (missing.length > 0 && incompleteReason === null) throw new PartsMissing(missing);
  for (let at = 0; at < parts.length; at += IDS_A_STATEMENT) {
    await transaction
      .insertInto('survey_parts')
      .values(
        parts.slice(at, at + IDS_A_STATEMENT).map(({ returnId, version }) => ({
          return_id: of.id,
          version: of.version,
          part_id: returnId,
          part_version: version,
        })),
      )
      .execute();
  }
}

/** Names of the returns below of which no version is among `parts`. */
export async function waitingFor(
  database: Kysely<RegistryTables>,
  parentId: string,
  parts: readonly ReturnPart[],
): Promise<string[]> {
  const there = new Set(parts.map(({ returnId }) => returnId));
  const rows = await database
    .selectFrom('survey_returns')
    .select(['id', 'name'])
    .where('parent_id', '=', parentId)
    .orderBy('name')
    .execute();
  return rows.filter(({ id }) => !there.has(id)).map(({ name }) => name);
}
