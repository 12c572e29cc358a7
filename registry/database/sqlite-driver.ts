import {
  CompiledQuery,
  createQueryId,
  type DatabaseConnection,
  type Driver,
  type QueryResult,
} from 'kysely';
import { DatabaseFailed, DatabaseUnavailable } from './database.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import type { ListedStatement } from './sqlite-protocol.ts';

/** Its answer to a rollback after it rolled back by itself (sqlite.org/lang_transaction.html, response to errors). */
const ROLLED_BACK_ALREADY = 'no transaction is active';
/** Queries and transactions that wait for the writing connection. One more is refused with DatabaseUnavailable. */
const MAX_WAITING = 1_000;
/**
 * A SELECT waits so long for the writing connection before a thread is started for those that read: most transactions are
 * shorter, and a thread takes 8 MB. It ends when nothing was read for so long as the second.
 */
const READER_AFTER_MS = 25;
const READER_IDLE_MS = 10_000;
/** Queries that the reading thread was given and has not answered. One more is refused. */
const MAX_READING = 1_000;
/** Goes through Kysely, which lets one statement of a transaction out at a time, as if it were one. */
export class StatementList implements CompiledQuery {
  readonly query = CompiledQuery.raw('').query;
  readonly queryId = createQueryId();
  readonly sql = '';
  readonly parameters = [];
  readonly statements: readonly ListedStatement[];
  constructor(statements: readonly ListedStatement[]) {
    this.statements = statements;
  }
}

/** Goes the way of a statement: how much memory the connection that writes may take. */
export class Room implements CompiledQuery {
  readonly query = CompiledQuery.raw('').query;
  readonly queryId = createQueryId();
  readonly sql = '';
  readonly parameters = [];
  readonly room: 'usual' | 'much';
  constructor(room: 'usual' | 'much') {
    this.room = room;
  }
}

/**
 * Lends out the one connection that writes, in the order of asking. A SELECT that comes while that is in a long transaction
 * (an import of 100,000 rows) is answered by a second connection, which sees what is committed; its thread is started
 * when that first happens, and from then on answers every SELECT that would have to wait.
 */
export class SqliteThreadDriver implements Driver {
  readonly #threads: { writing: string; reading: string };
  readonly #path: string;
  readonly #waiting: (() => void)[] = [];
  #writer: SqliteConnection | undefined;
  #reader: Promise<SqliteConnection> | undefined;
  #reading = 0;
  #readerIdle: NodeJS.Timeout | undefined;
  #readerEnds: Promise<void> | undefined;
  #lent = false;
  #closed = false;

  constructor(threads: { writing: string; reading: string }, path: string) {
    this.#threads = threads;
    this.#path = path;
  }

  async init(): Promise<void> {
    this.#writer = await SqliteConnection.open({
      thread: this.#threads.writing,
      path: this.#path,
      readOnly: false,
    });
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    return new Lease(this);
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    leaseOf(connection).end();
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await leaseOf(connection).begin();
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'));
    leaseOf(connection).end();
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    try {
      await connection.executeQuery(CompiledQuery.raw('rollback'));
    } catch (error) {
      // SQLite has done it itself, as when the disk is full: what is told is that.
      if (!(error instanceof Error && error.message.includes(ROLLED_BACK_ALREADY))) throw error;
    } finally {
      leaseOf(connection).end();
    }
  }

  async destroy(): Promise<void> {
    this.#closed = true;
    this.#endReader();
    await this.#readerEnds;
    await this.#writer?.close();
  }

  #endReader(): void {
    clearTimeout(this.#readerIdle);
    const reader = this.#reader;
    if (reader === undefined) return;
    this.#reader = undefined;
    this.#readerEnds = reader.then(
      async (connection) => connection.close(),
      // One that could not be started has said so to the query that wanted it.
      () => {},
    );
  }

  async writer(): Promise<SqliteConnection> {
    // Without a bound of time its turn comes.
    return (await this.#writerWithin(undefined)) as SqliteConnection;
  }

  /** In its turn; undefined when that has not come within `ms`. */
  async #writerWithin(ms: number | undefined): Promise<SqliteConnection | undefined> {
    const thread = this.#writer;
    if (thread === undefined) throw new DatabaseUnavailable('the database is not open');
    if (this.#lent) {
      if (this.#waiting.length >= MAX_WAITING) {
        throw new DatabaseUnavailable(`${MAX_WAITING} queries wait for the database already`);
      }
      const isItsTurn = await new Promise<boolean>((resolve) => {
        const turn = (): void => {
          clearTimeout(timer);
          resolve(true);
        };
        const timer =
          ms === undefined
            ? undefined
            : setTimeout(() => {
                this.#waiting.splice(this.#waiting.indexOf(turn), 1);
                resolve(false);
              }, ms);
        this.#waiting.push(turn);
      });
      if (!isItsTurn) return undefined;
    }
    this.#lent = true;
    return thread;
  }

  giveBack(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#lent = false;
    else next();
  }

  /** One query outside of a transaction. */
  async query<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const onlyReads = query.query.kind === 'SelectQueryNode';
    if (onlyReads && this.#lent && this.#reader !== undefined) return this.#read<R>(query);
    const thread = await this.#writerWithin(onlyReads ? READER_AFTER_MS : undefined);
    if (thread === undefined) return this.#read<R>(query);
    try {
      if (query instanceof Room) {
        await thread.makeRoom(query.room);
        return { rows: [] };
      }
      return await thread.executeQuery<R>(query);
    } finally {
      this.giveBack();
    }
  }

  async #read<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    if (this.#closed) throw new DatabaseUnavailable('the database is closed');
    if (this.#reading >= MAX_READING) {
      throw new DatabaseUnavailable(`${MAX_READING} queries wait for the database already`);
    }
    this.#reading++;
    clearTimeout(this.#readerIdle);
    try {
      this.#reader ??= SqliteConnection.open({
        thread: this.#threads.reading,
        path: this.#path,
        readOnly: true,
      });
      const thread = await this.#reader.catch((error: unknown) => {
        // Tried again at the next query.
        this.#reader = undefined;
        throw error;
      });
      return await thread.executeQuery<R>(query);
    } finally {
      if (--this.#reading === 0 && !this.#closed) {
        this.#readerIdle = setTimeout(() => this.#endReader(), READER_IDLE_MS).unref();
      }
    }
  }
}

/** What Kysely calls a connection: the writing one while in a transaction, else whichever is free for the query. */
class Lease implements DatabaseConnection {
  readonly #driver: SqliteThreadDriver;
  #writer: SqliteConnection | undefined;

  constructor(driver: SqliteThreadDriver) {
    this.#driver = driver;
  }

  async begin(): Promise<void> {
    const writer = await this.#driver.writer();
    try {
      // IMMEDIATE: a transaction that reads first and writes later would find the write lock taken half way.
      await writer.executeQuery(CompiledQuery.raw('begin immediate'));
    } catch (error) {
      this.#driver.giveBack();
      throw error;
    }
    this.#writer = writer;
  }

  /** Once or more often. */
  end(): void {
    if (this.#writer === undefined) return;
    this.#writer = undefined;
    this.#driver.giveBack();
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const writer = this.#writer;
    if (writer === undefined) return this.#driver.query<R>(query);
    if (!(query instanceof StatementList)) return writer.executeQuery<R>(query);
    return (await writer.executeList(query.statements)) as QueryResult<R>;
  }

  streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new DatabaseFailed('this database does not stream rows: page by a key');
  }
}

function leaseOf(connection: DatabaseConnection): Lease {
  if (!(connection instanceof Lease)) throw new TypeError('a connection of another driver');
  return connection;
}
