import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Kafka } from 'kafkajs';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { openDatabases } from '#registry/database/open-databases.ts';
import type { Databases } from '#registry/database/database.ts';
import {
  BusUnavailable,
  topics,
  type EventBus,
  type Position,
  type ReceivedMessage,
  type Topic,
} from '#registry/events/event-bus.ts';
import { openInProcessBus } from '#registry/events/in-process.ts';
import { openKafkaBus } from '#registry/events/kafka.ts';
import { databasesInPostgres, EMPTY, type DatabasesInPostgres } from './databases-in-postgres.ts';
import { kafkaMissing, startKafka, type KafkaServer } from './kafka-server.ts';
import { CONTAINER_START_MS } from './container-start.ts';
import { missingParts } from '../end-to-end/machine.ts';
import { memoryFolder } from '../memory-folder.ts';

const quiet = { info: () => {}, warn: () => {} };
const WAIT = { timeout: 20_000, interval: 20 };
const MAX_MESSAGES = 50;

interface Rig {
  /** As another process on the same messages would. */
  open: () => Promise<EventBus>;
}

/** A topic is everybody's: a test looks at keys of its own. */
function keysOf(prefix: string, messages: readonly ReceivedMessage[]): [string, string][] {
  return messages.filter(({ key }) => key.startsWith(prefix)).map(({ key, value }) => [key, value]);
}

function numbered(prefix: string, keys: number, each: number, from = 0) {
  return Array.from({ length: keys * each }, (_, i) => ({
    key: `${prefix}/${i % keys}`,
    value: String(from + Math.floor(i / keys)),
  }));
}

/** Of each key, the values in the order they came. */
function byKey(seen: readonly (readonly [string, string])[]): Record<string, number[]> {
  const values: Record<string, number[]> = {};
  for (const [key, value] of seen) (values[key] ??= []).push(Number(value));
  return values;
}

function collect(from: EventBus, prefix: string, group: string | undefined, topic?: Topic) {
  const seen: [string, string][] = [];
  const subscription = from.subscribe(
    { topic: topic ?? topics.events, group, maxMessages: MAX_MESSAGES },
    async (messages) => void seen.push(...keysOf(prefix, messages)),
  );
  return { seen, subscription };
}

function itCarriesEvents({ open }: Rig): void {
  const opened: EventBus[] = [];
  async function bus(): Promise<EventBus> {
    const one = await open();
    opened.push(one);
    return one;
  }
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close();
  });

  test('messages of a key come in the order in which they were published, and all of them', async () => {
    const one = await bus();
    const prefix = randomUUID();
    const { seen } = collect(one, prefix, prefix);
    for (let from = 0; from < 30; from += 10)
      await one.publish(topics.events, numbered(prefix, 20, 10, from));
    await vi.waitFor(() => expect(seen).toHaveLength(600), WAIT);
    const inOrder = Array.from({ length: 30 }, (_, i) => i);
    for (const values of Object.values(byKey(seen))) expect(values).toEqual(inOrder);
  });

  test('what was published is there for another process, and a group goes on where it was', async () => {
    const prefix = randomUUID();
    const one = await bus();
    await one.publish(topics.events, numbered(prefix, 3, 2));
    const first = collect(one, prefix, prefix);
    await vi.waitFor(() => expect(first.seen).toHaveLength(6), WAIT);
    await first.subscription.close();
    await one.publish(topics.events, numbered(prefix, 3, 2, 2));
    await one.close();
    const second = collect(await bus(), prefix, prefix);
    await vi.waitFor(() => expect(second.seen).toHaveLength(6), WAIT);
    for (const values of Object.values(byKey(second.seen))) expect(values).toEqual([2, 3]);
  });

  test('what could not be dealt with is told again, in order, before anything after it', async () => {
    const one = await bus();
    const prefix = randomUUID();
    await one.publish(topics.events, numbered(prefix, 1, 5));
    const told: string[] = [];
    let failures = 2;
    one.subscribe({ topic: topics.events, group: prefix, maxMessages: 2 }, async (messages) => {
      const mine = keysOf(prefix, messages).map(([, value]) => value);
      told.push(...mine);
      if (mine.includes('2') && failures-- > 0) throw new Error('the database is away');
    });
    await vi.waitFor(() => expect(told.at(-1)).toBe('4'), WAIT);
    expect(told.filter((value) => value === '2')).toHaveLength(3);
    expect(told.filter((value) => value === '4')).toHaveLength(1);
    // Each time from the same place on, and nothing later in between.
    expect([...new Set(told)]).toEqual(['0', '1', '2', '3', '4']);
  });

  test('a subscriber without a group sees all that is kept, and again after a restart', async () => {
    const one = await bus();
    const prefix = randomUUID();
    await one.publish(topics.states, numbered(prefix, 2, 1));
    for (let restart = 0; restart < 2; restart++) {
      const { seen, subscription } = collect(one, prefix, undefined, topics.states);
      await vi.waitFor(() => expect(seen).toHaveLength(2 + restart), WAIT);
      await one.publish(topics.states, [{ key: `${prefix}/${2 + restart}`, value: '0' }]);
      await vi.waitFor(() => expect(seen).toHaveLength(3 + restart), WAIT);
      await subscription.close();
    }
  });

  test('the last of a key in the states is its latest', async () => {
    const one = await bus();
    const prefix = randomUUID();
    for (const from of [0, 5]) await one.publish(topics.states, numbered(prefix, 2, 5, from));
    const latest = new Map<string, string>();
    await one.read(topics.states, undefined, async (messages) => {
      for (const [key, value] of keysOf(prefix, messages)) latest.set(key, value);
    });
    expect(Object.fromEntries(latest)).toEqual({ [`${prefix}/0`]: '9', [`${prefix}/1`]: '9' });
  });

  test('reading ends where the topic ended, and goes on from there', async () => {
    const one = await bus();
    const prefix = randomUUID();
    async function read(after: Position | undefined) {
      const seen: [string, string][] = [];
      const end = await one.read(topics.events, after, async (messages) => {
        seen.push(...keysOf(prefix, messages));
      });
      return { seen, end };
    }
    await one.publish(topics.events, numbered(prefix, 20, 100));
    const all = await read(undefined);
    expect(all.seen).toHaveLength(2_000);
    const inOrder = Array.from({ length: 100 }, (_, i) => i);
    for (const values of Object.values(byKey(all.seen))) expect(values).toEqual(inOrder);
    expect((await read(all.end)).seen).toEqual([]);
    await one.publish(topics.events, numbered(prefix, 1, 1, 100));
    expect((await read(all.end)).seen).toEqual([[`${prefix}/0`, '100']]);
  });

  test('what a reader throws comes through', async () => {
    const one = await bus();
    await one.publish(topics.events, numbered(randomUUID(), 1, 1));
    const reading = one.read(topics.events, undefined, async () => {
      throw new RangeError('enough');
    });
    await expect(reading).rejects.toThrow(RangeError);
  });

  test('nothing published is nothing done', async () => {
    const one = await bus();
    const before = await one.read(topics.events, undefined, async () => {});
    await one.publish(topics.events, []);
    expect(await one.read(topics.events, before, async () => {})).toEqual(before);
  });
}

