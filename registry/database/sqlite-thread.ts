/**
 * The thread that owns SQLite files. SQLite is synchronous, and a commit waits for the disk: here it holds up nobody but
 * whoever asks something of a file of the same thread. Answers come in the order of the questions.
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { parentPort } from 'node:worker_threads';
import type { FromSqliteThread, SqliteFailure, ToSqliteThread } from './sqlite-protocol.ts';

/** Prepared statements kept of a connection; the one used longest ago goes first. */
const MAX_STATEMENTS = 200;
/** Pages that a connection keeps in memory: SQLite's own default, and for a transaction that writes very many rows. KiB. */
const USUAL_CACHE_KB = 2_000;
const MUCH_CACHE_KB = 8_192;
/** How long to wait for another process on the file (a backup, a person with a shell) before SQLITE_BUSY. */
const BUSY_TIMEOUT_MS = 5_000;

if (parentPort === null) throw new Error('sqlite-thread.ts runs as a worker thread');
const port = parentPort;

interface Connection {
  database: DatabaseSync;
  statements: Map<string, Prepared>;
}

interface Prepared {
  statement: StatementSync;
  returnsRows: boolean;
}

const connections = new Map<number, Connection>();

function send(message: FromSqliteThread): void {
  port.postMessage(message);
}

function open(path: string, readOnly: boolean): DatabaseSync {
  const database = new DatabaseSync(path, {
    timeout: BUSY_TIMEOUT_MS,
    enableForeignKeyConstraints: true,
    enableDoubleQuotedStringLiterals: false,
  });
  try {
    // FULL: a commit that was answered outlives a power cut.
    database.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF',
    );
    // What is deleted or overwritten (a password before it was sealed) is not left in free pages.
    database.exec('PRAGMA secure_delete = ON');
    if (readOnly) database.exec('PRAGMA query_only = ON');
  } catch (error) {
    database.close();
    throw error;
  }
  return database;
}

function prepared({ database, statements }: Connection, sql: string): Prepared {
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

function answer({
  connection,
  id,
  sql,
  parameters,
}: Extract<ToSqliteThread, { type: 'query' }>): void {
  try {
    const opened = connections.get(connection);
    if (opened === undefined) throw new Error('a question of no file');
    const { statement, returnsRows } = prepared(opened, sql);
    const values = parameters as SQLInputValue[];
    if (returnsRows) {
      const rows = statement.all(...values) as unknown[] as unknown[][];
      // After the rows: a statement from before a change of the schema is prepared anew with them.
      const columns = statement.columns().map(({ name }) => name);
      send({ type: 'rows', connection, id, columns, rows });
    } else {
      const changes = BigInt(statement.run(...values).changes);
      send({ type: 'changes', connection, id, changes });
    }
  } catch (error) {
    send({ type: 'failed', connection, id, failure: failureOf(error) });
  }
}

function answerList({
  connection,
  id,
  statements,
}: Extract<ToSqliteThread, { type: 'list' }>): void {
  try {
    const opened = connections.get(connection);
    if (opened === undefined) throw new Error('a question of no file');
    const written = statements.map(({ sql, parameters }) => {
      const { statement } = prepared(opened, sql);
      return Number(statement.run(...(parameters as SQLInputValue[])).changes);
    });
    send({ type: 'written', connection, id, written });
  } catch (error) {
    send({ type: 'failed', connection, id, failure: failureOf(error) });
  }
}

/**
 * With the usual cache, an inventory's pages of indexes leave it for the log and come back from it some times each, and what a
 * statement would be undone by is written to a file: a fifth of this thread's time.
 */
function makeRoom({ connection, id, room }: Extract<ToSqliteThread, { type: 'room' }>): void {
  try {
    const opened = connections.get(connection);
    if (opened === undefined) throw new Error('a question of no file');
    const much = room === 'much';
    opened.database.exec(
      `PRAGMA cache_size = -${much ? MUCH_CACHE_KB : USUAL_CACHE_KB};
       PRAGMA temp_store = ${much ? 'MEMORY' : 'DEFAULT'}; PRAGMA shrink_memory`,
    );
    send({ type: 'changes', connection, id, changes: 0n });
  } catch (error) {
    send({ type: 'failed', connection, id, failure: failureOf(error) });
  }
}

function failureOf(error: unknown): SqliteFailure {
  if (!(error instanceof Error)) return { message: String(error), resultCode: undefined };
  const resultCode =
    'errcode' in error && typeof error.errcode === 'number' ? error.errcode : undefined;
  return { message: error.message, resultCode };
}

port.on('message', (message: ToSqliteThread) => {
  const { connection } = message;
  switch (message.type) {
    case 'open':
      try {
        const database = open(message.path, message.readOnly);
        connections.set(connection, { database, statements: new Map() });
        send({ type: 'opened', connection });
      } catch (error) {
        send({ type: 'not-opened', connection, failure: failureOf(error) });
      }
      return;
    case 'query':
      answer(message);
      return;
    case 'list':
      answerList(message);
      return;
    case 'room':
      makeRoom(message);
      return;
    case 'close': {
      const opened = connections.get(connection);
      connections.delete(connection);
      opened?.statements.clear();
      opened?.database.close();
      send({ type: 'closed', connection });
      if (message.last) port.close();
      return;
    }
  }
});
