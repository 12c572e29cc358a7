import type { Insertable } from 'kysely';

/**
 * Many rows of one table that are written at once, all with the same columns in the same order; for `executeTogether`.
 * How a statement carries them, each database says for itself (sqlite.ts, postgres.ts): for an inventory, Kysely's making
 * of a statement out of 6,000 values, and PostgreSQL's reading of it, take longer than storing them.
 */
export interface WrittenRows {
  table: string;
  rows: readonly Readonly<Record<string, unknown>>[];
  /** Left out: they are added. */
  change?: RowChange;
}

export interface RowChange {
  /** The column by which a row that is there is found; the others are written over. One that is not there is left out. */
  key: string;
  /** SQL of what must be true beside it, of the table by its name and of the new row as `page`; no text of anybody's. */
  where?: string;
}

/** Nothing where there are no rows. */
export type RowWriter<Row> = (rows: readonly Row[]) => WrittenRows[];

/** Adds rows. */
export function rowWriter<Tables, Table extends keyof Tables & string>(
  table: Table,
): RowWriter<Insertable<Tables[Table]>> {
  return (rows) => (rows.length === 0 ? [] : [{ table, rows }]);
}

/** Writes over columns of rows that are there: those that the rows have, all of them the same. */
export function rowChanger<Tables, Table extends keyof Tables & string>(
  table: Table,
  change: RowChange,
): RowWriter<Partial<Insertable<Tables[Table]>>> {
  return (rows) => (rows.length === 0 ? [] : [{ table, rows, change }]);
}
