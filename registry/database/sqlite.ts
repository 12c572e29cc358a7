import { closeSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  CompiledQuery,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  createQueryId,
  sql,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Expression,
  type QueryResult,
  type RawBuilder,
  type SqlBool,
  type Transaction,
} from 'kysely';
import type { ChangeMarks, MarkedRows, MarkTable } from './change-marks.ts';
import {
  DatabaseFailed,
  DatabaseUnavailable,
  type BatchStatement,
  type Databases,
  type DatabaseSchema,
  type KeyedReading,
  type MuchWriting,
  type NamedLocks,
  type PreparedBatch,
  type StatementBatches,
} from './database.ts';
import type { DayPartitions, DayTables, TendedDays } from './day-partitions.ts';
import { migrate } from './migrate.ts';
import type { References } from './references.ts';
import type { WrittenRows } from './row-writer.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import type { SearchTable, TextSearch } from './text-search.ts';

/** Its answer to a rollback after it rolled back by itself (sqlite.org/lang_transaction.html, response to errors). */
const ROLLED_BACK_ALREADY = 'no transaction is active';
/** Letters of a run that FTS5's `trigram` indexes. */
const GRAM_LENGTH = 3;
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
/** Rows in one statement: its parameters are limited to 32,766. */
const ROWS_A_STATEMENT = 200;
/** Texts of such statements that are kept, 6 to 20 KB each. */
const MAX_TEXTS = 100;

/** Databases as files in `folder`, which is there and locked. */
export function sqliteDatabases(folder: string): Databases {
  const opened: Kysely<never>[] = [];
  return {
    async open<Tables>(schema: DatabaseSchema) {
      const path = join(folder, `${schema.name}.sqlite`);
      // Made by us, for SQLite would let others read it, and gives its write-ahead log the same rights.
      closeSync(openSync(path, 'a', 0o600));
      const database = new Kysely<never>({ dialect: sqliteDialect(schema, path) });
      try {
        await migrate(database, schema);
      } catch (error) {
        await database.destroy();
        throw error;
      }
      opened.push(database);
      return database as unknown as Kysely<Tables>;
    },
    // Whoever has the folder has all in it.
    takeTurn: async () => ({ state: 'ours', release: async () => {} }),
    async close() {
      await Promise.all(opened.splice(0).map(async (database) => database.destroy()));
    },
  };
}

function sqliteDialect({ name, thread = name }: DatabaseSchema, path: string): Dialect {
  const threads = {
    writing: join(dirname(path), `${thread}-database`),
    reading: join(dirname(path), `${name}-reading`),
  };
  return {
    createDriver: () => new SqliteThreadDriver(threads, path),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createAdapter: () => new ThreadAdapter(),
    createIntrospector: (db: Kysely<unknown>) => new SqliteIntrospector(db),
  };
}

