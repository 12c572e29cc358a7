import { hostname } from 'node:os';
import type { Logger } from 'pino';
import type { Databases } from '#registry/database/database.ts';
import { sqliteDatabases } from '#registry/database/sqlite.ts';
import { startCameraEvents, type CameraEvents } from '#registry/events/camera-events.ts';
import type { EventBus } from '#registry/events/event-bus.ts';
import { openInProcessBus } from '#registry/events/in-process.ts';
import { OutboxStore } from '#registry/events/outbox-store.ts';
import type { RegistryDatabase } from '#registry/schema/tables.ts';
import type { Config } from './config.ts';

/**
 * Events of cameras' condition as they are configured: Kafka, or the bus in the process; and the outbox on this machine's
 * disk in either case. Throws what the databases throw; a Kafka that is away is waited for.
 */
export async function startEventsOf(
  config: Pick<Config, 'dataDir' | 'kafkaBrokers'>,
  { databases, registry, log }: { databases: Databases; registry: RegistryDatabase; log: Logger },
): Promise<CameraEvents> {
  // The folder is this process's already.
  const ofMachine = sqliteDatabases(config.dataDir);
  const gateway = hostname();
  let bus: EventBus | undefined;
  try {
    bus = await openBus(config, { databases, clientId: `cctv-gateway-${gateway}`, log });
    const events = await startCameraEvents({
      database: registry,
      bus,
      store: await OutboxStore.open(ofMachine),
      gateway,
      now: Date.now,
      log: {
        info: (fields, message) => log.info(fields, message),
        warn: (fields, message) => log.warn(fields, message),
      },
    });
    return {
      ...events,
      async close() {
        await events.close();
        await ofMachine.close();
      },
    };
  } catch (error) {
    await bus?.close();
    await ofMachine.close();
    throw error;
  }
}

async function openBus(
  { kafkaBrokers }: Pick<Config, 'kafkaBrokers'>,
  { databases, clientId, log }: { databases: Databases; clientId: string; log: Logger },
): Promise<EventBus> {
  if (kafkaBrokers === undefined) {
    return openInProcessBus(databases, {
      onFailure: (err) => log.warn({ err }, 'events were not dealt with: again'),
    });
  }
  // Its client is only in the memory of who uses it.
  const { openKafkaBus } = await import('#registry/events/kafka.ts');
  return openKafkaBus({
    brokers: kafkaBrokers,
    clientId,
    log: {
      info: (fields, message) => log.debug(fields, message),
      warn: (fields, message) => log.warn(fields, message),
    },
  });
}
