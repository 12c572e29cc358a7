/** What passes between the connections (sqlite-connection.ts) and the thread that owns their files (sqlite-thread.ts). */

/** A statement that writes. Its parameters are not frozen: such an array takes thrice as long to be copied to another thread. */
export interface ListedStatement {
  sql: string;
  parameters: readonly unknown[];
}

/** `connection` is whose word it is: a thread may own several files. */
export type ToSqliteThread = { connection: number } & (
  | {
      type: 'open';
      path: string;
      /** A second connection to a file, for reading while the first is in a transaction. */
      readOnly: boolean;
    }
  | { type: 'query'; id: number; sql: string; parameters: readonly unknown[] }
  /** In their order, to the first that fails. */
  | { type: 'list'; id: number; statements: readonly ListedStatement[] }
  /** How much memory it may keep: not by a query, since a PRAGMA is carried out when it is prepared, and only then. */
  | { type: 'room'; id: number; room: 'usual' | 'much' }
  | {
      type: 'close';
      /** The thread ends too: it has no other. */
      last: boolean;
    }
);

export type FromSqliteThread = { connection: number } & (
  | { type: 'opened' }
  | { type: 'not-opened'; failure: SqliteFailure }
  /** Values by row: with the names at every row, copying them to another thread takes three times as long. */
  | { type: 'rows'; id: number; columns: string[]; rows: unknown[][] }
  | { type: 'changes'; id: number; changes: bigint }
  /** Of a list: rows that each wrote. */
  | { type: 'written'; id: number; written: readonly number[] }
  | { type: 'failed'; id: number; failure: SqliteFailure }
  | { type: 'closed' }
);

export interface SqliteFailure {
  message: string;
  /** SQLite's extended result code; undefined when the fault is not SQLite's. */
  resultCode: number | undefined;
}