class ThreadAdapter
  extends SqliteAdapter
  implements
    NamedLocks,
    KeyedReading,
    StatementBatches,
    MuchWriting,
    References,
    TextSearch,
    DayPartitions,
    ChangeMarks
{
  /** Of statements that write rows, by what they write: they come again with other values. */
  readonly #texts = new Map<string, string>();
  /** Transactions that write much and are not over, at work or in the queue. */
  #writingMuch = 0;

  /** There is one that writes, but the driver below lends it out itself: Kysely's own queue for it has no bound. */
  override get supportsMultipleConnections(): boolean {
    return true;
  }

  /** SQLite does roll back CREATE TABLE: a migration that fails leaves nothing behind. */
  override get supportsTransactionalDdl(): boolean {
    return true;
  }

  /** Whoever is in a transaction is the only writer (BEGIN IMMEDIATE). */
  async takeLock(): Promise<void> {}

  /** It looks up what a row refers to while it has the row. */
  async checkByStatement(): Promise<void> {}

  /** It looks up what has an index. */
  async readByKeys<Result>(
    db: Kysely<unknown>,
    read: (db: Kysely<unknown>) => Promise<Result>,
  ): Promise<Result> {
    return read(db);
  }

  /** Of each statement, those that it becomes. */
  async prepareTogether(
    _transaction: Transaction<unknown>,
    statements: readonly BatchStatement[],
  ): Promise<PreparedBatch> {
    const prepared = statements.map((one) => {
      // Whoever is in a transaction is the only writer (BEGIN IMMEDIATE).
      if ('locked' in one) return [];
      return 'rows' in one ? this.#statementsOf(one) : [one];
    });
    return { prepared };
  }

  /** All are sent to the thread, which answers in the order of the questions. */
  async executeTogether(
    transaction: Transaction<unknown>,
    { prepared }: PreparedBatch,
  ): Promise<number[]> {
    const parts = prepared as readonly (readonly CompiledQuery[])[];
    const { rows } = await transaction.executeQuery<{ written: number }>(
      new StatementList(parts.flat()),
    );
    let at = 0;
    return parts.map(({ length }) =>
      rows.slice(at, (at += length)).reduce((all, { written }) => all + written, 0),
    );
  }

  /** The last one gives the memory back. */
  async writeMuch<Result>(
    db: Kysely<unknown>,
    write: (transaction: Transaction<unknown>) => Promise<Result>,
  ): Promise<Result> {
    this.#writingMuch++;
    try {
      await db.executeQuery(new Room('much'));
      return await db.transaction().execute(write);
    } finally {
      if (--this.#writingMuch === 0) await db.executeQuery(new Room('usual'));
    }
  }

  #statementsOf(written: WrittenRows): CompiledQuery[] {
    const { table, rows, change } = written;
    const columns = Object.keys(rows[0] ?? {});
    const statements: CompiledQuery[] = [];
    for (let from = 0; from < rows.length; from += ROWS_A_STATEMENT) {
      const some = rows.slice(from, from + ROWS_A_STATEMENT);
      const name = [table, change?.key, change?.where, some.length, ...columns].join(' ');
      let text = this.#texts.get(name);
      if (text === undefined) {
        text = textOf(written, columns, some.length);
        if (this.#texts.size >= MAX_TEXTS) this.#texts.clear();
        this.#texts.set(name, text);
      }
      const values: unknown[] = [];
      // Every row has the columns of the first, in its order.
      for (const row of some) values.push(...Object.values(row));
      statements.push(CompiledQuery.raw(text, values));
    }
    return statements;
  }

  /** FTS5 with its tokenizer of three letters, over the table's own text; triggers keep the two the same. */
  async createSearchTable(db: Kysely<never>, { name, of }: SearchTable): Promise<void> {
    const grams = `${name}_grams`;
    const statements = [
      `create table ${name} (number integer primary key,
         id text not null unique references ${of} (id) on delete cascade, text text not null)`,
      `create virtual table ${grams} using fts5
         (text, content = '${name}', content_rowid = 'number', tokenize = 'trigram')`,
      `create trigger ${name}_added after insert on ${name} begin
         insert into ${grams} (rowid, text) values (new.number, new.text); end`,
      `create trigger ${name}_removed after delete on ${name} begin
         insert into ${grams} (${grams}, rowid, text) values ('delete', old.number, old.text); end`,
      `create trigger ${name}_changed after update of text on ${name} begin
         insert into ${grams} (${grams}, rowid, text) values ('delete', old.number, old.text);
         insert into ${grams} (rowid, text) values (new.number, new.text); end`,
    ];
    for (const statement of statements) await sql.raw(statement).execute(db);
  }

  /** One table of each; the column makes the queries the same. */
  async keepByDay(db: Kysely<never>, { main, beside, time }: DayTables): Promise<void> {
    const statements = [
      `alter table ${beside.name} add column ${time} bigint not null default 0`,
      `update ${beside.name} set ${time} =
         (select ${time} from ${main.name} where ${main.key} = ${beside.name}.${beside.key})`,
    ];
    for (const statement of statements) await sql.raw(statement).execute(db);
  }

  async tendDays(): Promise<TendedDays> {
    return { made: [], removed: [] };
  }

  /** Its index is kept by triggers, and quick to write. */
  async mayBeIndexedLater(): Promise<void> {}
  async indexInBlocks(): Promise<void> {}
  async beginsUnindexed(): Promise<void> {}
  async indexRest(): Promise<void> {}

  /**
   * Without positions and without a copy of the text (a third of the size): that its letters follow each other is looked for
   * in the rows that have all its runs of three. A short part is the beginning of a run, also where it ends a text: two line
   * breaks follow there.
   */
  async indexShortParts(db: Kysely<never>, table: string): Promise<void> {
    const grams = `${table}_grams`;
    const add = `insert into ${grams} (rowid, text) values (new.number, ${padded('new')});`;
    const remove = `insert into ${grams} (${grams}, rowid, text)
      values ('delete', old.number, ${padded('old')});`;
    const statements = [
      ...['added', 'removed', 'changed'].map((act) => `drop trigger ${table}_${act}`),
      `drop table ${grams}`,
      `create virtual table ${grams} using fts5 (text, content = '', columnsize = 0, detail = none,
         tokenize = 'trigram case_sensitive 1')`,
      `create virtual table ${table}_runs using fts5vocab (${grams}, 'instance')`,
      `create trigger ${table}_added after insert on ${table} begin ${add} end`,
      `create trigger ${table}_removed after delete on ${table} begin ${remove} end`,
      `create trigger ${table}_changed after update of text on ${table} begin ${remove} ${add} end`,
      `insert into ${grams} (rowid, text) select number, ${padded(table)} from ${table}`,
    ];
    for (const statement of statements) await sql.raw(statement).execute(db);
  }

  /** The longest part by the index, whatever the ids; the others are looked for in what it finds. */
  async matching<Tables>(
    _db: Kysely<Tables>,
    table: string,
    parts: readonly string[],
  ): Promise<RawBuilder<{ id: string }>[]> {
    const text = sql.ref<string>(`${table}.text`);
    const [longest = '', ...others] = parts.toSorted((a, b) => b.length - a.length);
    const conditions = [
      sql`${sql.ref(`${table}.number`)} in (${rowsOfIndex(table, longest)})`,
      // The index says that its runs of letters are there, not that they follow each other.
      this.scanned(text, longest),
      ...others.map((part) => this.scanned(text, part)),
    ];
    return [
      sql`(select ${sql.ref(`${table}.id`)} from ${sql.table(table)} where ${sql.join(conditions, sql` and `)})`,
    ];
  }

  /** A lookup a row costs a fifth more where very many match. */
  readonly found = 'joined';

  scanned(text: Expression<string>, part: string): Expression<SqlBool> {
    return sql<SqlBool>`instr(${text}, ${part}) > 0`;
  }

  async createMarks(db: Kysely<never>, { name, key }: MarkTable): Promise<void> {
    await sql
      .raw(`create table ${name} (${key} text not null primary key) without rowid`)
      .execute(db);
  }

  /** There is one writer: a mark that is there stays until this transaction is over, and is enough. */
  async markChanges(
    db: Kysely<never>,
    { name, key }: MarkTable,
    { table, id, columns, keyIn }: MarkedRows,
  ): Promise<void> {
    const mark = (row: 'old' | 'new'): string => {
      const own =
        keyIn === undefined
          ? `select ${row}.${key} as ${key}`
          : `select ${key} from ${keyIn.table} where ${keyIn.id} = ${row}.${id}`;
      return `insert into ${name} (${key}) select ${key} from (${own}) as own
        where not exists (select 1 from ${name} where ${name}.${key} = own.${key});`;
    };
    const differs = columns.map((column) => `old.${column} is not new.${column}`).join(' or ');
    const statements = [
      `create trigger ${table}_insert_marks after insert on ${table} begin ${mark('new')} end`,
      `create trigger ${table}_delete_marks after delete on ${table} begin ${mark('old')} end`,
    ];
    if (columns.length > 0) {
      statements.push(
        `create trigger ${table}_update_marks after update of ${columns.join(', ')} on ${table}
           when ${differs} begin ${mark('old')} ${mark('new')} end`,
      );
    }
    for (const statement of statements) await sql.raw(statement).execute(db);
  }

  /** Who writes is alone: the key is that of the commit too. */
  async markRows(): Promise<void> {}

  async keyRows(): Promise<number> {
    return 0;
  }

  /** Few marks, in pages that are used again. */
  async sweepMarks(): Promise<void> {}

  isSelected(column: string, keys: RawBuilder<unknown>): Expression<SqlBool> {
    return sql<SqlBool>`${sql.ref(column)} in (${keys})`;
  }

  isAmong(column: string, keys: readonly string[]): Expression<SqlBool> {
    return sql<SqlBool>`${sql.ref(column)} in (${sql.join(keys)})`;
  }
}

/** `count` rows as a statement's values, and as a table that it reads from. */
function textOf({ table, change }: WrittenRows, columns: readonly string[], count: number): string {
  const names = columns.map((column) => `"${column}"`);
  const row = `(${columns.map(() => '?').join(', ')})`;
  const values = `values ${Array.from({ length: count }, () => row).join(', ')}`;
  if (change === undefined) return `insert into "${table}" (${names.join(', ')}) ${values}`;
  const { key, where = 'true' } = change;
  // SQLite names the columns of VALUES column1, column2 and so on.
  const named = names.map((name, index) => `column${index + 1} as ${name}`).join(', ');
  const set = names
    .filter((name) => name !== `"${key}"`)
    .map((name) => `${name} = page.${name}`)
    .join(', ');
  return `update "${table}" set ${set} from (select ${named} from (${values})) as page where "${table}"."${key}" = page."${key}" and (${where})`;
}

/** A text as it is indexed: two line breaks make its last letters the beginning of a run. */
function padded(row: string): string {
  return `${row}.text || char(10, 10)`;
}

function rowsOfIndex(table: string, part: string): RawBuilder<unknown> {
  const letters = Array.from(part);
  if (letters.length < GRAM_LENGTH) {
    const runs = sql.table(`${table}_runs`);
    return sql`select doc from ${runs} where term >= ${part} and term < ${afterAll(letters)}`;
  }
  const grams = sql.table(`${table}_grams`);
  const runs = letters.slice(GRAM_LENGTH - 1).map((_, at) => letters.slice(at, at + GRAM_LENGTH));
  // Strings of FTS5's query language: quotes doubled, nothing else means anything.
  const all = runs.map((run) => `"${run.join('').replaceAll('"', '""')}"`).join(' AND ');
  return sql`select rowid from ${grams} where ${grams} match ${all}`;
}

/** Text that comes after every text that begins with these letters; the last letter of Unicode is nobody's. */
function afterAll(letters: readonly string[]): string {
  const last = letters.at(-1)?.codePointAt(0) ?? 0;
  // Between them lie halves of other letters.
  const next = last === 0xd7ff ? 0xe000 : Math.min(last + 1, 0x10ffff);
  return [...letters.slice(0, -1), String.fromCodePoint(next)].join('');
}

/** Goes through Kysely, which lets one statement of a transaction out at a time, as if it were one. */
class StatementList implements CompiledQuery {
  readonly query = CompiledQuery.raw('').query;
  readonly queryId = createQueryId();
  readonly sql = '';
  readonly parameters = [];
  readonly statements: readonly CompiledQuery[];
  constructor(statements: readonly CompiledQuery[]) {
    this.statements = statements;
  }
}

/** Goes the way of a statement: how much memory the connection that writes may take. */
class Room implements CompiledQuery {
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
class SqliteThreadDriver implements Driver {
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
    const results = await Promise.all(
      query.statements.map(async (statement) => writer.executeQuery(statement)),
    );
    const rows = results.map(({ numAffectedRows }) => ({ written: Number(numAffectedRows ?? 0) }));
    return { rows: rows as R[] };
  }

  streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new DatabaseFailed('this database does not stream rows: page by a key');
  }
}

function leaseOf(connection: DatabaseConnection): Lease {
  if (!(connection instanceof Lease)) throw new TypeError('a connection of another driver');
  return connection;
}
