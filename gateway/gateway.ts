import { totalmem } from 'node:os';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { ConnectionTests } from '#ingest/connection-tests.ts';
import { LiveStateBoard, plainState } from '#ingest/live-states.ts';
import { WorkerPool } from '#ingest/worker-pool.ts';
import { openCameras, type Cameras } from '#registry/cameras.ts';
import { openDatabases } from '#registry/database/open-databases.ts';
import { openRegistry } from '#registry/schema/open-registry.ts';
import type { RegistryDatabase } from '#registry/schema/tables.ts';
import { sealStoredPasswords } from '#registry/seal-passwords.ts';
import { openSecretBox, type SecretBox } from '#registry/secret-box.ts';
import { keepAudit, type AuditKeeper } from './audit/keeper.ts';
import type { Config } from './config.ts';
import { registerAuditRoutes } from './routes/audit.ts';
import { registerConnectionTestRoute } from './routes/connection-test.ts';
import { registerMetricsRoute } from './routes/metrics.ts';
import { buildServer } from './server.ts';

/** How streams are cut: half-second parts, two-second segments, no segment beyond four seconds. */
const CUTTING = { partAimMs: 500, segmentAimMs: 2_000, segmentMaxMs: 4_000 };
/** Three target durations (RFC 8216bis §6.2.2) and a segment to spare. */
const LIVE_WINDOW_MS = 14_000;
/** About a camera of 30 Mbit/s over the window; a heavier one has a shorter window. */
const LIVE_WINDOW_MAX_BYTES = 64 * 1024 * 1024;
/** Media may take this share of the memory that the machine, or its container, allows; over all workers. */
const MEDIA_MEMORY_SHARE = 0.6;
const LIST_PAGE = 500;

export interface Gateway {
  /** Where it listens. */
  url: string;
  cameras: Cameras;
  pool: WorkerPool;
  /** Stops serving, leaves every camera, closes the database; in this order. */
  close: () => Promise<void>;
}

/**
 * Starts everything of one process, in the order of need: database, workers, cameras, server.
 * Throws what the parts throw: DataFolderInUse, a busy port.
 */
export async function startGateway(config: Config, log: Logger): Promise<Gateway> {
  const databases = openDatabases(config);
  let registry: RegistryDatabase;
  let box: SecretBox;
  let audit: AuditKeeper;
  try {
    box = openSecretBox(config);
    registry = await openRegistry(databases);
    const sealed = await sealStoredPasswords(registry, box);
    if (sealed > 0) log.info({ cameras: sealed }, 'passwords of cameras sealed');
    audit = await keepAudit(databases, config, { now: Date.now, log });
  } catch (error) {
    await databases.close();
    throw error;
  }
  const cameras = openCameras(registry, { box, now: Date.now });
  const liveStates = new LiveStateBoard();
  const pool = new WorkerPool({
    workerUrl: new URL('camera-worker.ts', import.meta.url),
    workers: config.workers,
    settings: {
      cutting: CUTTING,
      poolMaxBytes: Math.floor((allowedMemory() * MEDIA_MEMORY_SHARE) / config.workers),
      cameraNetworks: config.cameraNetworks.ranges,
    },
    windowRules: {
      targetDurationSeconds: CUTTING.segmentMaxMs / 1000,
      keepMs: LIVE_WINDOW_MS,
      maxBytes: LIVE_WINDOW_MAX_BYTES,
    },
    states: liveStates,
    now: Date.now,
    log: (event, fields) => log.info(fields, event),
  });
  const connectionTests = new ConnectionTests({
    workerUrl: new URL('connection-test-worker.ts', import.meta.url),
    cameraNetworks: config.cameraNetworks.ranges,
  });

  try {
    cameras.onChanged(({ kind, camera, source, streamChanged }) => {
      if (!streamChanged) return;
      // Whatever was pulled ends now: its address is another, its area is closed, or it was deleted.
      if (source !== null) pool.add(source);
      else pool.remove(camera.id);
      if (kind !== 'deleted' && source === null) {
        liveStates.set(plainState(camera.id, 'not-linked', Date.now()));
      } else if (kind === 'deleted') {
        liveStates.remove(camera.id);
      }
    });
    for await (const id of unlinkedCameras(cameras)) {
      liveStates.set(plainState(id, 'not-linked', Date.now()));
    }
    pool.addAll(await cameras.streams());

    const server = buildServer({
      config,
      cameras,
      liveStates,
      log,
      audit: audit.log,
      window: (id) => pool.window(id),
      extraRoutes: [
        (app) => registerMetricsRoute(app, { pool, liveStates }),
        (app) => registerAuditRoutes(app, audit),
        (app) => registerConnectionTestRoute(app, { connectionTests }),
      ],
    });
    await server.listen({ host: config.host, port: config.port });
    const { address, port, family } = server.server.address() as AddressInfo;
    const host = family === 'IPv6' ? `[${address}]` : address;
    return {
      url: `http://${host}:${port}`,
      cameras,
      pool,
      async close() {
        await server.close();
        await connectionTests.stop();
        await pool.stop();
        await audit.close();
        await databases.close();
      },
    };
  } catch (error) {
    await pool.stop();
    await audit.close();
    await databases.close();
    throw error;
  }
}

/** Bytes. A container's limit counts where it is below the machine's memory; none reads as 0 or as a huge number. */
function allowedMemory(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

async function* unlinkedCameras(cameras: Cameras): AsyncGenerator<string> {
  let after: string | undefined;
  for (;;) {
    const page = await cameras.list({ after, limit: LIST_PAGE });
    for (const camera of page) if (camera.stream === null) yield camera.id;
    if (page.length < LIST_PAGE) return;
    after = page.at(-1)?.id;
  }
}
