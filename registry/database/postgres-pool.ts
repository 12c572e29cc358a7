import type { PostgresPool } from 'kysely';
import { Pool, types, type PoolClient } from 'pg';
import { DatabaseUnavailable } from './database.ts';
import { StatementBatch } from './postgres-batch.ts';
import { errorOf } from './postgres-errors.ts';

/** Queries and transactions that wait for one. One more is refused with DatabaseUnavailable. */
const MAX_WAITING = 1_000;
/** For a connection to be had, or made. */
const CONNECT_MS = 10_000;
/** A transaction that asks nothing for so long is rolled back, and its locks with it: its process hangs. */
const IDLE_IN_TRANSACTION_MS = 60_000;

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

/** At most `max`, made when they are wanted. */
export function connections(
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

/** Which schema a connection was last set to. */
const schemaOf = new WeakMap<PoolClient, string>();

/** The pool as one database sees it: connections look in its schema, and errors come in the port's words. */
export function schemaPool(pool: Pool, schema: string): PostgresPool {
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

function wholeNumber(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && !Number.isSafeInteger(number)) {
    throw new RangeError(`beyond what a number holds exactly: ${text}`);
  }
  return number;
}
