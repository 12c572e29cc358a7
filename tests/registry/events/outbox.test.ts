import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Databases } from '#registry/database/database.ts';
import { openDatabases } from '#registry/database/open-databases.ts';
import { cameraEvent, type CameraEvent } from '#registry/events/camera-event.ts';
import { collapse, collapseAll } from '#registry/events/collapse.ts';
import { BusUnavailable, type Message } from '#registry/events/event-bus.ts';
import { observe, type ObservedCondition } from '#registry/events/observed-state.ts';
import { OutboxStore } from '#registry/events/outbox-store.ts';
import { Outbox } from '#registry/events/outbox.ts';
import { anEvent } from './an-event.ts';

const cameraIds = ['019ab000-0000-7000-8000-00000000000a', '019ab000-0000-7000-8000-00000000000b'];

function eventsOf(cameraId: string, count: number): CameraEvent[] {
  return Array.from({ length: count }, (_, i) =>
    anEvent({ cameraId, sequence: i + 1, state: i % 2 === 0 ? 'down' : 'up' }),
  );
}

describe('collapsing', () => {
  test('leaves a hole that says it is one, and the latest, in the places of the first and the last', () => {
    const events = eventsOf(cameraIds[0] ?? '', 5);
    const [hole, latest, ...more] = collapse(events);
    expect(more).toEqual([]);
    expect(hole).toEqual({
      ...events[0],
      state: 'unknown',
      reason: 'gateway',
      measured: { collapsed: 4 },
    });
    expect(latest).toEqual({ ...events[4], previous: 'unknown' });
    for (const event of [hole, latest]) expect(cameraEvent.safeParse(event).success).toBe(true);
  });

  test('again, it counts what was collapsed before', () => {
    const events = eventsOf(cameraIds[0] ?? '', 9);
    const once = [...collapse(events.slice(0, 6)), ...events.slice(6)];
    expect(collapse(once)[0]?.measured).toEqual({ collapsed: 8 });
  });

  test('never changes what is seen in the end, nor the order', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1), { maxLength: 40 }), (cameras) => {
        const events = cameras.map((index, place) =>
          anEvent({
            cameraId: cameraIds[index] ?? '',
            sequence: cameras.slice(0, place + 1).filter((other) => other === index).length,
          }),
        );
        const kept = collapseAll(events);
        expect(kept.length).toBeLessThanOrEqual(4);
        for (const cameraId of cameraIds) {
          const of = (all: readonly CameraEvent[]) => {
            const mine = all.filter((event) => event.cameraId === cameraId);
            const seen = mine.reduce(observe, undefined as never) as ObservedCondition | undefined;
            // Since when it is so, is what was lost.
            return seen === undefined ? undefined : { ...seen, sinceMs: 0 };
          };
          expect(of(kept)).toEqual(of(events));
        }
        const places = kept.map(({ eventId }) =>
          events.findIndex((one) => one.eventId === eventId),
        );
        expect(places).toEqual(places.toSorted((a, b) => a - b));
      }),
    );
  });
});

describe('the outbox', () => {
  let folder: string;
  let databases: Databases;
  let nowMs: number;
  let isAway: boolean;
  let taken: Message[];
  const opened: Outbox[] = [];
  const bus = {
    async publish(_: string, messages: readonly Message[]) {
      if (isAway) throw new BusUnavailable('away');
      taken.push(...messages);
    },
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'outbox-'));
    databases = openDatabases({ dataDir: folder });
    // Soon after the events that a test makes.
    nowMs = 1_790_010_000_000;
    isAway = true;
    taken = [];
  });
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close();
    await databases.close();
    rmSync(folder, { recursive: true });
  });

  async function open(bounds = {}): Promise<Outbox> {
    const store = await OutboxStore.open(databases);
    const one = new Outbox({ store, bus, bounds, now: () => nowMs, log: { warn: () => {} } });
    opened.push(one);
    return one;
  }
  const told = (): CameraEvent[] => taken.map(({ value }) => JSON.parse(value) as CameraEvent);

  test('tells the bus all, in order, once it is there, also after a restart', async () => {
    const events = eventsOf(cameraIds[0] ?? '', 1_200);
    const first = await open();
    for (const event of events) first.add(event);
    await first.written();
    expect(first.counters()).toMatchObject({ waiting: 1_200, published: 0, collapsed: 0 });
    await first.close();
    await databases.close();
    databases = openDatabases({ dataDir: folder });
    isAway = false;
    const second = await open();
    await vi.waitFor(() => expect(second.counters().waiting).toBe(0));
    expect(told()).toEqual(events);
    expect(second.counters()).toEqual({
      published: 1_200,
      waiting: 0,
      waitingBytes: 0,
      collapsed: 0,
    });
  });

  test('over its bound in bytes keeps the latest of each camera, and counts the rest', async () => {
    const outbox = await open({ maxBytes: 100_000 });
    const events = cameraIds.flatMap((cameraId) => eventsOf(cameraId, 400));
    for (const event of events) outbox.add(event);
    await vi.waitFor(() => expect(outbox.counters().collapsed).toBeGreaterThan(0));
    expect(outbox.counters().waitingBytes).toBeLessThanOrEqual(100_000);
    isAway = false;
    await vi.waitFor(() => expect(outbox.counters().waiting).toBe(0));
    for (const cameraId of cameraIds) {
      const mine = told().filter((event) => event.cameraId === cameraId);
      expect(mine[0]).toMatchObject({ state: 'unknown', reason: 'gateway', sequence: 1 });
      expect(mine.at(-1)).toMatchObject({ state: 'up', sequence: 400 });
    }
    const stood = told().reduce((sum, { measured }) => sum + Number(measured['collapsed'] ?? 1), 0);
    expect(stood).toBe(events.length);
  });

  test('past its bound in age collapses what is too old, and nothing younger', async () => {
    const store = await OutboxStore.open(databases);
    const [old, young] = [eventsOf(cameraIds[0] ?? '', 6), eventsOf(cameraIds[1] ?? '', 6)];
    await store.append([
      ...old.map((event) => ({ ...event, atMs: nowMs - 8 * 86_400_000 })),
      ...young.map((event) => ({ ...event, atMs: nowMs - 6 * 86_400_000 })),
    ]);
    isAway = false;
    const outbox = await open();
    await vi.waitFor(() => expect(outbox.counters().waiting).toBe(0));
    expect(told()).toHaveLength(2 + 6);
    expect(outbox.counters().collapsed).toBe(4);
  });
});
