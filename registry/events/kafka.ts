import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import {
  CompressionTypes,
  Kafka,
  logLevel,
  Partitioners,
  type Admin,
  type Consumer,
  type EachBatchPayload,
  type Producer,
} from 'kafkajs';
import {
  BusUnavailable,
  deliver,
  pauseMs,
  topics,
  type EventBus,
  type Handler,
  type Position,
  type ReceivedMessage,
  type Subscription,
  type SubscriptionOptions,
  type Topic,
} from './event-bus.ts';

/** Of a topic made by us; the most gateways that can apply side by side. */
const PARTITIONS = 12;
const CONNECT_MS = 5_000;
const REQUEST_MS = 15_000;
/** Within one call; above it the outbox repeats for as long as it takes. */
const RETRIES = 3;
const RETRY_MS = 200;
/** A member that says nothing for so long is gone, and its partitions move. A broker takes no less than 6 s. */
const SESSION_MS = 10_000;
const HEARTBEAT_MS = 3_000;
/** How long a broker holds a question back when there is nothing new. kafkajs polls a timer while it waits. */
const MAX_FETCH_WAIT_MS = 1_000;
/** Between two tries to reach the broker. */
const RECONNECT_MS = 1_000;

export interface KafkaSettings {
  brokers: readonly string[];
  /** Of the process, for the broker's logs. */
  clientId: string;
  log: {
    info: (fields: object, message: string) => void;
    warn: (fields: object, message: string) => void;
  };
}

/**
 * The bus on Kafka. Nothing is connected until it is needed, and a broker that is away at the start may come later.
 * kafkajs is kept to this file: it is no longer maintained.
 */
export function openKafkaBus({ brokers, clientId, log }: KafkaSettings): EventBus {
  const kafka = new Kafka({
    brokers: [...brokers],
    clientId,
    connectionTimeout: CONNECT_MS,
    requestTimeout: REQUEST_MS,
    retry: { retries: RETRIES, initialRetryTime: RETRY_MS },
    // It calls an ordinary rebalance an ERROR: all it says is for whoever looks closely.
    logLevel: logLevel.WARN,
    logCreator:
      () =>
      ({ namespace, log: { message, broker, error, groupId } }) =>
        log.info({ kafka: namespace, broker, error, groupId }, message),
  });
  const subscriptions = new Set<KafkaSubscription>();
  let topicsMade: Promise<void> | undefined;
  let producing: Promise<Producer> | undefined;

  /** Once for the process; again after a failure. */
  async function makeTopics(): Promise<void> {
    topicsMade ??= withAdmin(kafka, createTopics).catch((error: unknown) => {
      topicsMade = undefined;
      throw error;
    });
    await topicsMade;
  }

  async function producer(): Promise<Producer> {
    producing ??= connectProducer(kafka, makeTopics).catch((error: unknown) => {
      producing = undefined;
      throw error;
    });
    return producing;
  }

  return {
    async publish(topic, messages) {
      if (messages.length === 0) return;
      try {
        const connected = await producer();
        await connected.send({
          topic,
          acks: -1,
          compression: CompressionTypes.GZIP,
          messages: messages.map(({ key, value }) => ({ key, value })),
        });
      } catch (error) {
        // After a failure its numbering may not be the broker's any more: the next try has a new one.
        const failed = producing;
        producing = undefined;
        void failed?.then((old) => old.disconnect()).catch(() => {});
        throw new BusUnavailable('Kafka did not take the events', { cause: error });
      }
    },

    subscribe(options, handler) {
      const subscription = new KafkaSubscription(kafka, options, handler, makeTopics, log);
      subscriptions.add(subscription);
      return {
        async close() {
          subscriptions.delete(subscription);
          await subscription.close();
        },
      };
    },

    async read(topic, after, handler) {
      try {
        await makeTopics();
        return await readToEnd(kafka, topic, after, handler);
      } catch (error) {
        if (error instanceof HandlerFailed) throw error.cause;
        throw new BusUnavailable('Kafka could not be read', { cause: error });
      }
    },

    async close() {
      await Promise.all([...subscriptions].map(async (subscription) => subscription.close()));
      subscriptions.clear();
      const last = await producing?.catch(() => undefined);
      await last?.disconnect().catch(() => {});
    },
  };
}

