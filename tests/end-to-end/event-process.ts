/**
 * A process that sees cameras fall and come back, as a gateway's main thread does, to be killed: `node event-process.ts '{…}'`. Says in JSON lines
 * how many of its transitions are on the disk, and when all are where they belong.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { sqliteDatabases } from '#registry/database/sqlite.ts';
import { openDatabases } from '#registry/database/open-databases.ts';
import { startCameraEvents } from '#registry/events/camera-events.ts';
import { openInProcessBus } from '#registry/events/in-process.ts';
import { openKafkaBus } from '#registry/events/kafka.ts';
import { OutboxStore } from '#registry/events/outbox-store.ts';
import { openRegistry } from '#registry/schema/open-registry.ts';
import { camerasIn } from '../registry/events/cameras-in.ts';
import type { EventProcessSettings, EventProcessLine } from './event-run.ts';

const CAMERAS = 20;
const TICK_MS = 10;
const quiet = { info: () => {}, warn: () => {} };

const settings = JSON.parse(process.argv[2] ?? '') as EventProcessSettings;
const databases = openDatabases({ dataDir: settings.dataDir });
const ofMachine = sqliteDatabases(settings.dataDir);
const registry = await openRegistry(databases);
let ids = (await registry.selectFrom('cameras').select('id').orderBy('id').execute()).map(
  ({ id }) => id,
);
if (ids.length === 0) ids = await camerasIn(registry, CAMERAS);
const { brokers } = settings;
const events = await startCameraEvents({
  database: registry,
  bus:
    brokers === undefined
      ? await openInProcessBus(databases, { onFailure: () => {} })
      : openKafkaBus({ brokers, clientId: 'event-process', log: quiet }),
  store: await OutboxStore.open(ofMachine),
  gateway: `process-${settings.from}`,
  now: Date.now,
  log: quiet,
});

function say(line: EventProcessLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** What was seen last of every camera is applied, published, and came back. */
function isAllThere(): boolean {
  if (events.counters().waiting > 0) return false;
  for (const { cameraId, state, atMs } of events.told()) {
    const condition = events.conditions.get(cameraId);
    if (condition?.state !== state || condition.atMs !== atMs) return false;
  }
  return true;
}

process.once('SIGTERM', () => {
  void (async () => {
    await events.close();
    await ofMachine.close();
    await databases.close();
    process.exit(0);
  })();
});

let held = settings.holdAfter ?? settings.count;
process.once('SIGUSR2', () => {
  held = settings.count;
});

say({ ready: true });
const startMs = performance.now();
let number = settings.from;
const end = settings.from + settings.count;
while (number < end) {
  const due = settings.from + ((performance.now() - startMs) / 1000) * settings.perSecond;
  for (; number < Math.min(settings.from + held, due); number++) {
    const cameraId = ids[number % ids.length] ?? '';
    // Another state each time, also after a start.
    const isUp = Math.floor(number / ids.length) % 2 === 0;
    events.record(
      {
        cameraId,
        atMs: Date.now(),
        state: isUp ? 'up' : 'down',
        previous: 'unknown',
        reason: isUp ? null : 'silent',
        measured: { number },
      },
      'worker-0',
    );
  }
  const upTo = number;
  void events.written().then(() => say({ written: upTo }));
  await wait(TICK_MS);
}
await events.written();
say({ written: number });
while (!isAllThere()) await wait(TICK_MS);
say({ idle: true });
