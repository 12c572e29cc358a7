import type { Expression, Kysely, RawBuilder, SqlBool, Transaction } from 'kysely';

/**
 * Finding text within text, which Thai wants: it has no blanks between words, so that an index of words finds nothing.
 * A search table holds one normalised text for each row of another table; both databases index its runs of three letters.
 */
export interface TextSearch {
  /** For a migration. */
  createSearchTable(db: Kysely<never>, table: SearchTable): Promise<void>;
  /** For a migration: rows of such a table may be indexed later than they are written. */
  mayBeIndexedLater(db: Kysely<never>, name: string): Promise<void>;
  /** For a later migration: a new row is not indexed, without being asked for each. */
  beginsUnindexed(db: Kysely<never>, name: string): Promise<void>;
  /**
   * For a later migration: every text is indexed later (decision 0180), since an index of runs of letters takes longer than all else that
   * is written of a camera; and PostgreSQL knows of some hundred together which letters and pairs of letters they hold.
   */
  indexInBlocks(db: Kysely<never>, name: string): Promise<void>;
  /**
   * Indexes what was not yet, page by page. Several at once share it. What was written is found before, by looking at each such row:
   * somebody calls this after an inventory, and every second. `signal` ends it after a page.
   */
  indexRest(db: Kysely<unknown>, table: SearchTable, signal?: AbortSignal): Promise<void>;
  /** For a later migration: SQLite too indexes texts later than they are written, many at once (decision 0290). */
  indexInBulk(db: Kysely<never>, name: string): Promise<void>;
  /**
   * For a later migration: an index that is smaller and quicker to write, and in SQLite answers parts of one and two letters
   * too. PostgreSQL has no such index; there short parts are looked for in the rows themselves.
   */
  indexShortParts(db: Kysely<never>, table: string): Promise<void>;
  /**
   * Rows of the table, by `id`, that hold all of `parts`, from the id `from` on: each for a FROM that is ordered by it and limited, one
   * after the other until enough are found, since their ids follow those of the one before. Best where no other condition leaves few.
   */
  matching<Tables>(
    db: Kysely<Tables>,
    table: string,
    parts: readonly string[],
    from: string,
  ): Promise<RawBuilder<{ id: string }>[]>;
  /** How rows that `matching` found are best brought to those they belong to: all by a join, or each looked up as it comes. */
  readonly found: 'joined' | 'looked-up';
  /** That a text holds `part`, by looking at it: best where many do, or few are left by other conditions. */
  scanned(text: Expression<string>, part: string): Expression<SqlBool>;
}

export interface SearchTable {
  /** Will have the columns `id` and `text`. */
  name: string;
  /** The table whose `id` it has; rows go with theirs. */
  of: string;
}

export function textSearchOf<Tables>(db: Kysely<Tables> | Transaction<Tables>): TextSearch {
  return db.getExecutor().adapter as unknown as TextSearch;
}
