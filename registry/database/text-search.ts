import type { Expression, Kysely, SqlBool, Transaction } from 'kysely';

/**
 * Finding text within text, which Thai wants: it has no blanks between words, so that an index of words finds nothing.
 * A search table holds one normalised text for each row of another table; both databases index its runs of three letters.
 */
export interface TextSearch {
  /** For a migration. */
  createSearchTable(db: Kysely<never>, table: SearchTable): Promise<void>;
  /** For a migration: rows of such a table may be indexed later than they are written. */
  mayBeIndexedLater(db: Kysely<never>, name: string): Promise<void>;
  /**
   * What this transaction writes into such tables may be indexed when it is over, by `indexRest`: an index of runs of letters
   * takes longer than all else that is written of a camera. It is found meanwhile, by looking at each such row.
   */
  indexLater(transaction: Transaction<unknown>): Promise<void>;
  /** Indexes what was not yet, page by page. Several at once share it. */
  indexRest(db: Kysely<unknown>, name: string): Promise<void>;
  /** That the table's `text` holds `part`, by the index: best where few rows do. */
  indexed(table: string, part: string): Expression<SqlBool>;
  /** The same by looking at each row: best where many do, or few are left by other conditions. */
  scanned(text: Expression<string>, part: string): Expression<SqlBool>;
}

export interface SearchTable {
  /** Will have the columns `id` and `text`. */
  name: string;
  /** The table whose `id` it has; rows go with theirs. */
  of: string;
}

/** The index knows runs of three letters; shorter text is looked for in each row. */
export const MIN_INDEXED_LENGTH = 3;

export function textSearchOf<Tables>(db: Kysely<Tables> | Transaction<Tables>): TextSearch {
  return db.getExecutor().adapter as unknown as TextSearch;
}
