import { isDeepStrictEqual } from 'node:util';
import type { Transaction } from 'kysely';
import { authorOf, authorText, type Author } from './author.ts';
import type { FieldChange } from './camera-changes.ts';
import type { RegistryDatabase, RegistryTables } from './schema/tables.ts';

/**
 * What became of the rows of the lists that cameras are registered under. Cameras name them by id: a new name is none of a
 * camera's changes, and stands here, with who gave it and what it was before.
 */

export type ListName = 'laos' | 'budget_sources' | 'sites';

export interface ListVersion {
  version: number;
  atMs: number;
  author: Author;
  changes: FieldChange[];
}

/** How a row is changed: by whom, and upon which version; undefined: upon what stands there. */
export interface ListChangeOptions {
  author: Author;
  version?: number | undefined;
}

/** Somebody changed the row since it was read. */
export class ListRowStale extends Error {
  readonly code = 'list_changed_meanwhile';
  readonly details: { current: { version: number } };
  constructor(current: { version: number }) {
    super(`the row was changed meanwhile: it is at version ${current.version} now`);
    this.details = { current };
  }
}

/** Versions of one row that are told, at most. */
export const MAX_LIST_HISTORY = 500;

/** What differs between two tellings of a row, but for its version. */
export function listChanges(before: object, after: object): FieldChange[] {
  const old = before as Readonly<Record<string, unknown>>;
  return Object.entries(after)
    .filter(([field, value]) => field !== 'version' && !isDeepStrictEqual(old[field], value))
    .map(([field, value]) => [field, old[field] ?? null, value]);
}

/** In the transaction of the change, which sets `version` in the row itself. */
export async function recordListChange(
  transaction: Transaction<RegistryTables>,
  list: ListName,
  id: string,
  { version, atMs, author, changes }: ListVersion,
): Promise<void> {
  await transaction
    .insertInto('list_changes')
    .values({
      list,
      row_id: id,
      version,
      at_ms: atMs,
      author: authorText(author),
      changes: JSON.stringify(changes),
    })
    .execute();
}

/** Newest first, at most MAX_LIST_HISTORY. */
export async function listHistory(
  database: RegistryDatabase,
  list: ListName,
  id: string,
): Promise<ListVersion[]> {
  const rows = await database
    .selectFrom('list_changes')
    .selectAll()
    .where('list', '=', list)
    .where('row_id', '=', id)
    .orderBy('version', 'desc')
    .limit(MAX_LIST_HISTORY)
    .execute();
  return rows.map(({ version, at_ms, author, changes }) => ({
    version,
    atMs: at_ms,
    // Written by recordListChange, and by nothing else.
    author: authorOf(author),
    changes: JSON.parse(changes) as FieldChange[],
  }));
}
