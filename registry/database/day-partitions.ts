import type { Kysely, Transaction } from 'kysely';

/**
 * Tables that take a row for every minute of every camera. PostgreSQL keeps each UTC day of them in a partition of its
 * own: a query reads the days it asks for, whatever the history, and a day whose rows are gone gives its disk back at
 * once. SQLite keeps one table of each. Queries are the same on both: they name the time beside the id.
 */
export interface DayPartitions {
  /**
   * For a migration: `main` and `beside`, whatever is in them, are kept by day from now on. `beside` gets the column
   * `time` of the row it belongs to. `main` has no unique index but that of its key.
   */
  keepByDay(db: Kysely<never>, tables: DayTables, nowMs: number): Promise<void>;
  /**
   * Makes the days to come and takes those away that are empty. Safe to be called by several servers at once, and to be
   * interrupted. Throws DatabaseUnavailable when the tables are in use for too long: call again later, nothing is
   * refused meanwhile.
   */
  tendDays(db: Kysely<never>, tables: DayTables, nowMs: number): Promise<TendedDays>;
}

export interface DayTables {
  main: { name: string; key: string };
  /** A row of `main` has at most one here, which goes with it. */
  beside: { name: string; key: string };
  /** Unix ms, in `bigint`; of a row it never changes. */
  time: string;
}

/** Partitions by name, as they were made and taken away. */
export interface TendedDays {
  made: string[];
  removed: string[];
}

export function dayPartitionsOf<Tables>(db: Kysely<Tables> | Transaction<Tables>): DayPartitions {
  return db.getExecutor().adapter as unknown as DayPartitions;
}
