/**
 * The port that events of cameras pass: kept in order, and told to whoever subscribes. At least once, in order of a key (the
 * camera). Two adapters: `in-process.ts` keeps messages in the database, `kafka.ts` in Kafka. What to do when the bus is away
 * is decided above it, once: `outbox.ts` publishes again, and `deliver` below hands on again.
 */
export interface EventBus {
  /**
   * Resolves when all are kept; messages of one key stay in the order given. When it throws, some may have been kept:
   * publish all of them again. Throws BusUnavailable.
   */
  publish(topic: Topic, messages: readonly Message[]): Promise<void>;
  /** Begins at once, or as soon as the bus is there; goes on until it is closed. */
  subscribe(subscription: SubscriptionOptions, handler: Handler): Subscription;
  /**
   * What is kept of a topic, from `after` (undefined: its beginning) to its end as it is now. Returns where that was, for a
   * later call. Throws BusUnavailable, and what `handler` throws.
   */
  read(topic: Topic, after: Position | undefined, handler: Handler): Promise<Position>;
  close(): Promise<void>;
}

/** Events are kept for ever; of states and only of states, the latest of a key is. */
export const topics = {
  events: 'cctv.camera.events',
  states: 'cctv.camera.state',
  deadLetters: 'cctv.camera.events.dead-letter',
} as const;
export type Topic = (typeof topics)[keyof typeof topics];

export interface Message {
  /** Whose order is kept. */
  key: string;
  value: string;
}

/** As it comes from outside: anything may stand in it. */
export interface ReceivedMessage extends Message {
  /** Where it lies, for people. */
  place: string;
}

/** Of one topic on one adapter; nothing else can be told of it. */
export type Position = Readonly<Record<string, string>>;

export interface SubscriptionOptions {
  topic: Topic;
  /**
   * Of a group, each message goes to one member, and a new member goes on where the group was. Without, a subscriber sees all
   * that is kept of the topic, and then what is published; and the same again after a restart.
   */
  group: string | undefined;
  /** Messages handed on at once. */
  maxMessages: number;
}

/** Resolves when the messages were dealt with; they are not told again then. */
export type Handler = (messages: readonly ReceivedMessage[]) => Promise<void>;

export interface Subscription {
  /** Resolves when the handler runs no more. What it had not dealt with is told again next time. */
  close(): Promise<void>;
}

/** Not now. Whoever published tries again. */
export class BusUnavailable extends Error {
  readonly code = 'bus_unavailable';
}

/** Between two tries of one batch, at first and at most. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;

export function pauseMs(attempt: number): number {
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempt, 10));
}

/**
 * Hands a batch on until it is dealt with: a database that is away comes back. `false`: given up, because nobody wants it any
 * more (`wanted`); it is told again. `pause` waits, and ends early when nobody wants it.
 */
export async function deliver(
  handler: Handler,
  messages: readonly ReceivedMessage[],
  options: {
    wanted: () => boolean;
    pause: (ms: number) => Promise<void>;
    onFailure: (error: unknown) => void;
  },
): Promise<boolean> {
  for (let attempt = 0; options.wanted(); attempt++) {
    try {
      await handler(messages);
      return true;
    } catch (error) {
      options.onFailure(error);
      await options.pause(pauseMs(attempt));
    }
  }
  return false;
}
