import { sql, type Kysely, type Transaction } from 'kysely';
import { ConstraintViolated, takeLock } from '../database/database.ts';
import type { RegistryDatabase, RegistryTables } from '../schema/tables.ts';
import type { CameraEvent } from './camera-event.ts';
import { readConditions, ROWS_A_STATEMENT, writeConditions } from './observed-rows.ts';
import { observe, type ObservedCondition } from './observed-state.ts';

export interface Applied {
  /** What is seen now of each camera that the batch was about, whether the batch changed it or not. */
  conditions: ObservedCondition[];
  /** Events that were there already. */
  duplicates: number;
  /** Events that the database refused, each for itself. */
  poison: { event: CameraEvent; reason: string }[];
}

/**
 * Keeps a batch of events, in order for each camera, in one transaction: into the history once by their ids, and into what is
 * seen now where they are newer. An event that breaks a rule of the schema is left out, and the rest goes in. Told twice, it
 * changes nothing. Throws DatabaseUnavailable, DatabaseFailed, DiskFull: then nothing was kept.
 */
export async function applyEvents(
  database: RegistryDatabase,
  events: readonly CameraEvent[],
): Promise<Applied> {
  return database.transaction().execute(async (transaction) => {
    await lockConditions(transaction);
    const all = await kept(transaction, async () => insertHistory(transaction, events));
    if (all.ok) return { ...(await newest(transaction, events)), ...all.result, poison: [] };
    // One of them at least is refused: which ones, each for itself.
    const good: CameraEvent[] = [];
    const poison: Applied['poison'] = [];
    let duplicates = 0;
    for (const event of events) {
      const one = await kept(transaction, async () => insertHistory(transaction, [event]));
      if (one.ok) {
        good.push(event);
        duplicates += one.result.duplicates;
      } else {
        poison.push({ event, reason: one.reason });
      }
    }
    return { ...(await newest(transaction, good)), duplicates, poison };
  });
}

/** One applies at a time, over all gateways: what is seen now is read, made anew and written. */
export async function lockConditions(transaction: Transaction<RegistryTables>): Promise<void> {
  await takeLock(transaction, 'observed-states');
}

/** Within a savepoint: PostgreSQL gives a transaction up at the first refusal. */
async function kept<Result>(
  transaction: Transaction<RegistryTables>,
  write: () => Promise<Result>,
): Promise<{ ok: true; result: Result } | { ok: false; reason: string }> {
  await sql`savepoint events`.execute(transaction);
  try {
    const result = await write();
    await sql`release savepoint events`.execute(transaction);
    return { ok: true, result };
  } catch (error) {
    if (!(error instanceof ConstraintViolated)) throw error;
    await sql`rollback to savepoint events`.execute(transaction);
    await sql`release savepoint events`.execute(transaction);
    return { ok: false, reason: error.message };
  }
}

/** Into the history, those that are not there yet. */
export async function insertHistory(
  database: Kysely<RegistryTables>,
  events: readonly CameraEvent[],
): Promise<{ duplicates: number }> {
  let inserted = 0;
  for (let at = 0; at < events.length; at += ROWS_A_STATEMENT) {
    const results = await database
      .insertInto('camera_events')
      .values(
        events.slice(at, at + ROWS_A_STATEMENT).map((event) => ({
          event_id: event.eventId,
          camera_id: event.cameraId,
          epoch: event.epoch,
          sequence: event.sequence,
          at_ms: event.atMs,
          state: event.state,
          previous: event.previous,
          reason: event.reason,
          measured: JSON.stringify(event.measured),
          worker: event.worker,
        })),
      )
      .onConflict((conflict) => conflict.column('event_id').doNothing())
      .executeTakeFirst();
    inserted += Number(results.numInsertedOrUpdatedRows ?? 0n);
  }
  return { duplicates: events.length - inserted };
}

async function newest(
  transaction: Transaction<RegistryTables>,
  events: readonly CameraEvent[],
): Promise<{ conditions: ObservedCondition[] }> {
  const cameraIds = [...new Set(events.map(({ cameraId }) => cameraId))];
  const before = new Map<string, ObservedCondition>();
  for (const condition of await readConditions(transaction, cameraIds)) {
    before.set(condition.cameraId, condition);
  }
  const now = new Map(before);
  for (const event of events) now.set(event.cameraId, observe(now.get(event.cameraId), event));
  const conditions = [...now.values()];
  await writeConditions(
    transaction,
    conditions.filter((condition) => before.get(condition.cameraId) !== condition),
    'newer',
  );
  return { conditions };
}
