import type { RegistryDatabase } from '../schema/tables.ts';
import { applyEvents } from './apply-events.ts';
import { cameraEvent, type CameraEvent } from './camera-event.ts';
import {
  topics,
  type EventBus,
  type Message,
  type ReceivedMessage,
  type Subscription,
} from './event-bus.ts';

/** Who applies; all gateways are of one group. */
const GROUP = 'cctv-apply';
/** Events of one transaction. */
export const MAX_APPLIED_AT_ONCE = 500;
/** Of a dead letter: what was not understood is kept up to this. */
const MAX_KEPT_CHARACTERS = 64 * 1024;

export interface ApplierCounters {
  applied: number;
  duplicates: number;
  deadLetters: number;
}

export interface Applier extends Subscription {
  counters: Readonly<ApplierCounters>;
}

/**
 * Takes events from the bus into the registry, batch by batch: what cannot be read or kept becomes a dead letter with its reason, and the
 * rest goes on. Then what is seen now is published, for the screens of every gateway. A batch that was broken off anywhere
 * comes again from its beginning.
 */
export function startApplying({
  bus,
  database,
  now,
  onPoison,
}: {
  bus: EventBus;
  database: RegistryDatabase;
  /** Unix ms. */
  now: () => number;
  onPoison: (letter: { place: string; reason: string }) => void;
}): Applier {
  const counters: ApplierCounters = { applied: 0, duplicates: 0, deadLetters: 0 };

  async function apply(messages: readonly ReceivedMessage[]): Promise<void> {
    const read: { message: ReceivedMessage; event: CameraEvent }[] = [];
    const refused: { message: ReceivedMessage; reason: string }[] = [];
    for (const message of messages) {
      const result = parse(message);
      if ('event' in result) read.push({ message, event: result.event });
      else refused.push({ message, reason: result.reason });
    }
    const { conditions, duplicates, poison } = await applyEvents(
      database,
      read.map(({ event }) => event),
    );
    for (const { event, reason } of poison) {
      const message = read.find((one) => one.event === event)?.message;
      if (message !== undefined) refused.push({ message, reason });
    }
    await bus.publish(
      topics.deadLetters,
      refused.map(({ message, reason }) => deadLetter(message, reason, now())),
    );
    await bus.publish(
      topics.states,
      conditions.map((condition) => ({
        key: condition.cameraId,
        value: JSON.stringify(condition),
      })),
    );
    for (const { message, reason } of refused) onPoison({ place: message.place, reason });
    counters.applied += read.length - poison.length - duplicates;
    counters.duplicates += duplicates;
    counters.deadLetters += refused.length;
  }

  const subscription = bus.subscribe(
    { topic: topics.events, group: GROUP, maxMessages: MAX_APPLIED_AT_ONCE },
    apply,
  );
  return { counters, close: async () => subscription.close() };
}

/** The event in a message, or what is wrong with it. */
export function parse({ key, value }: Message): { event: CameraEvent } | { reason: string } {
  let json: unknown;
  try {
    json = JSON.parse(value);
  } catch {
    return { reason: 'it is not JSON' };
  }
  const result = cameraEvent.safeParse(json);
  if (!result.success) {
    const [issue] = result.error.issues;
    return { reason: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not an event'}` };
  }
  // Else its order among the camera's others would be nobody's promise.
  if (key !== result.data.cameraId) return { reason: 'its key is not its camera' };
  return { event: result.data };
}

/** Documented in asyncapi.json. */
function deadLetter(message: ReceivedMessage, reason: string, atMs: number): Message {
  const { key, value, place } = message;
  return {
    key,
    value: JSON.stringify({ place, reason, atMs, value: value.slice(0, MAX_KEPT_CHARACTERS) }),
  };
}
