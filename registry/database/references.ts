import type { Kysely, Transaction } from 'kysely';

/**
 * Foreign keys of tables that an inventory writes by the thousand. PostgreSQL looks up the row that each refers to by a query
 * of its own, nine for each camera, which took a third of an inventory's time: there one query for all rows of a statement
 * does (decision 0170). SQLite looks them up as it writes.
 */
export interface References {
  /** For a migration, of a foreign key that is there: from now on it is checked once a statement. */
  checkByStatement(db: Kysely<never>, reference: Reference): Promise<void>;
}

export interface Reference {
  table: string;
  column: string;
  /** The table that it refers to, by its `id` or whatever its key is. */
  of: { table: string; key: string };
  /** What becomes of rows whose row there is deleted. */
  whenDeleted: 'deleted' | 'refused';
  /** A column that both tables have, and that follows the other table's wherever it changes. */
  follows?: string;
}

export function referencesOf<Tables>(db: Kysely<Tables> | Transaction<Tables>): References {
  return db.getExecutor().adapter as unknown as References;
}
