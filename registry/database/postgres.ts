import {
  CompiledQuery,
  Kysely,
  PostgresAdapter,
  PostgresDialect,
  sql,
  type Dialect,
  type Expression,
  type PostgresPool,
  type RawBuilder,
  type SqlBool,
  type Transaction,
} from 'kysely';
import { DatabaseError, Pool, types, type PoolClient } from 'pg';
import {
  keyOf,
  type ChangeMarks,
  type MarkedRows,
  type MarkTable,
  type RowMarkedTable,
} from './change-marks.ts';
import {
  ConstraintViolated,
  DatabaseFailed,
  DatabaseUnavailable,
  DiskFull,
  type BatchStatement,
  type Databases,
  type DatabaseSchema,
  type KeyedReading,
  type LockedRows,
  type MuchWriting,
  type NamedLocks,
  type PreparedBatch,
  type StatementBatches,
} from './database.ts';
import type { DayPartitions, DayTables, TendedDays } from './day-partitions.ts';
import { migrate } from './migrate.ts';
import { StatementBatch, copyOf, type BatchedStatement } from './postgres-batch.ts';
import { keepByDay, tendDays } from './postgres-days.ts';
import { checkByStatement } from './postgres-references.ts';
import { takePostgresTurn, type PostgresTurn } from './postgres-turn.ts';
import type { Reference, References } from './references.ts';
import type { RowChange, WrittenRows } from './row-writer.ts';
import { createBlocks, indexPage, spansOf } from './search-blocks.ts';
import type { SearchTable, TextSearch } from './text-search.ts';

/** Connections of one process, over all databases. */
const MAX_CONNECTIONS = 10;
/** Letters of a run that pg_trgm indexes. */
const GRAM_LENGTH = 3;
/** Of a search table's pages, to see how many rows hold a part; and the share of rows that makes it a frequent one. */
const SAMPLED_PERCENT = 1;
const FREQUENT_SHARE = 1 / 50;
/** Queries and transactions that wait for one. One more is refused with DatabaseUnavailable. */
const MAX_WAITING = 1_000;
/** For a connection to be had, or made. */
const CONNECT_MS = 10_000;
/** A statement that takes longer is given up. */
const STATEMENT_MS = 60_000;
/**
 * One of a migration, which may read or write all rows of an installed gateway: given up by the bound of all others, it would be
 * again at each start. Another server waits as long for the migrations' lock, or the hour that Kysely sets for it.
 */
const MIGRATION_STATEMENT_MS = 6 * 3_600_000;
/** While it migrates: one that holds the lock and writes, one to spare. */
const MIGRATION_CONNECTIONS = 2;
/** A transaction that asks nothing for so long is rolled back, and its locks with it: its process hangs. */
const IDLE_IN_TRANSACTION_MS = 60_000;

const INDEXED_AT_ONCE = 500;
/** Rows that were indexed, from which on the planner is told how many there are. */
const COUNTED_FROM = 1_000;

/** Object ids of types (pg_type.dat). */
const INT8 = 20;
const NUMERIC = 1700;

/** pg's own parsers, but whole numbers come as numbers: counts, sums, times in ms. */
const parsers = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (oid === INT8 || oid === NUMERIC) return wholeNumber;
    return types.getTypeParser(oid, format) as (text: string) => unknown;
  },
};

/**
 * Databases as schemas of the PostgreSQL database at `url`, over one pool of connections. A statement that takes longer than
 * `statementMs` is given up, if no migration asks it.
 */
export function postgresDatabases(
  url: string,
  { statementMs = STATEMENT_MS }: { statementMs?: number } = {},
): Databases {
  const pool = connections(url, { max: MAX_CONNECTIONS, statementMs });
  const opened = new Map<string, Kysely<never>>();
  const turns: PostgresTurn[] = [];
  let ended: Promise<void> | undefined;

  return {
    async open<Tables>(schema: DatabaseSchema) {
      await migrateApart(url, schema);
      const database = new Kysely<never>({ dialect: dialect(pool, schema.name) });
      opened.set(schema.name, database);
      return database as unknown as Kysely<Tables>;
    },
    async takeTurn(name, onChanged) {
      const turn = await takePostgresTurn(url, name, onChanged);
      turns.push(turn);
      return turn;
    },
    async close() {
      await Promise.all(turns.splice(0).map(async (turn) => turn.release()));
      ended ??= pool.end();
      await ended;
    },
  };
}

