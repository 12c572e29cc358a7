import type { CompiledQuery, Kysely, Transaction } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { WrittenRows } from './row-writer.ts';
import type { Turn, TurnListener } from './turn.ts';

/**
 * The database port. A part that keeps rows opens a database of its own by name, with its own tables and migrations:
 * `registry`, `people`, `audit`, `catalogue`. Embedded, each is one SQLite file in the data folder, so that a long transaction
 * in one holds no other up; in production each is a schema of one PostgreSQL database.
 *
 * Types that differ between the two are not used in tables: ids are text (UUIDv7), truths are integers 0 or 1, times
 * are Unix ms in `bigint`, JSON is text, bytes are `bytea` (Uint8Array). Integers come back as numbers.
 */
export interface Databases {
  /**
   * Opens a database (made if it is not there) and brings its schema up to date. Once a name.
   * Throws MigrationFailed, DatabaseFailed, DatabaseUnavailable.
   */
  open<Tables>(schema: DatabaseSchema): Promise<Kysely<Tables>>;
  /**
   * Asks for what one process does at a time, until these databases are closed. Throws DatabaseUnavailable when there is no first
   * answer; after that it is asked for again.
   */
  takeTurn(name: string, onChanged: TurnListener): Promise<Turn>;
  /** Closes all that were opened; a second time does nothing. */
  close(): Promise<void>;
}

export interface DatabaseSchema {
  /** Of the file, and of PostgreSQL's schema: lower-case letters. */
  name: string;
  /**
   * Embedded, databases that name the same thread share it (decision 0130): a statement of one, a commit too, waits for that of another.
   * Default: a thread of its own.
   */
  thread?: string;
  /** In order of their names. A static list: a scan of a folder would run whatever lies there. */
  migrations: Readonly<Record<string, Migration>>;
}

/** What an adapter's dialect says of itself beyond what Kysely asks. */
export interface NamedLocks {
  /** Waits until nobody else holds `name` in this database, `shared`: alone; held to the end of the transaction. */
  takeLock(
    transaction: Transaction<unknown>,
    name: string,
    held: 'alone' | 'shared',
  ): Promise<void>;
}

/**
 * One writer at a time for what `name` stands for, to the end of the transaction: a chain that is appended to, a check
 * that must still hold when its row is written. SQLite has one writer anyway (BEGIN IMMEDIATE); PostgreSQL's READ
 * COMMITTED would let two pass. `shared`: many at a time, while nobody holds it alone.
 */
export async function takeLock<Tables>(
  transaction: Transaction<Tables>,
  name: string,
  held: 'alone' | 'shared' = 'alone',
): Promise<void> {
  const adapter = transaction.getExecutor().adapter as unknown as NamedLocks;
  await adapter.takeLock(transaction as unknown as Transaction<unknown>, name, held);
}

/** Rows that are waited for, each in the order of ids, and held to the end of the transaction; for `executeTogether`. */
export interface LockedRows {
  table: string;
  locked: readonly string[];
}

/**
 * Before several rows are written at once: one statement writes them in an order of the planner's own, and of two
 * transactions with rows in common each could then wait for the other. SQLite has one writer anyway.
 */
export async function lockRows<Tables>(
  transaction: Transaction<Tables>,
  table: keyof Tables & string,
  ids: readonly string[],
): Promise<void> {
  if (ids.length > 1) await executeTogether(transaction, [{ table, locked: ids }]);
}

/** What an adapter's dialect says of rows that another transaction has locked. */
export interface HeldRows {
  holdFree(transaction: Transaction<unknown>, table: string, id: string): Promise<boolean>;
}

/**
 * Holds a row to the end of the transaction, unless another transaction has it: then it is not waited for, and the answer is false,
 * as of a row that is not there. In SQLite whoever is in a transaction is alone.
 */
export async function holdFree<Tables>(
  transaction: Transaction<Tables>,
  table: keyof Tables & string,
  id: string,
): Promise<boolean> {
  const adapter = transaction.getExecutor().adapter as unknown as HeldRows;
  return adapter.holdFree(transaction as unknown as Transaction<unknown>, table, id);
}

/** A statement that writes, in whichever form. */
export type BatchStatement = CompiledQuery | WrittenRows | LockedRows;

/** Statements as their database takes them; nothing of the rows that they were made of is kept. Each adapter's own. */
export interface PreparedBatch {
  readonly prepared: readonly unknown[];
}

