/** Events of cameras' condition into the registry, on both databases. */
import * as fc from 'fast-check';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Databases } from '#registry/database/database.ts';
import { applyEvents } from '#registry/events/apply-events.ts';
import { startApplying } from '#registry/events/applier.ts';
import type { CameraEvent } from '#registry/events/camera-event.ts';
import { conditionHistory } from '#registry/events/condition-history.ts';
import { renewLease, takeLease } from '#registry/events/epochs.ts';
import { topics, type EventBus } from '#registry/events/event-bus.ts';
import { openInProcessBus } from '#registry/events/in-process.ts';
import { readConditions } from '#registry/events/observed-rows.ts';
import { observe, type ObservedCondition } from '#registry/events/observed-state.ts';
import { rebuildConditions } from '#registry/events/rebuild.ts';
import { openRegistry } from '#registry/schema/open-registry.ts';
import type { RegistryDatabase } from '#registry/schema/tables.ts';
import { anEvent } from '../registry/events/an-event.ts';
import { camerasIn } from '../registry/events/cameras-in.ts';
import { onEachDatabase } from './each-database.ts';

const nobody = '019ab000-0000-7000-8000-00000000dead';

/** A camera that goes down and comes up so often. */
function transitions(
  cameraId: string,
  count: number,
  of: Partial<CameraEvent> = {},
): CameraEvent[] {
  return Array.from({ length: count }, (_, i) =>
    anEvent({
      cameraId,
      sequence: i + 1,
      state: i % 2 === 0 ? 'down' : 'up',
      reason: i % 2 === 0 ? 'silent' : null,
      previous: i % 2 === 0 ? 'up' : 'down',
      ...of,
    }),
  );
}

const lease = (shard: string, worker: string) => ({ shard, worker, expiresAtMs: 1_000 });
const message = (event: CameraEvent) => ({ key: event.cameraId, value: JSON.stringify(event) });