/** Over connections of its own, whose statements may take as long as a migration needs. */
async function migrateApart(url: string, schema: DatabaseSchema): Promise<void> {
  const pool = connections(url, {
    max: MIGRATION_CONNECTIONS,
    statementMs: MIGRATION_STATEMENT_MS,
  });
  try {
    await migrate(new Kysely<never>({ dialect: dialect(pool, schema.name) }), schema, schema.name);
  } finally {
    await pool.end();
  }
}

function connections(
  url: string,
  { max, statementMs }: { max: number; statementMs: number },
): Pool {
  const pool = new Pool({
    connectionString: url,
    max,
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: statementMs,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    application_name: 'cctv-linkage-gateway',
    types: parsers,
  });
  // A connection that dies while nobody uses it leaves the pool; whoever asks next gets another or the failure.
  pool.on('error', () => {});
  // One that dies while it is lent says so to its query, or to the next one.
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

function dialect(pool: Pool, schema: string): Dialect {
  const postgres = new PostgresDialect({ pool: schemaPool(pool, schema) });
  return {
    createDriver: () => postgres.createDriver(),
    createQueryCompiler: () => postgres.createQueryCompiler(),
    createAdapter: () => new OurAdapter(),
    createIntrospector: (db: Kysely<unknown>) => postgres.createIntrospector(db),
  };
}

class OurAdapter
  extends PostgresAdapter
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
  /** Of tables that rows were written to: their columns' types. */
  readonly #columnTypes = new Map<string, ReadonlyMap<string, string>>();

  async takeLock(
    transaction: Transaction<unknown>,
    name: string,
    held: 'alone' | 'shared',
  ): Promise<void> {
    const lock = sql.raw(`pg_advisory_xact_lock${held === 'shared' ? '_shared' : ''}`);
    await sql`select ${lock}(hashtextextended(current_schema() || ':' || ${name}, 0))`.execute(
      transaction,
    );
  }

  /** On a connection of its own, as which nobody else plans meanwhile. */
  async readByKeys<Result>(
    db: Kysely<unknown>,
    read: (db: Kysely<unknown>) => Promise<Result>,
  ): Promise<Result> {
    return db.connection().execute(async (connection) => {
      const join = async (state: 'on' | 'off'): Promise<void> => {
        await sql`select set_config('enable_hashjoin', ${state}, false),
          set_config('enable_mergejoin', ${state}, false)`.execute(connection);
      };
      await join('off');
      try {
        return await read(connection);
      } finally {
        await join('on');
      }
    });
  }

  async prepareTogether(
    transaction: Transaction<unknown>,
    statements: readonly BatchStatement[],
  ): Promise<PreparedBatch> {
    const prepared: BatchedStatement[] = [];
    for (const one of statements) prepared.push(await this.#batched(transaction, one));
    return { prepared };
  }

  /** All are sent in one go. */
  async executeTogether(
    transaction: Transaction<unknown>,
    { prepared }: PreparedBatch,
  ): Promise<number[]> {
    const { rows } = await transaction.executeQuery<number>(
      CompiledQuery.raw('', [new StatementBatch(prepared as BatchedStatement[])]),
    );
    return rows;
  }

  /** Whoever keeps the database says what memory it has. */
  async writeMuch<Result>(
    db: Kysely<unknown>,
    write: (transaction: Transaction<unknown>) => Promise<Result>,
  ): Promise<Result> {
    return db.transaction().execute(write);
  }

  async #batched(
    transaction: Transaction<unknown>,
    statement: BatchStatement,
  ): Promise<BatchedStatement> {
    if ('locked' in statement) return lockOf(statement);
    if (!('rows' in statement)) return { text: statement.sql, values: statement.parameters };
    if (statement.change === undefined) return copyOf(statement);
    return changeOf(statement, statement.change, await this.#typesOf(transaction, statement.table));
  }

  async #typesOf(
    transaction: Transaction<unknown>,
    table: string,
  ): Promise<ReadonlyMap<string, string>> {
    const known = this.#columnTypes.get(table);
    if (known !== undefined) return known;
    const { rows } = await sql<{ column: string; type: string }>`
      select attname as column, format_type(atttypid, null) as type from pg_attribute
      where attrelid = ${table}::regclass and attnum > 0 and not attisdropped`.execute(transaction);
    const types = new Map(rows.map(({ column, type }) => [column, type]));
    this.#columnTypes.set(table, types);
    return types;
  }

  /** pg_trgm, where the role may have it: it comes with PostgreSQL, and is trusted. Without it, searches look at each row. */
  async createSearchTable(db: Kysely<never>, { name, of }: SearchTable): Promise<void> {
    await sql
      .raw(
        `create table ${name}
           (id text primary key references ${of} (id) on delete cascade, text text not null)`,
      )
      .execute(db);
    await sql
      .raw(
        `do $$ begin
           create extension if not exists pg_trgm;
           create index ${name}_grams on ${name} using gin (text gin_trgm_ops);
         exception when insufficient_privilege or undefined_file or undefined_object then
           raise notice 'no pg_trgm: searches will look at each row';
         end $$`,
      )
      .execute(db);
  }

  /**
   * A row says whether it is in the index, which is of those rows alone; a small one has the others. Not GIN's own list of what is pending: whoever writes next would have to wait for all of it.
   */
  async mayBeIndexedLater(db: Kysely<never>, name: string): Promise<void> {
    const statements = [
      `alter table ${name} add column indexed integer not null default 1`,
      `create function ${name}_indexed() returns trigger language plpgsql as $$ begin
         new.indexed := 0;
         return new;
       end $$`,
      `create trigger ${name}_indexed before insert or update of text on ${name}
         for each row execute function ${name}_indexed()`,
      `create index ${name}_rest on ${name} (id) where indexed = 0`,
      `do $$ begin
         if to_regclass('${name}_grams') is not null then
           drop index ${name}_grams;
           create index ${name}_grams on ${name} using gin (text gin_trgm_ops) where indexed = 1;
         end if;
       end $$`,
    ];
    for (const statement of statements) await sql.raw(statement).execute(db);
  }

  /** Texts that others write meanwhile would be in no block: they wait for the migration. */
  async indexInBlocks(db: Kysely<never>, name: string): Promise<void> {
    await sql.raw(`lock table ${name} in share row exclusive mode`).execute(db);
    await sql
      .raw(
        `create or replace function ${name}_indexed() returns trigger language plpgsql as
           $$ begin new.indexed := 0; return new; end $$`,
      )
      .execute(db);
    await createBlocks(db as unknown as Kysely<unknown>, name);
  }

  /** As the column's default: a trigger before each row would have rows written one by one. */
  async beginsUnindexed(db: Kysely<never>, name: string): Promise<void> {
    const statements = [
      `alter table ${name} alter column indexed set default 0`,
      `drop trigger ${name}_indexed on ${name}`,
      `create trigger ${name}_indexed before update of text on ${name}
         for each row execute function ${name}_indexed()`,
    ];
    for (const statement of statements) await sql.raw(statement).execute(db);
  }

  async checkByStatement(db: Kysely<never>, reference: Reference): Promise<void> {
    await checkByStatement(db, reference);
  }

  async indexRest(
    db: Kysely<unknown>,
    { name, of }: SearchTable,
    signal?: AbortSignal,
  ): Promise<void> {
    const table = sql.table(name);
    const { rows } = await sql`select from ${table} where indexed = 0 limit 1`.execute(db);
    if (rows.length === 0) return;
    let indexed = 0;
    let after = '';
    for (;;) {
      if (signal?.aborted === true) break;
      const begin = after;
      const page = await db.transaction().execute(async (transaction) => {
        await this.takeLock(transaction, `${name}-blocks`, 'alone');
        return indexPage(transaction, name, begin, INDEXED_AT_ONCE);
      });
      if (page === undefined) break;
      after = page.last;
      indexed += page.count;
    }
    // Until they are counted, the planner takes few rows to be there, and looks at each. PostgreSQL counts within a minute.
    if (indexed >= COUNTED_FROM) await sql`analyze ${table}, ${sql.table(of)}`.execute(db);
  }

  async keepByDay(db: Kysely<never>, tables: DayTables, nowMs: number): Promise<void> {
    await keepByDay(db, tables, nowMs);
  }

  async tendDays(db: Kysely<never>, tables: DayTables, nowMs: number): Promise<TendedDays> {
    return tendDays(db, tables, nowMs, async (transaction, name) =>
      this.takeLock(transaction as unknown as Transaction<unknown>, name, 'alone'),
    );
  }

  /** What pg_trgm has already. */
  async indexShortParts(): Promise<void> {}

  /**
   * pg_trgm's index for what few rows hold, all parts together. What many hold, and parts too short for it, are looked for in order, in
   * the blocks that may have them, by strpos, which takes a third of the time of LIKE.
   */
  async matching<Tables>(
    db: Kysely<Tables>,
    table: string,
    parts: readonly string[],
    from: string,
  ): Promise<RawBuilder<{ id: string }>[]> {
    const text = sql.ref<string>('text');
    const scanned = parts.map((part) => this.scanned(text, part));
    const indexed = parts.filter((part) => Array.from(part).length >= GRAM_LENGTH);
    if (indexed.length === 0 || (await this.#areFrequent(db, table, indexed))) {
      return spansOf(db, table, { parts, scanned: sql.join(scanned, sql` and `), from });
    }
    const likes = sql.join(
      indexed.map((part) => sql`${text} like ${`%${part.replace(/[\\%_]/g, '\\$&')}%`}`),
      sql` and `,
    );
    const found = sql`((indexed = 1 and ${likes}) or (indexed = 0 and ${likes}))`;
    // An id that no index knows: else the planner, which takes more rows to be found than are, looks at all in their order.
    return [
      sql`(select id || '' as id from ${sql.table(table)} where ${sql.join([found, ...scanned], sql` and `)})`,
    ];
  }

  /** Texts that hold all of `parts`, of a sample of its pages: some thousand rows of 300,000, some milliseconds. */
  async #areFrequent<Tables>(
    db: Kysely<Tables>,
    table: string,
    parts: readonly string[],
  ): Promise<boolean> {
    const scanned = parts.map((part) => this.scanned(sql.ref('text'), part));
    const { rows } = await sql<{ all: number; found: number }>`
      select count(*) as all, count(*) filter (where ${sql.join(scanned, sql` and `)}) as found
        from ${sql.table(table)} tablesample system (${sql.lit(SAMPLED_PERCENT)})`.execute(db);
    const [{ all, found } = { all: 0, found: 0 }] = rows;
    return found > all * FREQUENT_SHARE;
  }

  /** Of a join, the planner would first find all texts, and read all rows that they belong to. */
  readonly found = 'looked-up';

  scanned(text: Expression<string>, part: string): Expression<SqlBool> {
    return sql<SqlBool>`strpos(${text}, ${part}) > 0`;
  }

  async createMarks(db: Kysely<never>, { name, key }: MarkTable): Promise<void> {
    await sql.raw(`create table ${name} (${key} text not null)`).execute(db);
  }

  /** Once a statement, over the rows that it changed: an import writes some hundred at a time. */
  async markChanges(
    db: Kysely<never>,
    { name, key }: MarkTable,
    { table, id, columns, keyIn }: MarkedRows,
  ): Promise<void> {
    const keys = (rows: string): string =>
      keyIn === undefined
        ? `select distinct ${key} from (${rows}) as changed`
        : // Looked up row by row: a join is planned while its table is empty, in a new registry, and then reads all of it for
          // each page of an inventory.
          `select distinct ${key} from (
             select (select ${key} from ${keyIn.table} where ${keyIn.id} = changed.${id}) as ${key}
             from (${rows}) as changed) as keys where ${key} is not null`;
    const wanted = keyIn === undefined ? key : id;
    for (const { act, rows, of } of changesOf(id, wanted, columns)) {
      const trigger = `${table}_${act}_marks`;
      const mark = `insert into ${name} (${key}) ${keys(rows)}`;
      for (const statement of [
        `create function ${trigger}() returns trigger language plpgsql as
           $$ begin ${mark}; return null; end $$`,
        `create trigger ${trigger} after ${act} on ${table} referencing ${of}
           for each statement execute function ${trigger}()`,
      ]) {
        await sql.raw(statement).execute(db);
      }
    }
  }

  /**
   * A key whose row this transaction has written itself nobody else can change before it ends: it is marked at once. So an import
   * marks LAOs by the page, and not each of its cameras.
   */
  async markRows(
    db: Kysely<never>,
    { name, key, rows: { name: rowMarks, id: row, keyIn } }: RowMarkedTable,
    { table, id, columns }: Omit<MarkedRows, 'keyIn'>,
  ): Promise<void> {
    for (const { act, rows } of changesOf(id, id, columns)) {
      const statement = `create or replace function ${table}_${act}_marks() returns trigger language plpgsql as
        $$ begin
          with changed as materialized (select distinct ${id} as id from (${rows}) as every_one),
          known as materialized (
            select id, (select ${key} from ${keyIn.table} as own
              where own.${keyIn.id} = changed.id and own.xmin = pg_current_xact_id()::xid) as key
            from changed),
          marked as (insert into ${name} (${key}) select distinct key from known where key is not null)
          insert into ${rowMarks} (${row}) select id from known where key is null;
          return null;
        end $$`;
      await sql.raw(statement).execute(db);
    }
  }

  /** In one statement, and so of one moment: a mark that it does not see stays. */
  async keyRows(
    transaction: Transaction<unknown>,
    { name, key, rows }: RowMarkedTable,
    atMost: number,
  ): Promise<number> {
    const { rows: answer } = await sql<{ taken: number }>`
      with taken as (
        delete from ${sql.table(rows.name)}
        where ctid = any(array(select ctid from ${sql.table(rows.name)} limit ${sql.lit(atMost)}))
        returning ${sql.ref(rows.id)}
      ),
      keyed as (
        insert into ${sql.table(name)} (${sql.ref(key)})
        select distinct ${sql.ref(key)} from (select ${keyOf(rows, key, 'taken')} from taken) as found
        where ${sql.ref(key)} is not null
      )
      select count(*) as taken from taken`.execute(transaction);
    return answer[0]?.taken ?? 0;
  }

  async sweepMarks(db: Kysely<unknown>, { name, rows }: RowMarkedTable): Promise<void> {
    await sql`vacuum (skip_locked) ${sql.table(name)}, ${sql.table(rows.name)}`.execute(db);
  }

  /** As an array: of a join, the planner would guess from what the table of marks once held, and read all cameras. */
  isSelected(column: string, keys: RawBuilder<unknown>): Expression<SqlBool> {
    return sql<SqlBool>`${sql.ref(column)} = any(array(${keys}))`;
  }

  /** From a subquery the planner expects ten: some hundred, it would rather read all that is joined, each time. */
  isAmong(column: string, keys: readonly string[]): Expression<SqlBool> {
    return sql<SqlBool>`${sql.ref(column)} = any(array(select unnest(${keys}::text[])))`;
  }
}

