import { setTimeout as wait } from 'node:timers/promises';
import type { CameraEvent } from './camera-event.ts';
import { collapseAll } from './collapse.ts';
import { pauseMs, topics, type EventBus } from './event-bus.ts';
import type { OutboxStore } from './outbox-store.ts';

/** Events written to the disk, or told to the bus, at once. */
const AT_ONCE = 500;
/** Events that wait for a disk that takes nothing, before each camera's are collapsed in memory too. */
const MAX_UNWRITTEN = 50_000;
/** For what waits to be told, while the process ends. */
const LAST_WORDS_MS = 2_000;
/** Over a bound that cannot be kept (two events of each camera), collapsing is tried again when so much more waits. */
const MORE = 1.1;
/** Ages are looked at this often in the time that is allowed. */
const LOOKS_AN_AGE = 100;

export interface OutboxBounds {
  maxBytes: number;
  maxAgeMs: number;
}
/** 1 GB, 7 days. Beyond either, a camera's waiting events collapse (collapse.ts). */
export const DEFAULT_BOUNDS: OutboxBounds = {
  maxBytes: 1_000_000_000,
  maxAgeMs: 7 * 24 * 3_600_000,
};

export interface OutboxCounters {
  published: number;
  /** Transitions that are not known one by one any more. */
  collapsed: number;
  /** Waiting now. */
  waiting: number;
  waitingBytes: number;
}

/**
 * Where events of this gateway wait, in order, until the bus has them: on this machine's own disk, whatever the bus and the
 * registry's database do. Two loops: what was added → disk; disk → bus, the same again until it is taken.
 */
export class Outbox {
  readonly #store: OutboxStore;
  readonly #bus: Pick<EventBus, 'publish'>;
  readonly #bounds: OutboxBounds;
  readonly #now: () => number;
  readonly #log: { warn: (fields: object, message: string) => void };
  readonly #closing = new AbortController();
  readonly #writing: Promise<void>;
  readonly #publishing: Promise<void>;
  #unwritten: CameraEvent[] = [];
  /** How many of those, the first, are being written. */
  #beingWritten = 0;
  #maxUnwritten = MAX_UNWRITTEN;
  #whenWritten: (() => void)[] = [];
  readonly #added = new Signal();
  readonly #stored = new Signal();
  #published = 0;
  #collapsed = 0;
  #nextCollapseBytes: number;
  #nextCollapseMs = 0;
  #over = false;

  constructor(options: {
    store: OutboxStore;
    bus: Pick<EventBus, 'publish'>;
    bounds?: Partial<OutboxBounds>;
    /** Unix ms. */
    now: () => number;
    log: { warn: (fields: object, message: string) => void };
  }) {
    this.#store = options.store;
    this.#bus = options.bus;
    this.#bounds = { ...DEFAULT_BOUNDS, ...options.bounds };
    this.#nextCollapseBytes = this.#bounds.maxBytes;
    this.#now = options.now;
    this.#log = options.log;
    this.#writing = this.#write();
    this.#publishing = this.#publish();
  }

