import { isNewer } from './camera-event.ts';
import { topics, type EventBus, type ReceivedMessage, type Subscription } from './event-bus.ts';
import { observedCondition, type ObservedCondition } from './observed-state.ts';

/** States handed on at once. */
const MAX_TAKEN_AT_ONCE = 500;

export interface Conditions {
  get(cameraId: string): ObservedCondition | undefined;
  all(): Iterable<ObservedCondition>;
  /** Told after it is in the registry, also when another gateway applied it. Returns how to end the subscription. */
  subscribe(listener: (condition: ObservedCondition) => void): () => void;
}

/** What is seen now of every camera of the registry, in memory for the screens; kept up by `cctv.camera.state`. */
export class ConditionBoard implements Conditions {
  readonly #conditions = new Map<string, ObservedCondition>();
  readonly #listeners = new Set<(condition: ObservedCondition) => void>();

  get(cameraId: string): ObservedCondition | undefined {
    return this.#conditions.get(cameraId);
  }

  all(): Iterable<ObservedCondition> {
    return this.#conditions.values();
  }

  subscribe(listener: (condition: ObservedCondition) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What is stored, whatever was known before. */
  load(conditions: Iterable<ObservedCondition>): void {
    this.#conditions.clear();
    for (const condition of conditions) this.#set(condition);
  }

  /** Newer ones count; states may come again, and late. */
  take(condition: ObservedCondition): void {
    const known = this.#conditions.get(condition.cameraId);
    if (known === undefined || isNewer(condition, known)) this.#set(condition);
  }

  remove(cameraId: string): void {
    this.#conditions.delete(cameraId);
  }

  /** Whatever is published, taken. */
  follow(bus: Pick<EventBus, 'subscribe'>): Subscription {
    return bus.subscribe(
      { topic: topics.states, group: undefined, maxMessages: MAX_TAKEN_AT_ONCE },
      async (messages) => {
        for (const message of messages) {
          const condition = parse(message);
          if (condition !== undefined) this.take(condition);
        }
      },
    );
  }

  #set(condition: ObservedCondition): void {
    this.#conditions.set(condition.cameraId, condition);
    for (const listener of this.#listeners) listener(condition);
  }
}

/** Undefined: what somebody else put into the topic. */
function parse({ value }: ReceivedMessage): ObservedCondition | undefined {
  try {
    const result = observedCondition.safeParse(JSON.parse(value));
    return result.success ? result.data : undefined;
  } catch {
    return undefined;
  }
}
