import { isDeepStrictEqual } from 'node:util';
import type { RegistryDatabase } from '../schema/tables.ts';
import { insertHistory, lockConditions } from './apply-events.ts';
import { parse } from './applier.ts';
import type { CameraEvent } from './camera-event.ts';
import { topics, type EventBus, type ReceivedMessage } from './event-bus.ts';
import { readConditions, ROWS_A_STATEMENT, writeConditions } from './observed-rows.ts';
import { observe, type ObservedCondition } from './observed-state.ts';

export interface Rebuilt {
  events: number;
  /** Messages that are no events, or of cameras that nobody registered: they are among the dead letters. */
  unreadable: number;
  cameras: number;
  /** Cameras whose stored condition was not what their events say, and is now. */
  corrected: number;
}

/**
 * Makes what is seen now of every camera anew from all events that the topic has, and puts back into the history those that it
 * lost. Applying goes on meanwhile, and waits for the last stretch only. Incidents stay with their cameras.
 * Throws BusUnavailable, and what the database throws: what is seen now is then as it was.
 */
export async function rebuildConditions(
  database: RegistryDatabase,
  bus: EventBus,
): Promise<Rebuilt> {
  const conditions = new Map<string, ObservedCondition>();
  let events = 0;
  let unreadable = 0;

  async function readable(messages: readonly ReceivedMessage[]): Promise<CameraEvent[]> {
    const parsed = messages.flatMap((message) => {
      const result = parse(message);
      return 'event' in result ? [result.event] : [];
    });
    const registered = await registeredOf(database, new Set(parsed.map((one) => one.cameraId)));
    const read = parsed.filter(({ cameraId }) => registered.has(cameraId));
    events += read.length;
    unreadable += messages.length - read.length;
    for (const event of read) {
      conditions.set(event.cameraId, observe(conditions.get(event.cameraId), event));
    }
    return read;
  }

  // Nearly all of it while applying goes on …
  const near = await bus.read(topics.events, undefined, async (messages) => {
    await insertHistory(database, await readable(messages));
  });
  const corrected = await database.transaction().execute(async (transaction) => {
    await lockConditions(transaction);
    // … and what came since, while it waits; that is in the history already, or will be.
    await bus.read(topics.events, near, async (messages) => void (await readable(messages)));
    const stored = new Map<string, ObservedCondition>();
    for (const condition of await readConditions(transaction)) {
      stored.set(condition.cameraId, condition);
    }
    const wrong = [...conditions.values()].filter(
      (condition) => !isDeepStrictEqual(condition, stored.get(condition.cameraId)),
    );
    await writeConditions(transaction, wrong, 'all');
    const without = [...stored.keys()].filter((cameraId) => !conditions.has(cameraId));
    for (let at = 0; at < without.length; at += ROWS_A_STATEMENT) {
      await transaction
        .deleteFrom('observed_states')
        .where('camera_id', 'in', without.slice(at, at + ROWS_A_STATEMENT))
        .execute();
    }
    return wrong.length + without.length;
  });
  return { events, unreadable, cameras: conditions.size, corrected };
}

async function registeredOf(
  database: RegistryDatabase,
  cameraIds: ReadonlySet<string>,
): Promise<Set<string>> {
  const ids = [...cameraIds];
  const registered = new Set<string>();
  for (let at = 0; at < ids.length; at += ROWS_A_STATEMENT) {
    const rows = await database
      .selectFrom('cameras')
      .select('id')
      .where('id', 'in', ids.slice(at, at + ROWS_A_STATEMENT))
      .execute();
    for (const { id } of rows) registered.add(id);
  }
  return registered;
}
