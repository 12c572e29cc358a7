import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import {
  CompiledQuery,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
} from 'kysely';
import {
  ConstraintViolated,
  DatabaseFailed,
  DatabaseUnavailable,
  type RegistryDatabase,
  type RegistryTables,
} from './database.ts';
import { lockFolder, type FolderLock } from './folder-lock.ts';
import { migrate } from './migrate.ts';
import type { FromSqliteThread, SqliteFailure, ToSqliteThread } from './sqlite-protocol.ts';

/** Queries and transactions that wait for the one connection. One more is refused with DatabaseUnavailable. */
const MAX_WAITING = 1_000;

/**
 * Opens the registry in `folder` (made if it is not there) and brings its schema up to date. `destroy()` closes it
 * and gives the folder free.
 * Throws DataFolderInUse, MigrationFailed, DatabaseFailed.
 */
export async function openSqlite(folder: string): Promise<RegistryDatabase> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const lock = lockFolder(folder);
  const path = join(folder, 'registry.sqlite');
  let database: RegistryDatabase | undefined;
  try {
    // Made by us, for SQLite would let others read it, and gives its write-ahead log the same rights.
    closeSync(openSync(path, 'a', 0o600));
    database = new Kysely<RegistryTables>({ dialect: sqliteDialect(path, lock) });
    await migrate(database);
    return database;
  } catch (error) {
    await database?.destroy();
    lock.release();
    throw error;
  }
}

function sqliteDialect(path: string, lock: FolderLock): Dialect {
  return {
    createDriver: () => new SqliteThreadDriver(path, lock),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createAdapter: () => new ThreadAdapter(),
    createIntrospector: (db: Kysely<unknown>) => new SqliteIntrospector(db),
  };
}

class ThreadAdapter extends SqliteAdapter {
  /** There is one, but the driver below lends it out itself: Kysely's own queue for it has no bound. */
  override get supportsMultipleConnections(): boolean {
    return true;
  }

  /** SQLite does roll back CREATE TABLE: a migration that fails leaves nothing behind. */
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

/** Lends out the one connection of the thread, in the order of asking. */
class SqliteThreadDriver implements Driver {
  readonly #path: string;
  readonly #lock: FolderLock;
  readonly #waiting: (() => void)[] = [];
  #thread: SqliteThread | undefined;
  #lent = false;

  constructor(path: string, lock: FolderLock) {
    this.#path = path;
    this.#lock = lock;
  }

  async init(): Promise<void> {
    this.#thread = await SqliteThread.start(this.#path);
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    const thread = this.#thread;
    if (thread === undefined) throw new DatabaseUnavailable('the database is not open');
    if (this.#lent) {
      if (this.#waiting.length >= MAX_WAITING) {
        throw new DatabaseUnavailable(`${MAX_WAITING} queries wait for the database already`);
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#lent = true;
    return thread;
  }

  async releaseConnection(): Promise<void> {
    const next = this.#waiting.shift();
    if (next === undefined) this.#lent = false;
    else next();
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    // IMMEDIATE: a transaction that reads first and writes later would find the write lock taken half way.
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('rollback'));
  }

  async destroy(): Promise<void> {
    try {
      await this.#thread?.close();
    } finally {
      this.#lock.release();
    }
  }
}

interface Pending {
  resolve: (result: QueryResult<unknown>) => void;
  reject: (error: Error) => void;
}

class SqliteThread implements DatabaseConnection {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #nextId = 0;
  #gone: Error | undefined;

  /** Throws DatabaseFailed when the file cannot be opened. */
  static async start(path: string): Promise<SqliteThread> {
    const worker = new Worker(new URL('./sqlite-thread.ts', import.meta.url), {
      name: 'registry-database',
      workerData: { path },
    });
    await new Promise<void>((resolve, reject) => {
      worker.once('message', () => resolve());
      worker.once('error', (cause) =>
        reject(new DatabaseFailed(`cannot open the database ${path}`, { cause })),
      );
    });
    return new SqliteThread(worker);
  }

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.removeAllListeners('error');
    worker.on('message', (message: FromSqliteThread) => this.#take(message));
    worker.on('error', (cause) => this.#end(new DatabaseFailed('database thread died', { cause })));
    worker.on('exit', () => this.#end(new DatabaseUnavailable('the database is closed')));
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    if (this.#gone !== undefined) throw this.#gone;
    const id = this.#nextId++;
    const result = await new Promise<QueryResult<unknown>>((resolve, reject) => {
      // Last, so that parameters which cannot be copied to the thread leave nothing pending.
      this.#send({ type: 'query', id, sql, parameters });
      this.#pending.set(id, { resolve, reject });
    });
    return result as QueryResult<R>;
  }

  streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new DatabaseFailed('this database does not stream rows: page by a key');
  }

  /** After the queries sent before it. */
  async close(): Promise<void> {
    if (this.#gone !== undefined) return;
    const exited = new Promise((resolve) => this.#worker.once('exit', resolve));
    this.#send({ type: 'close' });
    await exited;
  }

  #send(message: ToSqliteThread): void {
    this.#worker.postMessage(message);
  }

  #take(message: FromSqliteThread): void {
    if (message.type === 'ready' || message.type === 'closed') return;
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    switch (message.type) {
      case 'rows':
        pending?.resolve({ rows: message.rows });
        return;
      case 'changes':
        pending?.resolve({ rows: [], numAffectedRows: message.changes });
        return;
      case 'failed':
        pending?.reject(errorOf(message.failure));
        return;
    }
  }

  #end(error: Error): void {
    this.#gone ??= error;
    for (const { reject } of this.#pending.values()) reject(this.#gone);
    this.#pending.clear();
  }
}

const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
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
    case SQLITE_CONSTRAINT:
      return new ConstraintViolated(message, { cause });
    default:
      return new DatabaseFailed(message, { cause });
  }
}