async function connectProducer(kafka: Kafka, ready: () => Promise<void>): Promise<Producer> {
  await ready();
  const producer = kafka.producer({
    idempotent: true,
    // One after the other: with several under way, one that is sent again could overtake.
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
    retry: { retries: RETRIES, initialRetryTime: RETRY_MS },
  });
  await producer.connect();
  return producer;
}

/** Those that are there stay as they are: an operator may have made them with other partitions. */
async function createTopics(admin: Admin): Promise<void> {
  const existing = new Set(await admin.listTopics());
  const missing = Object.values(topics).filter((topic) => !existing.has(topic));
  if (missing.length === 0) return;
  await admin.createTopics({
    waitForLeaders: true,
    topics: missing.map((topic) => ({
      topic,
      numPartitions: PARTITIONS,
      configEntries:
        topic === topics.states
          ? [{ name: 'cleanup.policy', value: 'compact' }]
          : [
              { name: 'cleanup.policy', value: 'delete' },
              { name: 'retention.ms', value: '-1' },
              { name: 'retention.bytes', value: '-1' },
            ],
    })),
  });
}

async function withAdmin<Result>(
  kafka: Kafka,
  ask: (admin: Admin) => Promise<Result>,
): Promise<Result> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await ask(admin);
  } finally {
    await admin.disconnect().catch(() => {});
  }
}

/** A consumer, made anew for as long as it ends before it is closed. */
class KafkaSubscription implements Subscription {
  readonly #kafka: Kafka;
  readonly #options: SubscriptionOptions;
  readonly #groupId: string;
  readonly #handler: Handler;
  readonly #ready: () => Promise<void>;
  readonly #log: KafkaSettings['log'];
  readonly #ended: Promise<void>;
  readonly #closed = new AbortController();

  constructor(
    kafka: Kafka,
    options: SubscriptionOptions,
    handler: Handler,
    ready: () => Promise<void>,
    log: KafkaSettings['log'],
  ) {
    this.#kafka = kafka;
    this.#options = options;
    this.#groupId = options.group ?? `cctv-gateway-${randomUUID()}`;
    this.#handler = handler;
    this.#ready = ready;
    this.#log = log;
    this.#ended = this.#run();
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#ended;
  }

