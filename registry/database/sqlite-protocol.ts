/** What passes between the dialect (sqlite.ts) and the thread that owns the file (sqlite-thread.ts). */

export interface SqliteThreadSettings {
  path: string;
  /** A second connection, for reading while the first is in a transaction. */
  readOnly: boolean;
}

export type ToSqliteThread =
  { type: 'query'; id: number; sql: string; parameters: readonly unknown[] } | { type: 'close' };

export type FromSqliteThread =
  | { type: 'ready' }
  /** Values by row: with the names at every row, copying them to another thread takes three times as long. */
  | { type: 'rows'; id: number; columns: string[]; rows: unknown[][] }
  | { type: 'changes'; id: number; changes: bigint }
  | { type: 'failed'; id: number; failure: SqliteFailure }
  | { type: 'closed' };

export interface SqliteFailure {
  message: string;
  /** SQLite's extended result code; undefined when the fault is not SQLite's. */
  resultCode: number | undefined;
}
