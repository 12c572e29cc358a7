/**
 * `npm run bench:events`: events from the bus into the registry, a second: what a country's outage asks of the applier. Each is on the disk
 * when it counts. Also told again (all duplicates), and rebuilt from the topic.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openDatabases } from '#registry/database/open-databases.ts';
import { applyEvents } from '#registry/events/apply-events.ts';
import { MAX_APPLIED_AT_ONCE, startApplying } from '#registry/events/applier.ts';
import type { CameraEvent } from '#registry/events/camera-event.ts';
import { topics } from '#registry/events/event-bus.ts';
import { openInProcessBus } from '#registry/events/in-process.ts';
import { rebuildConditions } from '#registry/events/rebuild.ts';
import { openRegistry } from '#registry/schema/open-registry.ts';
import { uuidV7Source } from '#registry/uuid-v7.ts';
import { startPostgres } from '../contracts/postgres-server.ts';
import { missingParts } from '../end-to-end/machine.ts';
import { camerasIn } from '../registry/events/cameras-in.ts';
import { markdownTable, report, rounded } from './results.ts';

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '50000' },
    cameras: { type: 'string', default: '5000' },
    append: { type: 'boolean', default: false },
  },
});
const count = Number(values.events);
const cameras = Number(values.cameras);
const nextId = uuidV7Source(Date.now);

function eventsOf(ids: readonly string[], epoch: number): CameraEvent[] {
  return Array.from({ length: count }, (_, i): CameraEvent => {
    const turn = Math.floor(i / ids.length);
    return {
      eventId: nextId(),
      cameraId: ids[i % ids.length] ?? '',
      epoch,
      sequence: turn + 1,
      atMs: Date.now(),
      state: turn % 2 === 0 ? 'down' : 'up',
      previous: turn % 2 === 0 ? 'up' : 'down',
      reason: turn % 2 === 0 ? 'silent' : null,
      measured: { silentMs: 15_000 },
      worker: 'gateway/worker-0',
    };
  });
}

async function perSecond(work: () => Promise<void>): Promise<number> {
  const startMs = performance.now();
  await work();
  return (count * 1000) / (performance.now() - startMs);
}

async function run(kind: string, databaseUrl?: string): Promise<string[]> {
  const dataDir = mkdtempSync(join(tmpdir(), 'bench-events-'));
  const databases = openDatabases({ dataDir, databaseUrl });
  try {
    const registry = await openRegistry(databases);
    const ids = await camerasIn(registry, cameras);
    const bus = await openInProcessBus(databases, { onFailure: (error) => console.error(error) });
    const first = eventsOf(ids, 1);
    const applied = await perSecond(async () => {
      for (let at = 0; at < count; at += MAX_APPLIED_AT_ONCE) {
        await applyEvents(registry, first.slice(at, at + MAX_APPLIED_AT_ONCE));
      }
    });
    const again = await perSecond(async () => {
      for (let at = 0; at < count; at += MAX_APPLIED_AT_ONCE) {
        await applyEvents(registry, first.slice(at, at + MAX_APPLIED_AT_ONCE));
      }
    });
    const messages = eventsOf(ids, 2).map((event) => ({
      key: event.cameraId,
      value: JSON.stringify(event),
    }));
    const published = await perSecond(async () => {
      for (let at = 0; at < count; at += MAX_APPLIED_AT_ONCE) {
        await bus.publish(topics.events, messages.slice(at, at + MAX_APPLIED_AT_ONCE));
      }
    });
    const consumed = await perSecond(async () => {
      const applier = startApplying({
        bus,
        database: registry,
        now: Date.now,
        onPoison: console.error,
      });
      while (applier.counters.applied < count) await wait(5);
      await applier.close();
    });
    const rebuilt = await perSecond(async () => {
      await rebuildConditions(registry, bus);
    });
    await bus.close();
    return [kind, ...[applied, again, published, consumed, rebuilt].map((rate) => rounded(rate))];
  } finally {
    await databases.close();
    rmSync(dataDir, { recursive: true });
  }
}

const rows = [await run('SQLite')];
if (missingParts('containers').length === 0) {
  const container = await startPostgres();
  try {
    rows.push(await run('PostgreSQL 15, in memory', container.getConnectionUri()));
  } finally {
    await container.stop();
  }
}
report(
  'Events applied',
  `${count} events of ${cameras} cameras, ${MAX_APPLIED_AT_ONCE} a transaction; events a second.\n\n${markdownTable(
    [
      'database',
      'applied',
      'told again',
      'published to the bus',
      'bus → registry → states published',
      'rebuilt from the topic',
    ],
    rows,
  )}`,
  values.append,
);
