import { takeLock, type Databases } from '../database/database.ts';
import { busSchema, type BusDatabase, type BusTables } from './bus-tables.ts';
import {
  BusUnavailable,
  deliver,
  topics,
  type EventBus,
  type Handler,
  type Message,
  type Position,
  type ReceivedMessage,
  type Subscription,
  type SubscriptionOptions,
  type Topic,
} from './event-bus.ts';

/** Rows of one insert: bounded by what one statement may hold. */
const ROWS_A_STATEMENT = 500;
/** How often to look for what another gateway on the same PostgreSQL published; one's own is told at once. */
const POLL_MS = 1_000;
const READ_AT_ONCE = 1_000;

/**
 * The bus without a broker: messages are rows of a database of its own, and survive the process. Gateways on one PostgreSQL
 * see each other's; there each applies what a group is told, which does no harm (applying is idempotent) and saves nothing.
 */
export async function openInProcessBus(
  databases: Databases,
  options: { onFailure: (error: unknown) => void },
): Promise<EventBus> {
  const database = await databases.open<BusTables>(busSchema);
  return inProcessBus(database, options);
}

function inProcessBus(
  database: BusDatabase,
  { onFailure }: { onFailure: (error: unknown) => void },
): EventBus {
  const running = new Set<Running>();

  return {
    async publish(topic, messages) {
      if (messages.length === 0) return;
      try {
        await database.transaction().execute(async (transaction) => {
          // Numbers in the order of commits: a reader never skips one that is being written.
          await takeLock(transaction, topic);
          await append(transaction, topic, messages);
        });
      } catch (error) {
        throw new BusUnavailable('the events could not be written to the database', {
          cause: error,
        });
      }
      for (const subscription of running) {
        if (subscription.topic === topic) subscription.wake();
      }
    },

    subscribe(options, handler) {
      const subscription = new Running(database, options, handler, onFailure);
      running.add(subscription);
      return {
        async close() {
          running.delete(subscription);
          await subscription.close();
        },
      };
    },

    async read(topic, after, handler) {
      const end = await lastNumber(database, topic);
      let at = after === undefined ? 0 : Number(after['number']);
      for (;;) {
        const batch = await messagesAfter(database, topic, at, READ_AT_ONCE);
        const wanted = batch.filter(({ number }) => number <= end);
        if (wanted.length > 0) await handler(wanted.map((row) => received(topic, row)));
        if (wanted.length < READ_AT_ONCE) return positionOf(Math.max(end, at));
        at = wanted.at(-1)?.number ?? at;
      }
    },

    async close() {
      const open = [...running];
      running.clear();
      await Promise.all(open.map(async (subscription) => subscription.close()));
    },
  };
}

/** One subscriber's loop: read, hand on, note how far it is; wait for more. */
class Running implements Subscription {
  readonly topic: Topic;
  readonly #database: BusDatabase;
  readonly #group: string | undefined;
  readonly #maxMessages: number;
  readonly #handler: Handler;
  readonly #onFailure: (error: unknown) => void;
  readonly #ended: Promise<void>;
  #closing = false;
  #published = false;
  #idle = false;
  #wakeUp: (() => void) | undefined;

  constructor(
    database: BusDatabase,
    { topic, group, maxMessages }: SubscriptionOptions,
    handler: Handler,
    onFailure: (error: unknown) => void,
  ) {
    this.topic = topic;
    this.#database = database;
    this.#group = group;
    this.#maxMessages = maxMessages;
    this.#handler = handler;
    this.#onFailure = onFailure;
    this.#ended = this.#run();
  }

