import {
  CompiledQuery,
  Kysely,
  PostgresAdapter,
  PostgresDialect,
  sql,
  type Dialect,
  type Transaction,
} from 'kysely';
import type { Pool } from 'pg';
import type { ChangeMarks } from './change-marks.ts';
import type {
  BatchStatement,
  Databases,
  DatabaseSchema,
  HeldRows,
  KeyedReading,
  MuchWriting,
  NamedLocks,
  PreparedBatch,
  StatementBatches,
} from './database.ts';
import type { DayPartitions, DayTables, TendedDays } from './day-partitions.ts';
import { migrate } from './migrate.ts';
import {
  changeOf,
  copyOf,
  lockOf,
  StatementBatch,
  type BatchedStatement,
} from './postgres-batch.ts';
import { keepByDay, tendDays } from './postgres-days.ts';
import * as marks from './postgres-marks.ts';
import { connections, schemaPool } from './postgres-pool.ts';
import { checkByStatement } from './postgres-references.ts';
import * as search from './postgres-search.ts';
import { takePostgresTurn, type PostgresTurn } from './postgres-turn.ts';
import type { References } from './references.ts';
import type { TextSearch } from './text-search.ts';

/** Connections of one process, over all databases. */
const MAX_CONNECTIONS = 10;
/** A statement that takes longer is given up. */
const STATEMENT_MS = 60_000;
/**
 * One of a migration, which may read or write all rows of an installed gateway: given up by the bound of all others, it would be
 * again at each start. Another server waits as long for the migrations' lock, or the hour that Kysely sets for it.
 */
const MIGRATION_STATEMENT_MS = 6 * 3_600_000;
/** While it migrates: one that holds the lock and writes, one to spare. */
const MIGRATION_CONNECTIONS = 2;
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
    HeldRows,
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

  async holdFree(transaction: Transaction<unknown>, table: string, id: string): Promise<boolean> {
    const { rows } = await sql`select id from ${sql.table(table)} where id = ${id}
      for update skip locked`.execute(transaction);
    return rows.length > 0;
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

  readonly checkByStatement = checkByStatement;
  readonly keepByDay = keepByDay;

  async tendDays(db: Kysely<never>, tables: DayTables, nowMs: number): Promise<TendedDays> {
    return tendDays(db, tables, nowMs, async (transaction, name) =>
      this.takeLock(transaction as unknown as Transaction<unknown>, name, 'alone'),
    );
  }

  readonly createSearchTable = search.createSearchTable;
  readonly mayBeIndexedLater = search.mayBeIndexedLater;
  readonly indexInBlocks = search.indexInBlocks;
  readonly beginsUnindexed = search.beginsUnindexed;
  readonly indexRest = search.indexRest;
  readonly matching = search.matching;
  readonly scanned = search.scanned;

  /** What pg_trgm has already. */
  async indexShortParts(): Promise<void> {}

  /** As it does since decision 0180. */
  async indexInBulk(): Promise<void> {}

  /** Of a join, the planner would first find all texts, and read all rows that they belong to. */
  readonly found = 'looked-up';

  readonly createMarks = marks.createMarks;
  readonly markChanges = marks.markChanges;
  readonly markRows = marks.markRows;
  readonly keyRows = marks.keyRows;
  readonly sweepMarks = marks.sweepMarks;
  readonly isSelected = marks.isSelected;
  readonly isAmong = marks.isAmong;
}
