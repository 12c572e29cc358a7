import {
  sql,
  type Expression,
  type Kysely,
  type RawBuilder,
  type SqlBool,
  type Transaction,
} from 'kysely';

/**
 * Which keys something that was reckoned from rows is not true for any more. The database marks them itself, by triggers,
 * in the transaction that changes a row: no path of ours, and nobody with a shell, can forget to. Whoever reckons anew
 * deletes marks first and reads rows afterwards: what is committed in between leaves a mark of its own.
 *
 * A key may be marked many times. In PostgreSQL each transaction makes its own mark: one that relied on another's would lose
 * its change when that mark is taken away before it commits, and one that waited for another's would wait for an import.
 *
 * A row whose key stands in another one (`keyIn`) may be written while somebody else gives that one another key: looked up when
 * it is written, the key is that of before. PostgreSQL marks the row itself then (RowMarks), and its key is looked up when marks
 * are read: whichever of the two commits last, both keys are marked.
 */
export interface ChangeMarks {
  /** For a migration: the table of marks. */
  createMarks(db: Kysely<never>, marks: MarkTable): Promise<void>;
  /** For a migration: from now on, rows of a table that come, go or change mark their keys, before and after. */
  markChanges(db: Kysely<never>, marks: MarkTable, of: MarkedRows): Promise<void>;
  /**
   * For a migration, of tables with a `keyIn` whose changes are marked already: their keys are looked up when marks are read.
   * SQLite has one writer, and goes on looking them up at once.
   */
  markRows(db: Kysely<never>, marks: RowMarkedTable, of: Omit<MarkedRows, 'keyIn'>): Promise<void>;
  /** Makes marks of rows marks of their keys: at most so many, all at once for whoever reads. One at a time. Returns how many. */
  keyRows(
    transaction: Transaction<unknown>,
    marks: RowMarkedTable,
    atMost: number,
  ): Promise<number>;
  /**
   * After very many marks were taken away, outside of a transaction: in PostgreSQL they are read at each question until they are
   * swept up, which it does by itself within a minute or two. Nobody waits; what another sweeps is left to it.
   */
  sweepMarks(db: Kysely<unknown>, marks: RowMarkedTable): Promise<void>;
  /**
   * That `column`, which has an index, is one of what `keys` selects: looked up by that index, however many the planner expects.
   */
  isSelected(column: string, keys: RawBuilder<unknown>): Expression<SqlBool>;
  /** That `column`, which has an index, is one of `keys`: looked up by that index, and so is what is joined to it. */
  isAmong(column: string, keys: readonly string[]): Expression<SqlBool>;
}

export interface MarkTable {
  name: string;
  /** Its only column: text. */
  key: string;
}

/** Keys of which marks may also stand as rows that lead to them. */
export interface RowMarkedTable extends MarkTable {
  rows: RowMarks;
}

/** Marks of rows that lead to a key; many, or none. In SQLite always empty. */
export interface RowMarks {
  name: string;
  /** Its only column: text, the `id` of `keyIn`. */
  id: string;
  keyIn: KeyedTable;
}

/** The table whose row has the key, found by its `id`. */
export interface KeyedTable {
  table: string;
  id: string;
}

export interface MarkedRows {
  table: string;
  /** Of the primary key; an update leaves it as it is. */
  id: string;
  /** An update that leaves all of these as they are marks nothing; none: no update does. */
  columns: readonly string[];
  /** Found by this table's `id`; undefined: the row has the key itself. */
  keyIn?: KeyedTable | undefined;
}

export function changeMarksOf<Tables>(db: Kysely<Tables> | Transaction<Tables>): ChangeMarks {
  return db.getExecutor().adapter as unknown as ChangeMarks;
}

/** Selects each marked key once; of `only`, if they are given. */
export function markedKeys(
  { name, key, rows }: RowMarkedTable,
  only?: readonly string[],
): RawBuilder<unknown> {
  const of = only === undefined ? sql`` : sql` and ${sql.ref(key)} in (${sql.join(only)})`;
  return sql`select distinct ${sql.ref(key)} from (
    select ${sql.ref(key)} from ${sql.table(name)}
    union all select ${keyOf(rows, key, rows.name)} from ${sql.table(rows.name)}
  ) as marked where ${sql.ref(key)} is not null${of}`;
}

/**
 * Of a row of `from`, its key; null where the row is gone, which marked its key when it went. Looked up one by one: of a join,
 * PostgreSQL would guess from what the table of marks once held, and read all that it leads to.
 */
export function keyOf({ id, keyIn }: RowMarks, key: string, from: string): RawBuilder<unknown> {
  const found = sql.ref(`${keyIn.table}.${keyIn.id}`);
  return sql`(select ${sql.ref(key)} from ${sql.table(keyIn.table)}
    where ${found} = ${sql.ref(`${from}.${id}`)}) as ${sql.ref(key)}`;
}