/** By act: the rows that it inserted, deleted or made others, as a query for `wanted` of each, over its transition tables. */
function changesOf(id: string, wanted: string, columns: readonly string[]) {
  const row = (of: string): string => columns.map((column) => `${of}.${column}`).join(', ');
  const differing = (of: string): string =>
    `select ${of}.${wanted} from rows_before join rows_after on rows_before.${id} = rows_after.${id}
       where (${row('rows_before')}) is distinct from (${row('rows_after')})`;
  const acts = [
    { act: 'insert', rows: `select ${wanted} from rows_after`, of: 'new table as rows_after' },
    { act: 'delete', rows: `select ${wanted} from rows_before`, of: 'old table as rows_before' },
  ];
  if (columns.length === 0) return acts;
  const update = {
    act: 'update',
    rows: `${differing('rows_before')} union all ${differing('rows_after')}`,
    of: 'old table as rows_before new table as rows_after',
  };
  return [...acts, update];
}

/** One row answers, whatever the number of those that are locked. */
function lockOf({ table, locked }: LockedRows): BatchedStatement {
  return {
    text: `select count(*) from (
      select 1 from "${table}" where id = any($1::text[]) order by id for update) as locked`,
    values: [`{${locked.map(quoted).join()}}`],
  };
}

/** One array a column: the statement is read and planned as one of a few parameters, however many rows it carries. */
function changeOf(
  { table, rows }: WrittenRows,
  { key, where = 'true' }: RowChange,
  types: ReadonlyMap<string, string>,
): BatchedStatement {
  const columns = Object.keys(rows[0] ?? {});
  const names = columns.map((column) => `"${column}"`).join(', ');
  const arrays = columns.map((column, index) => `$${index + 1}::${types.get(column)}[]`);
  const page = `unnest(${arrays.join(', ')}) as page (${names})`;
  const written = columns.filter((column) => column !== key);
  const set = written.map((column) => `"${column}" = page."${column}"`).join(', ');
  return {
    text: `update "${table}" set ${set} from ${page} where "${table}"."${key}" = page."${key}" and (${where})`,
    values: columns.map((column) => arrayText(rows, column)),
  };
}