  /** On the disk soon. */
  add(event: CameraEvent): void {
    this.#unwritten.push(event);
    if (this.#unwritten.length > this.#maxUnwritten) this.#collapseUnwritten();
    this.#added.give();
  }

  /** Resolves when all that was added is on the disk. */
  async written(): Promise<void> {
    if (this.#unwritten.length === 0) return;
    await new Promise<void>((resolve) => this.#whenWritten.push(resolve));
  }

  counters(): OutboxCounters {
    return {
      published: this.#published,
      collapsed: this.#collapsed,
      waiting: this.#store.count + this.#unwritten.length,
      waitingBytes: this.#store.bytes,
    };
  }

  /** Writes all; tells the bus what goes quickly, and leaves the rest on the disk. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#added.give();
    await this.#writing;
    this.#stored.give();
    await Promise.race([this.#publishing, wait(LAST_WORDS_MS, undefined, { ref: false })]);
    this.#over = true;
  }

  async #write(): Promise<void> {
    let attempt = 0;
    for (;;) {
      if (this.#unwritten.length === 0) {
        for (const resolve of this.#whenWritten.splice(0)) resolve();
        if (this.#closing.signal.aborted) return;
        await this.#added.given();
        continue;
      }
      const events = this.#unwritten.slice(0, AT_ONCE);
      this.#beingWritten = events.length;
      try {
        await this.#store.append(events);
        this.#unwritten.splice(0, events.length);
        this.#maxUnwritten = MAX_UNWRITTEN;
        this.#stored.give();
        attempt = 0;
      } catch (error) {
        this.#log.warn({ err: error, events: this.#unwritten.length }, 'events wait for the disk');
        if (this.#closing.signal.aborted && attempt > 0) {
          this.#log.warn({ events: this.#unwritten.length }, 'events are lost: no disk took them');
          this.#unwritten = [];
        }
        await this.#pause(attempt++);
      }
      this.#beingWritten = 0;
    }
  }

  async #publish(): Promise<void> {
    let attempt = 0;
    while (!this.#over) {
      try {
        // Here, where nothing is on its way.
        await this.#collapseStored();
        const waiting = await this.#store.oldest(AT_ONCE);
        if (waiting.length === 0) {
          if (this.#closing.signal.aborted) return;
          await this.#stored.given();
          continue;
        }
        await this.#bus.publish(topics.events, waiting);
        // If the process ends here, they are told again: applying knows them by their ids.
        await this.#store.remove(waiting);
        this.#published += waiting.length;
        attempt = 0;
      } catch (error) {
        const fields = { err: error, waiting: this.#store.count };
        if (attempt === 0) this.#log.warn(fields, 'events wait for the bus');
        if (this.#closing.signal.aborted) return;
        await this.#pause(attempt++);
      }
    }
  }

  async #collapseStored(): Promise<void> {
    const { maxBytes, maxAgeMs } = this.#bounds;
    const nowMs = this.#now();
    if (this.#store.bytes > this.#nextCollapseBytes) {
      await this.#collapseBefore(Number.MAX_SAFE_INTEGER);
      this.#nextCollapseBytes = Math.max(maxBytes, this.#store.bytes * MORE);
    } else if (this.#store.count > 0 && nowMs >= this.#nextCollapseMs) {
      await this.#collapseBefore(nowMs - maxAgeMs);
      this.#nextCollapseMs = nowMs + maxAgeMs / LOOKS_AN_AGE;
    }
    if (this.#store.bytes <= maxBytes) this.#nextCollapseBytes = maxBytes;
  }

  async #collapseBefore(beforeMs: number): Promise<void> {
    const { cameras, transitions } = await this.#store.collapse(beforeMs);
    if (cameras === 0) return;
    this.#collapsed += transitions;
    this.#log.warn({ cameras, transitions }, 'too much waits for the bus: the latest is kept');
  }

  #collapseUnwritten(): void {
    const rest = collapseAll(this.#unwritten.slice(this.#beingWritten));
    const before = this.#unwritten.length;
    this.#unwritten = [...this.#unwritten.slice(0, this.#beingWritten), ...rest];
    this.#collapsed += before - this.#unwritten.length;
    this.#maxUnwritten = Math.max(MAX_UNWRITTEN, this.#unwritten.length * MORE);
  }

  async #pause(attempt: number): Promise<void> {
    const { signal } = this.#closing;
    await wait(pauseMs(attempt), undefined, { signal }).catch(() => {});
  }
}

/** One waits; given before, it need not. */
class Signal {
  #isGiven = false;
  #wake: (() => void) | undefined;

  give(): void {
    this.#isGiven = true;
    this.#wake?.();
  }

  async given(): Promise<void> {
    if (!this.#isGiven) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#isGiven = false;
    this.#wake = undefined;
  }
}