onEachDatabase((rig) => {
  let databases: Databases;
  let database: RegistryDatabase;
  let cameras: string[];

  beforeEach(async () => {
    databases = rig.open();
    database = await openRegistry(databases);
    cameras = await camerasIn(database, 3);
  });

  const [a, b, c] = [0, 1, 2].map((index) => () => cameras[index] ?? '') as [
    () => string,
    () => string,
    () => string,
  ];
  const ids = async (cameraId: string): Promise<string[]> =>
    (await conditionHistory(database, cameraId, { limit: 1_000 }))
      .map(({ eventId }) => eventId)
      .toReversed();
  const seen = async (): Promise<Record<string, ObservedCondition>> =>
    Object.fromEntries((await readConditions(database)).map((one) => [one.cameraId, one]));

  describe('applying a batch', () => {
    test('keeps each transition once, and what is seen now, whole', async () => {
      const events = [
        ...transitions(a(), 3),
        ...transitions(b(), 2, { measured: { flapping: true } }),
      ];
      const { conditions, duplicates, poison } = await applyEvents(database, events);
      expect({ duplicates, poison }).toEqual({ duplicates: 0, poison: [] });
      expect(await ids(a())).toEqual(events.slice(0, 3).map(({ eventId }) => eventId));
      expect(await seen()).toMatchObject({
        [a()]: { state: 'down', reason: 'silent', sequence: 3, flapping: false },
        [b()]: {
          state: 'up',
          reason: null,
          sequence: 2,
          flapping: true,
          measured: { flapping: true },
        },
      });
      expect(conditions.toSorted((x, y) => (x.cameraId < y.cameraId ? -1 : 1))).toEqual(
        Object.values(await seen()).toSorted((x, y) => (x.cameraId < y.cameraId ? -1 : 1)),
      );
    });

    test('told again it changes nothing, and says what is seen all the same', async () => {
      const events = transitions(a(), 4);
      const first = await applyEvents(database, events);
      const again = await applyEvents(database, events.slice(1, 3));
      expect(again).toEqual({ conditions: first.conditions, duplicates: 2, poison: [] });
      expect(await ids(a())).toHaveLength(4);
    });

    test('what an earlier observer says too late is history, and not what is seen', async () => {
      await applyEvents(database, [anEvent({ cameraId: a(), epoch: 2, sequence: 1, state: 'up' })]);
      await applyEvents(database, [anEvent({ cameraId: a(), epoch: 1, sequence: 70 })]);
      expect(await seen()).toMatchObject({ [a()]: { state: 'up', epoch: 2 } });
      expect(await ids(a())).toHaveLength(2);
    });

    test('an event of a camera that nobody registered is poison, and the rest is kept', async () => {
      const events = [
        ...transitions(a(), 2),
        anEvent({ cameraId: nobody }),
        ...transitions(b(), 1),
      ];
      const { poison, duplicates } = await applyEvents(database, events);
      expect(poison).toEqual([{ event: events[2], reason: expect.stringMatching(/foreign key/i) }]);
      expect(duplicates).toBe(0);
      expect(Object.keys(await seen()).toSorted()).toEqual([a(), b()].toSorted());
      expect(await ids(a())).toHaveLength(2);
    });

    test('a camera keeps the incident that it is in', async () => {
      await applyEvents(database, transitions(a(), 1));
      const incident = {
        id: 'one',
        kind: 'site' as const,
        key: 'ตู้',
        from_ms: 1,
        to_ms: null,
        cameras: 1,
      };
      await database.insertInto('incidents').values(incident).execute();
      await database.updateTable('observed_states').set({ incident_id: 'one' }).execute();
      await applyEvents(database, [anEvent({ cameraId: a(), sequence: 2, state: 'up' })]);
      const row = await database.selectFrom('observed_states').selectAll().executeTakeFirst();
      expect(row).toMatchObject({ incident_id: 'one', state: 'up' });
    });

    test('however often batches come again, what is seen is what the events say in order', async () => {
      let epoch = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.record({ camera: fc.nat(2), up: fc.boolean() }), {
            minLength: 1,
            maxLength: 30,
          }),
          // Where each delivery begins again, as shares of what was told so far, and how long it is.
          fc.array(fc.record({ back: fc.nat(100), length: fc.integer({ min: 1, max: 12 }) }), {
            maxLength: 8,
          }),
          async (steps, again) => {
            epoch++;
            const counts = new Map<string, number>();
            const events = steps.map(({ camera, up }) => {
              const cameraId = cameras[camera] ?? '';
              const sequence = (counts.get(cameraId) ?? 0) + 1;
              counts.set(cameraId, sequence);
              return anEvent({ cameraId, epoch, sequence, state: up ? 'up' : 'down' });
            });
            const before = await seen();
            let at = 0;
            for (const { back, length } of [...again, { back: 0, length: events.length }]) {
              const from = Math.max(
                0,
                Math.min(at, events.length - 1) - Math.floor((at * back) / 100),
              );
              await applyEvents(database, events.slice(from, from + length));
              at = Math.max(at, from + length);
            }
            if (at < events.length) await applyEvents(database, events.slice(at));
            const expected: Record<string, ObservedCondition> = { ...before };
            for (const event of events) {
              expected[event.cameraId] = observe(expected[event.cameraId], event);
            }
            expect(await seen()).toEqual(expected);
            const kept = await database
              .selectFrom('camera_events')
              .select(({ fn }) => fn.countAll<number>().as('count'))
              .where('epoch', '=', epoch)
              .executeTakeFirstOrThrow();
            expect(kept.count).toBe(events.length);
          },
        ),
        { numRuns: 15 },
      );
    });
  });

  describe('a lease', () => {
    test('has a higher epoch than every one before, of whatever shard', async () => {
      expect(await takeLease(database, lease('all', 'one'))).toBe(1);
      expect(await takeLease(database, lease('other', 'two'))).toBe(2);
      expect(await takeLease(database, lease('all', 'three'))).toBe(3);
      await applyEvents(database, [anEvent({ cameraId: a(), epoch: 9 })]);
      expect(await takeLease(database, lease('all', 'four'))).toBe(10);
      expect(await takeLease(database, { ...lease('all', 'five'), above: 40 })).toBe(41);
    });

    test('of those who take one at once, each has another epoch', async () => {
      const epochs = await Promise.all(
        Array.from({ length: 5 }, async (_, i) => takeLease(database, lease(`shard-${i}`, 'one'))),
      );
      expect(epochs.toSorted((x, y) => x - y)).toEqual([1, 2, 3, 4, 5]);
    });

    test('is renewed until another takes the shard', async () => {
      const epoch = await takeLease(database, lease('all', 'one'));
      expect(await renewLease(database, { shard: 'all', epoch, expiresAtMs: 2_000 })).toBe(true);
      await takeLease(database, lease('all', 'two'));
      expect(await renewLease(database, { shard: 'all', epoch, expiresAtMs: 3_000 })).toBe(false);
    });
  });

  describe('with the bus', () => {
    let bus: EventBus;
    beforeEach(async () => {
      bus = await openInProcessBus(databases, { onFailure: () => {} });
    });

    async function read(topic: (typeof topics)[keyof typeof topics]): Promise<unknown[]> {
      const values: unknown[] = [];
      await bus.read(topic, undefined, async (messages) => {
        values.push(...messages.map(({ value }): unknown => JSON.parse(value)));
      });
      return values;
    }

    function apply() {
      const letters: string[] = [];
      const applier = startApplying({
        bus,
        database,
        now: () => 5_000,
        onPoison: ({ reason }) => letters.push(reason),
      });
      return { applier, letters };
    }

    test('what cannot be read or kept becomes a dead letter with its reason, and the rest goes on', async () => {
      const [good, late] = [anEvent({ cameraId: a() }), anEvent({ cameraId: b() })];
      await bus.publish(topics.events, [
        { key: a(), value: 'not JSON' },
        message(good),
        { key: a(), value: JSON.stringify({ ...anEvent({ cameraId: a() }), state: 'gone' }) },
        { ...message(anEvent({ cameraId: a() })), key: b() },
        message(anEvent({ cameraId: nobody })),
        message(late),
      ]);
      const { applier, letters } = apply();
      await vi.waitFor(() => expect(applier.counters.deadLetters).toBe(4));
      await applier.close();
      expect(applier.counters).toEqual({ applied: 2, duplicates: 0, deadLetters: 4 });
      expect(Object.keys(await seen())).toHaveLength(2);
      expect(letters).toHaveLength(4);
      expect(await read(topics.deadLetters)).toMatchObject([
        { reason: 'it is not JSON', value: 'not JSON', place: 'cctv.camera.events/1', atMs: 5_000 },
        { reason: expect.stringMatching(/^state: /) },
        { reason: 'its key is not its camera' },
        { reason: expect.stringMatching(/foreign key/i) },
      ]);
    });

    test('states are published once they are in the registry, the latest of each camera', async () => {
      const told: [string, string | undefined][] = [];
      bus.subscribe(
        { topic: topics.states, group: undefined, maxMessages: 10 },
        async (messages) => {
          const stored = await seen();
          for (const { key, value } of messages) {
            const { eventId } = JSON.parse(value) as ObservedCondition;
            told.push([eventId, stored[key]?.eventId]);
          }
        },
      );
      const { applier } = apply();
      const events = [...transitions(a(), 5), ...transitions(b(), 2)];
      await bus.publish(topics.events, events.map(message));
      await vi.waitFor(() => expect(applier.counters.applied).toBe(7));
      await vi.waitFor(() => expect(told.length).toBeGreaterThan(1));
      for (const [eventId, stored] of told) expect(eventId).toBe(stored);
      expect(await read(topics.states)).toEqual(
        expect.arrayContaining(Object.values(await seen())),
      );
      expect(await read(topics.states)).toHaveLength(2);
      await applier.close();
    });

    test('a rebuild from the topic is what was applied', async () => {
      const events = [...transitions(a(), 30), ...transitions(b(), 7)];
      await bus.publish(topics.events, [...events.map(message), { key: 'x', value: 'poison' }]);
      const { applier } = apply();
      await vi.waitFor(() => expect(applier.counters.applied).toBe(37));
      await applier.close();
      const live = await seen();
      const rebuilt = await rebuildConditions(database, bus);
      expect(rebuilt).toEqual({ events: 37, unreadable: 1, cameras: 2, corrected: 0 });
      expect(await seen()).toEqual(live);
    });

    test('a rebuild puts right what was lost, wrong or never was', async () => {
      const events = [...transitions(a(), 30), ...transitions(b(), 7)];
      await bus.publish(topics.events, events.map(message));
      const { applier } = apply();
      await vi.waitFor(() => expect(applier.counters.applied).toBe(37));
      await applier.close();
      const live = await seen();
      await database.deleteFrom('observed_states').where('camera_id', '=', b()).execute();
      await database.deleteFrom('camera_events').where('sequence', '=', 3).execute();
      await database.updateTable('observed_states').set({ state: 'up', epoch: 99 }).execute();
      await applyEvents(database, [anEvent({ cameraId: c() })]);
      await database.deleteFrom('camera_events').where('camera_id', '=', c()).execute();
      expect(await rebuildConditions(database, bus)).toMatchObject({ corrected: 3 });
      expect(await seen()).toEqual(live);
      expect(await ids(a())).toHaveLength(30);
    });
  });

  test('a history is paged, newest first, without a hole or a repetition', async () => {
    // Of one moment: a site that falls gives many.
    const events = transitions(a(), 25, { atMs: 1_000 });
    await applyEvents(database, [...events, ...transitions(b(), 3)]);
    const found: string[] = [];
    for (let before: CameraEvent | undefined; ;) {
      const page = await conditionHistory(database, a(), { before, limit: 10 });
      found.push(...page.map(({ eventId }) => eventId));
      if (page.length < 10) break;
      before = page.at(-1);
    }
    expect(found).toEqual(events.map(({ eventId }) => eventId).toReversed());
    const range = await conditionHistory(database, a(), { fromMs: 1_001, toMs: 2_000, limit: 10 });
    expect(range).toEqual([]);
  });
}, openRegistry);