/** A column of rows as an array literal (§8.15.2 of PostgreSQL's manual). */
function arrayText(rows: WrittenRows['rows'], column: string): string {
  let text = '{';
  for (const row of rows) {
    if (text.length > 1) text += ',';
    const value = row[column];
    if (value === null || value === undefined) text += 'NULL';
    else if (typeof value === 'number') text += value;
    else if (typeof value === 'string') text += quoted(value);
    else if (value instanceof Uint8Array) text += `"\\\\x${Buffer.from(value).toString('hex')}"`;
    else throw new TypeError(`a row's ${column} is neither text, number nor bytes`);
  }
  return `${text}}`;
}

function quoted(value: string): string {
  return /["\\]/.test(value) ? `"${value.replace(/["\\]/g, '\\$&')}"` : `"${value}"`;
}

/** Which schema a connection was last set to. */
const schemaOf = new WeakMap<PoolClient, string>();

/** The pool as one database sees it: connections look in its schema, and errors come in the port's words. */
function schemaPool(pool: Pool, schema: string): PostgresPool {
  return {
    options: {},
    async connect() {
      if (pool.waitingCount >= MAX_WAITING) {
        throw new DatabaseUnavailable(`${MAX_WAITING} queries wait for the database already`);
      }
      const client = await pool.connect().catch((error: unknown) => {
        throw errorOf(error);
      });
      async function query(text: string, parameters: readonly unknown[]) {
        try {
          const [batch] = parameters;
          if (batch instanceof StatementBatch) {
            return { rows: await client.query(batch).written };
          }
          return await client.query(text, [...parameters]);
        } catch (error) {
          throw errorOf(error);
        }
      }
      if (schemaOf.get(client) !== schema) {
        try {
          // Not within a transaction, whose rollback would take it back.
          // And public, where an extension may have been put before us.
          // The planner takes some searches to be a hundred times as dear as they are, and would compile them first.
          await query(
            `select set_config('search_path', $1, false), set_config('jit', 'off', false)`,
            [`"${schema}", public`],
          );
        } catch (error) {
          client.release(true);
          throw error;
        }
        schemaOf.set(client, schema);
      }
      // Without Kysely's second form of query(), for cursors: lists are paged by a key.
      return {
        query,
        release: (destroy?: boolean) => client.release(destroy),
      } as object as Awaited<ReturnType<PostgresPool['connect']>>;
    },
    // Other databases use it too: it ends with all of them.
    async end() {},
  };
}

/** PostgreSQL's error codes, by class and by code (Appendix A of its manual). */
const violationClass = '23';
const passingClasses = ['08', '40', '53', '57'];
const passingCodes = ['55P03'];
const DISK_FULL = '53100';

function errorOf(error: unknown): Error {
  if (!(error instanceof Error)) return new DatabaseFailed(String(error));
  const { message } = error;
  if (!(error instanceof DatabaseError)) {
    // pg's own words for a connection that cannot be had or was lost, or Node's for a socket.
    return new DatabaseUnavailable(`the database cannot be reached: ${message || codeOf(error)}`, {
      cause: error,
    });
  }
  const code = error.code ?? '';
  if (code.startsWith(violationClass)) return new ConstraintViolated(message, { cause: error });
  if (code === DISK_FULL) return new DiskFull('the disk of the database is full', { cause: error });
  const passing =
    passingClasses.some((start) => code.startsWith(start)) || passingCodes.includes(code);
  return passing
    ? new DatabaseUnavailable(message, { cause: error })
    : new DatabaseFailed(message, { cause: error });
}

/** An AggregateError of a host with several addresses has no message of its own. */
function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : error.name;
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && !Number.isSafeInteger(number)) {
    throw new RangeError(`beyond what a number holds exactly: ${text}`);
  }
  return number;
}