describe('the bus in the process, on SQLite', () => {
  const folders: string[] = [];
  const databases: Databases[] = [];
  let current: string | undefined;
  afterEach(async () => {
    for (const one of databases.splice(0)) await one.close();
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
    current = undefined;
  });
  itCarriesEvents({
    async open() {
      for (const one of databases.splice(0)) await one.close();
      if (current === undefined) {
        current = mkdtempSync(join(memoryFolder(), 'event-bus-'));
        folders.push(current);
      }
      const one = openDatabases({ dataDir: current });
      databases.push(one);
      return openInProcessBus(one, { onFailure: () => {} });
    },
  });
});

describe.skipIf(missingParts('containers').length > 0)(
  'the bus in the process, on PostgreSQL (wants a container engine)',
  () => {
    const folder = mkdtempSync(join(memoryFolder(), 'event-bus-'));
    const databases: Databases[] = [];
    let postgres: DatabasesInPostgres;
    let databaseUrl: string;
    beforeAll(async () => {
      postgres = await databasesInPostgres();
      databaseUrl = postgres.addressOf(await postgres.create(EMPTY));
    }, CONTAINER_START_MS);
    afterEach(async () => {
      for (const one of databases.splice(0)) await one.close();
    });
    afterAll(async () => {
      await postgres.close();
      rmSync(folder, { recursive: true });
    });
    async function open(): Promise<EventBus> {
      const one = openDatabases({
        dataDir: mkdtempSync(join(folder, 'data-')),
        databaseUrl,
      });
      databases.push(one);
      return openInProcessBus(one, { onFailure: () => {} });
    }
    itCarriesEvents({ open });

    test('what one gateway publishes, another is told', async () => {
      const [here, there] = [await open(), await open()];
      const prefix = randomUUID();
      const seen: [string, string][] = [];
      there.subscribe(
        { topic: topics.states, group: undefined, maxMessages: 10 },
        async (messages) => {
          seen.push(...keysOf(prefix, messages));
        },
      );
      await here.publish(topics.states, numbered(prefix, 3, 1));
      await vi.waitFor(() => expect(seen).toHaveLength(3), WAIT);
      await Promise.all([here.close(), there.close()]);
    });
  },
);

const missing = kafkaMissing();
describe.skipIf(missing !== undefined)(missing ?? 'the bus on Kafka', () => {
  let server: KafkaServer;
  beforeAll(async () => {
    server = await startKafka();
  }, CONTAINER_START_MS);
  afterAll(async () => {
    await server.stop();
  });
  const open = async (): Promise<EventBus> =>
    openKafkaBus({ brokers: server.brokers, clientId: 'tests', log: quiet });
  itCarriesEvents({ open });

  test('bytes that are no text come as what can be told of them', async () => {
    const one = await open();
    const start = await one.read(topics.events, undefined, async () => {});
    const producer = new Kafka({ brokers: server.brokers, logLevel: 0 }).producer();
    await producer.connect();
    await producer.send({
      topic: topics.events,
      messages: [
        { key: 'hostile', value: Buffer.from([0xff, 0xfe]) },
        { key: 'hostile', value: null },
        { key: null, value: 'text' },
      ],
    });
    await producer.disconnect();
    const seen: string[] = [];
    await one.read(topics.events, start, async (messages) => {
      seen.push(...messages.map(({ value }) => value));
    });
    expect(seen.toSorted()).toEqual(['', 'text', '\ufffd\ufffd']);
    await one.close();
  });

  test('without a broker it says so, and closes', async () => {
    const nowhere = openKafkaBus({ brokers: ['127.0.0.1:9'], clientId: 'tests', log: quiet });
    const publishing = nowhere.publish(topics.events, [{ key: 'a', value: 'b' }]);
    await expect(publishing).rejects.toThrow(BusUnavailable);
    const reading = nowhere.read(topics.events, undefined, async () => {});
    await expect(reading).rejects.toThrow(BusUnavailable);
    nowhere.subscribe({ topic: topics.events, group: 'a', maxMessages: 1 }, async () => {});
    await nowhere.close();
  });
});
