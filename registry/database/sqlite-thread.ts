/**
 * The thread that owns the SQLite file. SQLite is synchronous, and a commit waits for the disk: here it holds nobody
 * up. Answers come in the order of the questions.
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import type {
  FromSqliteThread,
  SqliteFailure,
  SqliteThreadSettings,
  ToSqliteThread,
} from './sqlite-protocol.ts';

/** Prepared statements kept; the one used longest ago goes first. */
const MAX_STATEMENTS = 200;
/** How long to wait for another process on the file (a backup, a person with a shell) before SQLITE_BUSY. */
const BUSY_TIMEOUT_MS = 5_000;

if (parentPort === null) throw new Error('sqlite-thread.ts runs as a worker thread');
const port = parentPort;
const { path, readOnly } = workerData as SqliteThreadSettings;

const database = new DatabaseSync(path, {
  timeout: BUSY_TIMEOUT_MS,
  enableForeignKeyConstraints: true,
  enableDoubleQuotedStringLiterals: false,
});
// FULL: a commit that was answered outlives a power cut.
database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF');
// What is deleted or overwritten (a password before it was sealed) is not left in free pages.
database.exec('PRAGMA secure_delete = ON');
if (readOnly) database.exec('PRAGMA query_only = ON');
const statements = new Map<string, { statement: StatementSync; returnsRows: boolean }>();

function send(message: FromSqliteThread): void {
  port.postMessage(message);
}

function prepared(sql: string): { statement: StatementSync; returnsRows: boolean } {
  let entry = statements.get(sql);
  if (entry === undefined) {
    const statement = database.prepare(sql);
    entry = { statement, returnsRows: statement.columns().length > 0 };
    statement.setReturnArrays(true);
  }
  statements.delete(sql);
  statements.set(sql, entry);
  if (statements.size > MAX_STATEMENTS) {
    const [oldest] = statements.keys();
    if (oldest !== undefined) statements.delete(oldest);
  }
  return entry;
}

function answer(id: number, sql: string, parameters: readonly unknown[]): void {
  try {
    const { statement, returnsRows } = prepared(sql);
    const values = parameters as SQLInputValue[];
    if (returnsRows) {
      const rows = statement.all(...values) as unknown[] as unknown[][];
      // After the rows: a statement from before a change of the schema is prepared anew with them.
      send({ type: 'rows', id, columns: statement.columns().map(({ name }) => name), rows });
    } else send({ type: 'changes', id, changes: BigInt(statement.run(...values).changes) });
  } catch (error) {
    send({ type: 'failed', id, failure: failureOf(error) });
  }
}

function failureOf(error: unknown): SqliteFailure {
  if (!(error instanceof Error)) return { message: String(error), resultCode: undefined };
  const resultCode =
    'errcode' in error && typeof error.errcode === 'number' ? error.errcode : undefined;
  return { message: error.message, resultCode };
}

port.on('message', (message: ToSqliteThread) => {
  switch (message.type) {
    case 'query':
      answer(message.id, message.sql, message.parameters);
      return;
    case 'close':
      statements.clear();
      database.close();
      send({ type: 'closed' });
      port.close();
      return;
  }
});

send({ type: 'ready' });
