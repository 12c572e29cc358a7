import type { RegistryDatabase } from '../schema/tables.ts';
import { uuidV7Source } from '../uuid-v7.ts';
import { startApplying, type ApplierCounters } from './applier.ts';
import type { LivenessTransition } from './camera-event.ts';
import { ConditionBoard, type Conditions } from './condition-board.ts';
import { renewLease, takeLease, WHOLE_SHARD } from './epochs.ts';
import type { EventBus } from './event-bus.ts';
import { EventRecorder, type Told } from './event-recorder.ts';
import { observe, type ObservedCondition } from './observed-state.ts';
import { readConditions } from './observed-rows.ts';
import type { OutboxStore } from './outbox-store.ts';
import { Outbox, type OutboxBounds, type OutboxCounters } from './outbox.ts';
import { rebuildConditions, type Rebuilt } from './rebuild.ts';

/** How often the gateway notes that it runs: how exactly the time is known from which on nobody looked. */
const ALIVE_MS = 5_000;
/** Another gateway may take the cameras of one that says nothing for so long. */
const LEASE_MS = 30_000;

/** What happens to cameras' condition, from being seen to being in the registry, as one part of the process. */
export interface CameraEvents {
  /** What a worker saw. What is told already is not told again. */
  record(transition: LivenessTransition, worker: string): void;
  /** What was told last of each camera, to whoever looks at them from now on. */
  told(): Iterable<Told>;
  /** Nobody looks at it any more; what is kept of it stays. */
  deleted(cameraId: string): void;
  /** A camera that was deleted is back. */
  restored(cameraId: string): Promise<void>;
  /** Resolves when all that was recorded is on the disk. */
  written(): Promise<void>;
  conditions: Conditions;
  counters(): OutboxCounters & ApplierCounters;
  /** Makes what is seen now anew from all events. Throws BusUnavailable. */
  rebuild(): Promise<Rebuilt>;
  /** What waits for the bus then waits on the disk. */
  close(): Promise<void>;
}

export interface CameraEventsOptions {
  database: RegistryDatabase;
  bus: EventBus;
  store: OutboxStore;
  bounds?: Partial<OutboxBounds>;
  /** Of this process, in events and leases. */
  gateway: string;
  /** Unix ms. */
  now: () => number;
  log: {
    info: (fields: object, message: string) => void;
    warn: (fields: object, message: string) => void;
  };
}

/** Goes on where the last process on this data folder was. Throws what the databases throw. */
export async function startCameraEvents(options: CameraEventsOptions): Promise<CameraEvents> {
  const { database, bus, store, bounds, gateway, now, log } = options;
  const board = new ConditionBoard();
  board.load(await readConditions(database));
  // And what the last process saw that is not applied yet.
  const known = new Map<string, ObservedCondition>();
  for (const condition of board.all()) known.set(condition.cameraId, condition);
  let above = 0;
  for await (const event of store.waiting()) {
    known.set(event.cameraId, observe(known.get(event.cameraId), event));
    above = Math.max(above, event.epoch);
  }
  const epoch = await takeLease(database, {
    shard: WHOLE_SHARD,
    worker: gateway,
    expiresAtMs: now() + LEASE_MS,
    above,
  });
  const outbox = new Outbox({ store, bus, ...(bounds === undefined ? {} : { bounds }), now, log });
  const recorder = new EventRecorder({
    epoch,
    nextId: uuidV7Source(now),
    add: (event) => outbox.add(event),
    known: known.values(),
  });
  // Nobody has, since that process ended.
  recorder.nobodyLooks((await store.lastAliveMs()) ?? now(), gateway);
  const applier = startApplying({
    bus,
    database,
    now,
    onPoison: (letter) => log.warn(letter, 'an event became a dead letter'),
  });
  const following = board.follow(bus);

  async function noteAlive(): Promise<void> {
    try {
      await store.noteAlive(now());
      const lease = { shard: WHOLE_SHARD, epoch, expiresAtMs: now() + LEASE_MS };
      if (!(await renewLease(database, lease))) {
        log.warn(
          { epoch },
          'another gateway looks at the cameras: what this one sees counts no more',
        );
      }
    } catch (error) {
      log.warn({ err: error }, 'that the gateway runs could not be noted');
    }
  }
  const alive = setInterval(() => void noteAlive(), ALIVE_MS);
  alive.unref();
  await noteAlive();

  return {
    record: (transition, worker) => recorder.record(transition, `${gateway}/${worker}`),
    told: () => recorder.told(),
    deleted(cameraId) {
      recorder.deleted(cameraId, now(), gateway);
      board.remove(cameraId);
    },
    async restored(cameraId) {
      for (const condition of await readConditions(database, [cameraId])) board.take(condition);
    },
    written: async () => outbox.written(),
    conditions: board,
    counters: () => ({ ...outbox.counters(), ...applier.counters }),
    async rebuild() {
      const rebuilt = await rebuildConditions(database, bus);
      board.load(await readConditions(database));
      return rebuilt;
    },
    async close() {
      clearInterval(alive);
      await noteAlive();
      await outbox.close();
      await applier.close();
      await following.close();
      await bus.close();
    },
  };
}
