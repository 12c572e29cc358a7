import type { Expression, Kysely, SqlBool, Transaction } from 'kysely';

/**
 * Which keys something that was reckoned from rows is not true for any more. The database marks them itself, by triggers,
 * in the transaction that changes a row: no path of ours, and nobody with a shell, can forget to. Whoever reckons anew
 * deletes marks first and reads rows afterwards: what is committed in between leaves a mark of its own.
 *
 * A key may be marked many times. In PostgreSQL each transaction makes its own mark: one that relied on another's would lose
 * its change when that mark is taken away before it commits, and one that waited for another's would wait for an import.
 */
export interface ChangeMarks {
  /** For a migration: the table of marks. */
  createMarks(db: Kysely<never>, marks: MarkTable): Promise<void>;
  /** For a migration: from now on, rows of a table that come, go or change mark their keys, before and after. */
  markChanges(db: Kysely<never>, marks: MarkTable, of: MarkedRows): Promise<void>;
  /**
   * That `column`, which has an index, is marked, and among `keys` if they are given: looked up by that index, however many
   * marks the planner expects.
   */
  isMarked(column: string, marks: MarkTable, keys?: readonly string[]): Expression<SqlBool>;
  /** That `column`, which has an index, is one of `keys`: looked up by that index, and so is what is joined to it. */
  isAmong(column: string, keys: readonly string[]): Expression<SqlBool>;
}

export interface MarkTable {
  name: string;
  /** Its only column: text. */
  key: string;
}

export interface MarkedRows {
  table: string;
  /** Of the primary key; an update leaves it as it is. */
  id: string;
  /** An update that leaves all of these as they are marks nothing; none: no update does. */
  columns: readonly string[];
  /** The table whose row has the key, found by this table's `id`; undefined: the row has it itself. */
  keyIn?: { table: string; id: string } | undefined;
}

export function changeMarksOf<Tables>(db: Kysely<Tables> | Transaction<Tables>): ChangeMarks {
  return db.getExecutor().adapter as unknown as ChangeMarks;
}
