import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';
import { openDatabases } from '#registry/database/open-databases.ts';
import { cameraEvent, isNewer, type CameraEvent } from '#registry/events/camera-event.ts';
import { topics } from '#registry/events/event-bus.ts';
import { openInProcessBus } from '#registry/events/in-process.ts';
import { openKafkaBus } from '#registry/events/kafka.ts';
import { readConditions } from '#registry/events/observed-rows.ts';
import { observe, type ObservedCondition } from '#registry/events/observed-state.ts';
import { rebuildConditions } from '#registry/events/rebuild.ts';
import { openRegistry } from '#registry/schema/open-registry.ts';

const PROCESS = new URL('event-process.ts', import.meta.url).pathname;

export interface EventProcessSettings {
  dataDir: string;
  /** Undefined: the bus in the process. */
  brokers: string[] | undefined;
  /** Transitions are numbered, over all processes on a folder. */
  from: number;
  count: number;
  perSecond: number;
  /** After so many it waits to be told to go on. */
  holdAfter?: number;
}

export type EventProcessLine = { ready: true } | { written: number } | { idle: true };

export class EventProcess {
  readonly #child: ChildProcess;
  /** Transitions below this number were on the disk. */
  written = 0;
  idle = false;
  ready = false;

  constructor(settings: EventProcessSettings) {
    this.#child = spawn(process.execPath, [PROCESS, JSON.stringify(settings)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const { stdout } = this.#child;
    if (stdout === null) throw new Error('no output');
    createInterface({ input: stdout }).on('line', (text) => {
      const line = JSON.parse(text) as EventProcessLine;
      if ('written' in line) this.written = Math.max(this.written, line.written);
      else if ('idle' in line) this.idle = true;
      else this.ready = true;
    });
  }

  goOn(): void {
    this.#child.kill('SIGUSR2');
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill(signal);
    await exit;
  }
}

/**
 * Nothing that was written below `written` is missing, everything is once in the history, each camera's in order, and what is seen
 * now is what a recount of the topic says. Nobody may run on the folder.
 */
export async function expectNothingLost(
  { dataDir, brokers }: Pick<EventProcessSettings, 'dataDir' | 'brokers'>,
  written: number,
): Promise<{ events: number; toldAgain: number }> {
  const databases = openDatabases({ dataDir });
  const registry = await openRegistry(databases);
  const bus =
    brokers === undefined
      ? await openInProcessBus(databases, { onFailure: () => {} })
      : openKafkaBus({ brokers, clientId: 'recount', log: { info: () => {}, warn: () => {} } });
  try {
    const first = new Map<string, CameraEvent>();
    const last = new Map<string, CameraEvent>();
    const recount = new Map<string, ObservedCondition>();
    const numbers = new Set<unknown>();
    const disorder: string[] = [];
    let messages = 0;
    await bus.read(topics.events, undefined, async (batch) => {
      for (const { value } of batch) {
        messages++;
        const event = cameraEvent.parse(JSON.parse(value));
        if (first.has(event.eventId)) continue;
        first.set(event.eventId, event);
        numbers.add(event.measured['number']);
        const before = last.get(event.cameraId);
        const next = before?.epoch === event.epoch ? before.sequence + 1 : 1;
        const isNext = before === undefined || isNewer(event, before);
        if (!isNext || event.sequence !== next) disorder.push(JSON.stringify({ before, event }));
        last.set(event.cameraId, event);
        recount.set(event.cameraId, observe(recount.get(event.cameraId), event));
      }
    });
    expect(disorder).toEqual([]);
    const missing = Array.from({ length: written }, (_, i) => i).filter((n) => !numbers.has(n));
    expect(missing).toEqual([]);
    const history = await registry.selectFrom('camera_events').select('event_id').execute();
    expect(new Set(history.map(({ event_id }) => event_id))).toEqual(new Set(first.keys()));
    const seen = await readConditions(registry);
    expect(seen).toHaveLength(recount.size);
    for (const condition of seen) {
      expect(isDeepStrictEqual(condition, recount.get(condition.cameraId))).toBe(true);
    }
    expect(await rebuildConditions(registry, bus)).toMatchObject({ corrected: 0, unreadable: 0 });
    return { events: first.size, toldAgain: messages - first.size };
  } finally {
    await bus.close();
    await databases.close();
  }
}
