import {
  CompiledQuery,
  type Insertable,
  type InsertQueryBuilder,
  type InsertResult,
  type Transaction,
} from 'kysely';

/** A statement's parameters are limited (32,766 in SQLite, 65,535 in PostgreSQL), and its rows with them. */
export const ROWS_A_STATEMENT = 200;

/** The statements that write rows of one table, all with the same columns in the same order. */
export type RowWriter<Tables, Table extends keyof Tables> = (
  transaction: Transaction<Tables>,
  rows: readonly Insertable<Tables[Table]>[],
) => CompiledQuery[];

/**
 * For many rows in few statements, for `executeTogether`. Kysely makes an object of every value before it makes text of
 * them, which for an inventory takes the serving thread longer than the database takes to store it: so the text of a full
 * statement is made once for each database, and sent again with other values.
 *
 * `finish`: what follows the values, such as what becomes of a row that is there.
 */
export function rowWriter<Tables, Table extends keyof Tables & string>(
  table: Table,
  finish: (
    insert: InsertQueryBuilder<Tables, Table, InsertResult>,
  ) => InsertQueryBuilder<Tables, Table, InsertResult> = (insert) => insert,
): RowWriter<Tables, Table> {
  /** By the adapter of the database, whose placeholders it has. */
  const fullText = new WeakMap<object, string>();

  function statement(
    transaction: Transaction<Tables>,
    rows: readonly Insertable<Tables[Table]>[],
  ): CompiledQuery {
    const { adapter } = transaction.getExecutor();
    const isFull = rows.length === ROWS_A_STATEMENT;
    const known = isFull ? fullText.get(adapter) : undefined;
    if (known !== undefined) {
      return CompiledQuery.raw(
        known,
        rows.flatMap((row) => Object.values(row)),
      );
    }
    const compiled = finish(transaction.insertInto(table).values(rows)).compile();
    if (isFull) fullText.set(adapter, compiled.sql);
    return compiled;
  }

  return (transaction, rows) => {
    const statements: CompiledQuery[] = [];
    for (let at = 0; at < rows.length; at += ROWS_A_STATEMENT) {
      statements.push(statement(transaction, rows.slice(at, at + ROWS_A_STATEMENT)));
    }
    return statements;
  };
}