  async #run(): Promise<void> {
    for (let attempt = 0; !this.#closed.signal.aborted; attempt++) {
      try {
        await this.#ready();
        if (!this.#closed.signal.aborted) await this.#consume();
      } catch (error) {
        this.#log.warn({ err: error, topic: this.#options.topic }, 'Kafka is away');
      }
      await this.#pause(Math.max(RECONNECT_MS, pauseMs(attempt)));
    }
    if (this.#options.group !== undefined) return;
    // Of this process alone: nobody goes on where it was.
    await withAdmin(this.#kafka, async (admin) => admin.deleteGroups([this.#groupId])).catch(
      () => {},
    );
  }

  /** Resolves when it was closed; throws when the consumer ended by itself. */
  async #consume(): Promise<void> {
    const consumer = consumerOf(this.#kafka, this.#groupId);
    const crashed = new Promise<void>((_, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => {
        if (!payload.restart) reject(payload.error);
      });
    });
    // Whoever waits for it comes later.
    crashed.catch(() => {});
    try {
      await consumer.connect();
      await consumer.subscribe({ topic: this.#options.topic, fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        eachBatch: async (payload) => this.#take(consumer, payload),
      });
      await Promise.race([crashed, once(this.#closed.signal, 'abort')]);
    } finally {
      await consumer.disconnect().catch(() => {});
    }
  }

  async #take(consumer: Consumer, payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    const { topic, group, maxMessages } = { ...this.#options };
    const wanted = (): boolean =>
      !this.#closed.signal.aborted && payload.isRunning() && !payload.isStale();
    // A batch that waits for the database is still ours.
    const beating = setInterval(() => void payload.heartbeat().catch(() => {}), HEARTBEAT_MS);
    try {
      for (let at = 0; at < batch.messages.length; at += maxMessages) {
        const some = batch.messages.slice(at, at + maxMessages);
        const last = some.at(-1);
        if (last === undefined) return;
        const isDone = await deliver(
          this.#handler,
          some.map((message) => received(topic, batch.partition, message)),
          {
            wanted,
            pause: async (ms) => this.#pause(ms),
            onFailure: (error) =>
              this.#log.warn({ err: error, topic }, 'events were not dealt with: again'),
          },
        );
        if (!isDone) return;
        payload.resolveOffset(last.offset);
        if (group !== undefined) {
          const offset = (BigInt(last.offset) + 1n).toString();
          await consumer.commitOffsets([{ topic, partition: batch.partition, offset }]);
        }
        await payload.heartbeat();
      }
    } finally {
      clearInterval(beating);
    }
  }

  /** Ends early when it is closed. */
  async #pause(ms: number): Promise<void> {
    await wait(ms, undefined, { signal: this.#closed.signal }).catch(() => {});
  }
}

function consumerOf(kafka: Kafka, groupId: string): Consumer {
  return kafka.consumer({
    groupId,
    sessionTimeout: SESSION_MS,
    heartbeatInterval: HEARTBEAT_MS,
    maxWaitTimeInMs: MAX_FETCH_WAIT_MS,
    allowAutoTopicCreation: false,
    retry: { retries: RETRIES, initialRetryTime: RETRY_MS, restartOnFailure: async () => false },
  });
}

/** What a reader's handler threw is the reader's, not Kafka's. */
class HandlerFailed extends Error {}

async function readToEnd(
  kafka: Kafka,
  topic: Topic,
  after: Position | undefined,
  handler: Handler,
): Promise<Position> {
  const groupId = `cctv-read-${randomUUID()}`;
  const bounds = await withAdmin(kafka, async (admin) => admin.fetchTopicOffsets(topic));
  const end: Record<string, string> = {};
  /** Partitions of which something is still to come, with the offset that ends it. */
  const left = new Map<number, bigint>();
  const from = new Map<number, string>();
  for (const { partition, low, high } of bounds) {
    end[partition] = high;
    const start = after?.[partition] ?? low;
    from.set(partition, start);
    if (BigInt(start) < BigInt(high)) left.set(partition, BigInt(high));
  }
  if (left.size === 0) return end;
  const consumer = consumerOf(kafka, groupId);
  try {
    await new Promise<void>((resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
      const take = async (payload: EachBatchPayload): Promise<void> => {
        const { batch } = payload;
        const high = left.get(batch.partition);
        if (high === undefined) return;
        const wanted = batch.messages.filter(({ offset }) => BigInt(offset) < high);
        try {
          await handler(wanted.map((message) => received(topic, batch.partition, message)));
        } catch (cause) {
          reject(new HandlerFailed('the reader failed', { cause }));
          return;
        }
        payload.resolveOffset(batch.lastOffset());
        await payload.heartbeat();
        // Compaction and batches of the broker's own leave holes: what counts is how far the batch goes.
        if (BigInt(batch.lastOffset()) + 1n >= high) left.delete(batch.partition);
        if (left.size === 0) resolve();
      };
      void (async () => {
        await consumer.connect();
        await consumer.subscribe({ topic, fromBeginning: true });
        await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: take });
        for (const [partition, offset] of from) consumer.seek({ topic, partition, offset });
      })().catch(reject);
    });
  } finally {
    await consumer.disconnect().catch(() => {});
    await withAdmin(kafka, async (admin) => admin.deleteGroups([groupId])).catch(() => {});
  }
  return end;
}

function received(
  topic: Topic,
  partition: number,
  { key, value, offset }: { key: Buffer | null; value: Buffer | null; offset: string },
): ReceivedMessage {
  return {
    key: key?.toString('utf8') ?? '',
    value: value?.toString('utf8') ?? '',
    place: `${topic}/${partition}/${offset}`,
  };
}
