import { basename } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { CompiledQuery, QueryResult } from 'kysely';
import { ConstraintViolated, DatabaseFailed, DatabaseUnavailable, DiskFull } from './database.ts';
import type {
  FromSqliteThread,
  ListedStatement,
  SqliteFailure,
  ToSqliteThread,
} from './sqlite-protocol.ts';

/** Of a thread's heap, what is new. What passes through is short-lived: more room would be filled before it is swept. */
const MAX_YOUNG_MB = 12;

export interface SqliteFile {
  /** Connections of this process that name the same thread share it. A path, whose end is the thread's name. */
  thread: string;
  path: string;
  /** A second connection to a file, for reading while the first is in a transaction. */
  readOnly: boolean;
}

/** Of this process, by name: those that take further connections. */
const threads = new Map<string, SqliteThread>();

type Question =
  | { type: 'query'; id: number; sql: string; parameters: readonly unknown[] }
  | { type: 'list'; id: number; statements: readonly ListedStatement[] }
  | { type: 'room'; id: number; room: 'usual' | 'much' };

interface Pending {
  resolve: (result: QueryResult<unknown>) => void;
  reject: (error: Error) => void;
}

/** A connection to a SQLite file, in a thread. */
export class SqliteConnection {
  readonly #thread: SqliteThread;
  readonly #number: number;
  readonly #pending = new Map<number, Pending>();
  readonly #opened = Promise.withResolvers<void>();
  readonly #closed = Promise.withResolvers<void>();
  #nextId = 0;
  #gone: Error | undefined;

  /** Throws DatabaseFailed when the file cannot be opened. */
  static async open({ thread: name, path, readOnly }: SqliteFile): Promise<SqliteConnection> {
    let thread = threads.get(name);
    if (thread === undefined) threads.set(name, (thread = new SqliteThread(name)));
    const connection = new SqliteConnection(thread);
    thread.send({ type: 'open', connection: connection.#number, path, readOnly });
    try {
      await connection.#opened.promise;
    } catch (cause) {
      await connection.close();
      throw new DatabaseFailed(`cannot open the database ${path}`, { cause });
    }
    return connection;
  }

  private constructor(thread: SqliteThread) {
    this.#thread = thread;
    this.#number = thread.add(this);
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    // Parameters that cannot be copied to the thread leave nothing pending.
    return (await this.#ask((id) => ({ type: 'query', id, sql, parameters }))) as QueryResult<R>;
  }

  /** Statements that write, in their order; of the first that fails it rejects. Each one's `written` rows. */
  async executeList(statements: readonly ListedStatement[]): Promise<QueryResult<unknown>> {
    return this.#ask((id) => ({ type: 'list', id, statements }));
  }

  /** How much memory its pages may take, from the next statement on. */
  async makeRoom(room: 'usual' | 'much'): Promise<void> {
    await this.#ask((id) => ({ type: 'room', id, room }));
  }

  async #ask(question: (id: number) => Question): Promise<QueryResult<unknown>> {
    if (this.#gone !== undefined) throw this.#gone;
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#thread.send({ connection: this.#number, ...question(id) });
      this.#pending.set(id, { resolve, reject });
    });
  }

  /** After the queries sent before it. The thread ends with its last connection. */
  async close(): Promise<void> {
    if (this.#gone !== undefined) return;
    this.#gone = new DatabaseUnavailable('the database is closed');
    await this.#thread.leave(this.#number, this.#closed.promise);
  }

  take(message: FromSqliteThread): void {
    switch (message.type) {
      case 'opened':
        this.#opened.resolve();
        return;
      case 'not-opened':
        this.#opened.reject(errorOf(message.failure));
        return;
      case 'closed':
        this.end(new DatabaseUnavailable('the database is closed'));
        return;
    }
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    switch (message.type) {
      case 'rows':
        pending?.resolve({ rows: message.rows.map((row) => rowOf(message.columns, row)) });
        return;
      case 'changes':
        pending?.resolve({ rows: [], numAffectedRows: message.changes });
        return;
      case 'written':
        pending?.resolve({ rows: message.written.map((written) => ({ written })) });
        return;
      case 'failed':
        pending?.reject(errorOf(message.failure));
        return;
    }
  }

  /** It is closed, or its thread is no more. */
  end(error: Error): void {
    this.#gone ??= error;
    this.#opened.reject(error);
    this.#closed.resolve();
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}

class SqliteThread {
  readonly #name: string;
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  /** Those that an answer may come for. */
  readonly #connections = new Map<number, SqliteConnection>();
  /** Of them, those that were not told to close. */
  #staying = 0;
  #nextNumber = 0;

  constructor(name: string) {
    this.#name = name;
    this.#worker = new Worker(new URL('./sqlite-thread.ts', import.meta.url), {
      name: basename(name),
      resourceLimits: { maxYoungGenerationSizeMb: MAX_YOUNG_MB },
    });
    this.#exited = new Promise((resolve) => this.#worker.once('exit', () => resolve()));
    this.#worker.on('message', (message: FromSqliteThread) => {
      this.#connections.get(message.connection)?.take(message);
      if (message.type === 'closed') this.#connections.delete(message.connection);
    });
    this.#worker.on('error', (cause) =>
      this.#end(new DatabaseFailed('database thread died', { cause })),
    );
    this.#worker.on('exit', () => this.#end(new DatabaseUnavailable('the database is closed')));
  }

  send(message: ToSqliteThread): void {
    this.#worker.postMessage(message);
  }

  add(connection: SqliteConnection): number {
    const number = this.#nextNumber++;
    this.#connections.set(number, connection);
    this.#staying++;
    return number;
  }

  /** Closes a connection, whose end is `closed`; the thread with the last one. */
  async leave(number: number, closed: Promise<void>): Promise<void> {
    const last = --this.#staying === 0;
    if (last) this.#takesNoMore();
    this.send({ type: 'close', connection: number, last });
    await (last ? this.#exited : closed);
  }

  #takesNoMore(): void {
    if (threads.get(this.#name) === this) threads.delete(this.#name);
  }

  #end(error: Error): void {
    this.#takesNoMore();
    for (const connection of this.#connections.values()) connection.end(error);
    this.#connections.clear();
  }
}

function rowOf(columns: readonly string[], values: readonly unknown[]): Record<string, unknown> {
  const row: Record<string, unknown> = {};
  for (let i = 0; i < columns.length; i++) row[columns[i] ?? ''] = values[i];
  return row;
}

const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
const SQLITE_FULL = 13;
const SQLITE_CONSTRAINT = 19;

function errorOf({ message, resultCode }: SqliteFailure): Error {
  const cause = new Error(
    resultCode === undefined ? message : `${message} (SQLite result code ${resultCode})`,
  );
  // The low byte is the primary code (sqlite.org/rescode.html).
  switch (resultCode === undefined ? undefined : resultCode & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return new DatabaseUnavailable('another process holds the database', { cause });
    case SQLITE_FULL:
      return new DiskFull('the disk of the database is full', { cause });
    case SQLITE_CONSTRAINT:
      return new ConstraintViolated(message, { cause });
    default:
      return new DatabaseFailed(message, { cause });
  }
}