  /** Something was published. */
  wake(): void {
    this.#published = true;
    if (this.#idle) this.#wakeUp?.();
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#wakeUp?.();
    await this.#ended;
  }

  async #run(): Promise<void> {
    let done = await this.#retried(async () => this.#start());
    while (!this.#closing && done !== undefined) {
      this.#published = false;
      const from = done;
      const batch = await this.#retried(async () =>
        messagesAfter(this.#database, this.topic, from, this.#maxMessages),
      );
      const last = batch?.at(-1);
      if (batch === undefined) return;
      if (last === undefined) {
        this.#idle = true;
        if (!this.#published) await this.#pause(POLL_MS);
        this.#idle = false;
        continue;
      }
      const isDone = await deliver(
        this.#handler,
        batch.map((row) => received(this.topic, row)),
        {
          wanted: () => !this.#closing,
          pause: async (ms) => this.#pause(ms),
          onFailure: this.#onFailure,
        },
      );
      if (!isDone) return;
      done = last.number;
      // Not noted, they are told again after a restart.
      await this.#retried(async () => this.#note(last.number));
    }
  }

  async #start(): Promise<number> {
    if (this.#group === undefined) return 0;
    const row = await this.#database
      .selectFrom('bus_groups')
      .select('done')
      .where('topic', '=', this.topic)
      .where('name', '=', this.#group)
      .executeTakeFirst();
    return row?.done ?? 0;
  }

  async #note(done: number): Promise<void> {
    if (this.#group === undefined) return;
    await this.#database
      .insertInto('bus_groups')
      .values({ topic: this.topic, name: this.#group, done })
      .onConflict((conflict) => conflict.columns(['topic', 'name']).doUpdateSet({ done }))
      .execute();
  }

  /** Undefined: it was closed before it worked. */
  async #retried<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
    let result: Result | undefined;
    await deliver(
      async () => {
        result = await work();
      },
      [],
      {
        wanted: () => !this.#closing,
        pause: async (ms) => this.#pause(ms),
        onFailure: this.#onFailure,
      },
    );
    return result;
  }

  /** Ends early when it is to close; idle, also when something was published. */
  async #pause(ms: number): Promise<void> {
    if (this.#closing) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wakeUp = undefined;
  }
}

type Row = BusTables['bus_messages'];

/** Compacted topics keep the latest of a key. */
function tableOf(topic: Topic): 'bus_latest' | 'bus_messages' {
  return topic === topics.states ? 'bus_latest' : 'bus_messages';
}

async function append(
  database: BusDatabase,
  topic: Topic,
  messages: readonly Message[],
): Promise<void> {
  let number = await lastNumber(database, topic);
  const rows = messages.map(({ key, value }): Row => ({ topic, number: ++number, key, value }));
  if (tableOf(topic) === 'bus_messages') {
    for (let at = 0; at < rows.length; at += ROWS_A_STATEMENT) {
      await database
        .insertInto('bus_messages')
        .values(rows.slice(at, at + ROWS_A_STATEMENT))
        .execute();
    }
    return;
  }
  const latest = [...new Map(rows.map((row) => [row.key, row])).values()];
  for (let at = 0; at < latest.length; at += ROWS_A_STATEMENT) {
    await database
      .insertInto('bus_latest')
      .values(latest.slice(at, at + ROWS_A_STATEMENT))
      .onConflict((conflict) =>
        conflict.columns(['topic', 'key']).doUpdateSet((eb) => ({
          number: eb.ref('excluded.number'),
          value: eb.ref('excluded.value'),
        })),
      )
      .execute();
  }
}

async function lastNumber(database: BusDatabase, topic: Topic): Promise<number> {
  const row = await database
    .selectFrom(tableOf(topic))
    .select('number')
    .where('topic', '=', topic)
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.number ?? 0;
}

async function messagesAfter(
  database: BusDatabase,
  topic: Topic,
  after: number,
  limit: number,
): Promise<Row[]> {
  return database
    .selectFrom(tableOf(topic))
    .selectAll()
    .where('topic', '=', topic)
    .where('number', '>', after)
    .orderBy('number')
    .limit(limit)
    .execute();
}

function received(topic: Topic, { number, key, value }: Row): ReceivedMessage {
  return { key, value, place: `${topic}/${number}` };
}

function positionOf(number: number): Position {
  return { number: String(number) };
}