/** What an adapter's dialect says of statements that wait for no answer of each other. */
export interface StatementBatches {
  prepareTogether(
    transaction: Transaction<unknown>,
    statements: readonly BatchStatement[],
  ): Promise<PreparedBatch>;
  /** Rows that each wrote, in their order; of those that wait for rows, none. */
  executeTogether(transaction: Transaction<unknown>, batch: PreparedBatch): Promise<number[]>;
}

/** For `executeTogether`, while the database is at something else: it has not to wait then until they are made. */
export async function prepareTogether<Tables>(
  transaction: Transaction<Tables>,
  statements: readonly BatchStatement[],
): Promise<PreparedBatch> {
  return batchesOf(transaction).prepareTogether(
    transaction as unknown as Transaction<unknown>,
    statements,
  );
}

function batchesOf<Tables>(transaction: Transaction<Tables>): StatementBatches {
  return transaction.getExecutor().adapter as unknown as StatementBatches;
}

/**
 * Executes statements that write, in their order, and waits for all of them at once: whoever has many does other work
 * meanwhile, instead of carrying each one's answer to the next. Rejects with the first failure; the transaction is to be
 * rolled back then. Returns how many rows each wrote; one that waits for rows writes none.
 */
export async function executeTogether<Tables>(
  transaction: Transaction<Tables>,
  statements: readonly BatchStatement[] | PreparedBatch,
): Promise<number[]> {
  const batch =
    'prepared' in statements ? statements : await prepareTogether(transaction, statements);
  if (batch.prepared.length === 0) return [];
  return batchesOf(transaction).executeTogether(
    transaction as unknown as Transaction<unknown>,
    batch,
  );
}

/** What an adapter's dialect says of transactions that write very many rows. */
export interface MuchWriting {
  writeMuch<Result>(
    database: Kysely<unknown>,
    write: (transaction: Transaction<unknown>) => Promise<Result>,
  ): Promise<Result>;
}

/** A transaction that writes very many rows, for which the database may take more memory than it has for others. */
export async function writeMuch<Tables, Result>(
  database: Kysely<Tables>,
  write: (transaction: Transaction<Tables>) => Promise<Result>,
): Promise<Result> {
  const adapter = database.getExecutor().adapter as unknown as MuchWriting;
  return adapter.writeMuch(
    database as unknown as Kysely<unknown>,
    write as unknown as (transaction: Transaction<unknown>) => Promise<Result>,
  );
}

/** What an adapter's dialect says of reading rows that are named one by one. */
export interface KeyedReading {
  readByKeys<Result>(
    database: Kysely<unknown>,
    read: (database: Kysely<unknown>) => Promise<Result>,
  ): Promise<Result>;
}

/**
 * Reads some hundred rows by their keys, with what is joined to them, looking up each: PostgreSQL's planner would rather read
 * the whole of each joined table for every such page. Not within a transaction.
 */
export async function readByKeys<Tables, Result>(
  database: Kysely<Tables>,
  read: (database: Kysely<Tables>) => Promise<Result>,
): Promise<Result> {
  const adapter = database.getExecutor().adapter as unknown as KeyedReading;
  return adapter.readByKeys(
    database as unknown as Kysely<unknown>,
    read as unknown as (database: Kysely<unknown>) => Promise<Result>,
  );
}

/** Another process serves this folder. */
export class DataFolderInUse extends Error {
  readonly code = 'data_folder_in_use';
  readonly folder: string;
  constructor(folder: string, options?: ErrorOptions) {
    super(
      `another server is running on the data folder ${folder}: stop it first, or set DATA_DIR to another folder`,
      options,
    );
    this.folder = folder;
  }
}

/** Worth trying again: too many queries wait, another process holds the database, or it cannot be reached just now. */
export class DatabaseUnavailable extends Error {
  readonly code = 'database_unavailable';
}

/** It and another transaction waited for each other, and this one was given up: once more, it may well pass. */
export class TransactionsCrossed extends DatabaseUnavailable {}

/** Another pair would have to cross each time. */
const MAX_CROSSINGS = 3;

/** A whole transaction, once more where it crossed another one. Throws TransactionsCrossed. */
export async function againWhereCrossed<Result>(write: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof TransactionsCrossed) || tries === MAX_CROSSINGS) throw error;
    }
  }
}

/** What was written contradicts what is there, or the rules of the schema. */
export class ConstraintViolated extends Error {
  readonly code = 'constraint_violated';
}

/** Nothing more can be written; reading goes on. An operator has to make room. */
export class DiskFull extends Error {
  readonly code = 'disk_full';
}

/** The database can't do it: unreadable file, a statement that is wrong. An operator has to look. */
export class DatabaseFailed extends Error {
  readonly code = 'database_failed';
}
