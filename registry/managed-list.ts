import type { Kysely, Selectable, Transaction } from 'kysely';
import type { Author } from './author.ts';
import { takeLock } from './database/database.ts';
import { listChanges, ListRowStale, recordListChange, type ListName } from './list-history.ts';
import type { ManagedRow, RegistryTables } from './schema/tables.ts';

/**
 * What the lists of LAOs and of budget sources have in common: rows are entered, changed upon a version and merged, and what
 * became of each is kept.
 */

/** Changes of the lists wait for each other: a name must not be entered while another row takes it. */
export async function lockLists(transaction: Transaction<RegistryTables>): Promise<void> {
  await takeLock(transaction, 'managed-lists');
}

/** By whom, and when, Unix ms. */
export interface ListAct {
  author: Author;
  atMs: number;
}

/** The verbs of one list, within the transaction of whoever asks, which has the lists' lock. */
export interface ManagedList<Row extends Selectable<ManagedRow>> {
  /** As it stands. Throws ListRowStale where that is not `version`, and what `notFound` makes of one that is not there, or merged. */
  rowToChange(
    transaction: Transaction<RegistryTables>,
    id: string,
    version: number | undefined,
  ): Promise<Row>;
  /** What it is from now on, with its next version where that differs from what it was. */
  writeRow(
    transaction: Transaction<RegistryTables>,
    row: Row,
    values: Partial<Omit<Row, 'id' | 'version'>>,
    act: ListAct,
  ): Promise<void>;
  /** Both as they stand, before a merge. Throws what `notFound` makes of either, or of the same one twice. */
  pairToMerge(
    database: Kysely<RegistryTables>,
    merge: { id: string; into: string },
  ): Promise<{ from: Row; target: Row }>;
  /**
   * One row becomes another, with all that was merged into it: its spelling leads there from now on. `move` takes what stands
   * under the one to the other, and returns how many cameras. Throws what `pairToMerge` throws.
   */
  mergeRows(
    transaction: Transaction<RegistryTables>,
    merge: { id: string; into: string },
    act: ListAct,
    move: (from: Row, into: Row) => Promise<number>,
  ): Promise<number>;
}

export function managedList<Row extends Selectable<ManagedRow>>(
  name: Exclude<ListName, 'sites'>,
  {
    toldOf,
    notFound,
  }: {
    /** A row as it is told; what differs in it is a change. */
    toldOf: (row: Row) => { version: number };
    notFound: (id: string) => Error;
  },
): ManagedList<Row> {
  // Both tables have the columns that are named here; rows are whole.
  const table = name as 'budget_sources';

  async function rowsOf(database: Kysely<RegistryTables>, ids: readonly string[]): Promise<Row[]> {
    const rows = await database.selectFrom(table).selectAll().where('id', 'in', ids).execute();
    return rows as Row[];
  }

  function standing(row: Row | undefined, id: string): Row {
    if (row === undefined || row.status === 'merged') throw notFound(id);
    return row;
  }

  const list: ManagedList<Row> = {
    async rowToChange(transaction, id, version) {
      const [found] = await rowsOf(transaction, [id]);
      const row = standing(found, id);
      if (version !== undefined && row.version !== version) throw new ListRowStale(toldOf(row));
      return row;
    },
    async writeRow(transaction, row, values, { author, atMs }) {
      const changes = listChanges(toldOf(row), toldOf({ ...row, ...values }));
      const version = row.version + Number(changes.length > 0);
      await transaction
        .updateTable(table)
        .set({ ...values, version })
        .where('id', '=', row.id)
        .execute();
      if (changes.length === 0) return;
      await recordListChange(transaction, name, row.id, { version, atMs, author, changes });
    },
    async pairToMerge(database, { id, into }) {
      const rows = await rowsOf(database, [id, into]);
      const from = standing(
        rows.find((row) => row.id === id),
        id,
      );
      const target = standing(id === into ? undefined : rows.find((row) => row.id === into), into);
      return { from, target };
    },
    async mergeRows(transaction, { id, into }, act, move) {
      const { from, target } = await list.pairToMerge(transaction, { id, into });
      const moved = await move(from, target);
      const merged = { status: 'merged', merged_into: into } as const;
      await transaction
        .updateTable(table)
        .set(merged)
        .where((where) => where.or([where('id', '=', id), where('merged_into', '=', id)]))
        .execute();
      await list.writeRow(transaction, from, merged as Partial<Omit<Row, 'id' | 'version'>>, act);
      return moved;
    },
  };
  return list;
}
