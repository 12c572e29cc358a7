import { closeSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  sql,
  type Dialect,
  type Transaction,
} from 'kysely';
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
import type { References } from './references.ts';
import { Room, SqliteThreadDriver, StatementList } from './sqlite-driver.ts';
import * as marks from './sqlite-marks.ts';
import type { ListedStatement } from './sqlite-protocol.ts';
import { SqliteRows } from './sqlite-rows.ts';
import * as search from './sqlite-search.ts';
import type { TextSearch } from './text-search.ts';

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
    HeldRows,
    References,
    TextSearch,
    DayPartitions,
    ChangeMarks
{
  readonly #rows = new SqliteRows();
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
      return 'rows' in one
        ? this.#rows.statementsOf(one)
        : [{ sql: one.sql, parameters: one.parameters }];
    });
    return { prepared };
  }

  /** All are sent to the thread as one question. */
  async executeTogether(
    transaction: Transaction<unknown>,
    { prepared }: PreparedBatch,
  ): Promise<number[]> {
    const parts = prepared as readonly (readonly ListedStatement[])[];
    const { rows } = await transaction.executeQuery<{ written: number }>(
      new StatementList(parts.flat()),
    );
    let at = 0;
    return parts.map(({ length }) =>
      rows.slice(at, (at += length)).reduce((all, { written }) => all + written, 0),
    );
  }

  async holdFree(transaction: Transaction<unknown>, table: string, id: string): Promise<boolean> {
    const { rows } = await sql`select id from ${sql.table(table)} where id = ${id}`.execute(
      transaction,
    );
    return rows.length > 0;
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

  /** Until `indexInBulk` its index was kept by triggers. */
  async mayBeIndexedLater(): Promise<void> {}
  async indexInBlocks(): Promise<void> {}
  async beginsUnindexed(): Promise<void> {}

  readonly createSearchTable = search.createSearchTable;
  readonly indexShortParts = search.indexShortParts;
  readonly indexInBulk = search.indexInBulk;
  readonly indexRest = search.indexRest;
  readonly matching = search.matching;
  readonly scanned = search.scanned;

  /** A lookup a row costs a fifth more where very many match. */
  readonly found = 'joined';

  readonly createMarks = marks.createMarks;
  readonly markChanges = marks.markChanges;
  readonly isSelected = marks.isSelected;
  readonly isAmong = marks.isAmong;

  /** Who writes is alone: the key is that of the commit too. */
  async markRows(): Promise<void> {}

  async keyRows(): Promise<number> {
    return 0;
  }

  /** Few marks, in pages that are used again. */
  async sweepMarks(): Promise<void> {}
}
