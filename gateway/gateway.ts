import type { AddressInfo } from 'node:net';
import type { FastifyInstance, RouteOptions } from 'fastify';
import type { Logger } from 'pino';
import type { WorkerPool } from '#ingest/worker-pool.ts';
import { readIdsWithin, readPlaces } from '#registry/camera-places.ts';
import type { Cameras } from '#registry/cameras.ts';
import { findLaos } from '#registry/find-laos.ts';
import { namesNotListed } from '#registry/known-names.ts';
import { apiRoutes, type Running } from './api-routes.ts';
import { trackViews } from './audit/views.ts';
import { makeDemoAccounts } from './auth/demo-accounts.ts';
import { openIdSignIn } from './auth/open-id.ts';
import type { People } from './auth/people.ts';
import type { Config } from './config.ts';
import { startEventsOf } from './events.ts';
import { openFoundation } from './foundation.ts';
import { startKeepers } from './keepers.ts';
import { pullRegistered } from './linked-cameras.ts';
import { followOthers } from './others-changes.ts';
import { openMaintenance } from './maintenance.ts';
import { startPulling } from './pulling.ts';
import { openQuestions } from './questions.ts';
import { startRecordingOf } from './recording.ts';
import { buildServer } from './server.ts';

/** More LAOs of one name than that are one too many anyway. */
const MAX_LAOS_OF_A_NAME = 100;

export interface Gateway {
  /** Where it listens. */
  url: string;
  /** Makes the first administrator; undefined when somebody has an account. Once, and only while this process runs. */
  setupLink: string | undefined;
  cameras: Cameras;
  people: People;
  /** Every route, with its rule. */
  routes: readonly RouteOptions[];
  pool: WorkerPool;
  /**
   * Stops serving, leaves every camera, closes the databases: what was started last ends first, and all of it does, whichever part
   * of it fails. `stuck`: all is closed, and a thread waits for its disk: `process.exit` would wait for it.
   */
  close: () => Promise<'ended' | 'stuck'>;
}

/**
 * Starts everything of one process, in the order of need: databases, recording, workers, cameras, server.
 * Throws what the parts throw, when all that was started has ended: DataFolderInUse, ObjectStoreRefused, a busy port.
 */
export async function startGateway(config: Config, log: Logger): Promise<Gateway> {
  const parts = new AsyncDisposableStack();
  try {
    return await startParts(config, { parts, log });
  } catch (error) {
    await parts.disposeAsync().catch((err: unknown) => {
      log.error({ err }, 'what had started did not end cleanly');
    });
    throw error;
  }
}

/** Each part says to `parts`, once it runs, how it ends. */
async function startParts(
  config: Config,
  { parts, log }: { parts: AsyncDisposableStack; log: Logger },
): Promise<Gateway> {
  const foundation = await openFoundation(config, { parts, log });
  const { databases, registry, cameras, people, audit } = foundation;
  let recorders: 'ended' | 'stuck' = 'ended';
  const recording = await startRecordingOf(config, { databases, cameras, audit, log });
  parts.defer(async () => {
    recorders = await recording.stop();
  });
  const events = await startEventsOf(config, { databases, registry, log });
  parts.defer(async () => events.close());
  const pulling = await startPulling(config, { registry, recording, events, parts, log });
  await pullRegistered(pulling, { ...foundation, recording, events, log });
  if (config.databaseUrl !== undefined) {
    const others = followOthers(pulling, { cameras, recording, log });
    parts.defer(async () => others.stop());
  }
  const keepers = startKeepers(config, { ...foundation, pulling, recording, events, parts, log });
  const questions = openQuestions(config, { cameras, registry, parts, log });
  const running = { foundation, recording, events, pulling, keepers, questions };
  const server = await serverOf(config, running, { parts, log });
  parts.defer(async () => server.close());
  await server.listen({ host: config.host, port: config.port });
  const { liveStates, pool } = pulling;
  const maintenance = { ...foundation, liveStates, events, recording, log };
  const admin = await openMaintenance(config.dataDir, maintenance);
  parts.defer(async () => admin?.close());
  const url = urlOf(config, server.server.address() as AddressInfo);
  const isNew = await people.accounts.isEmpty();
  for (const warning of config.warnings) log.warn(warning);
  return {
    url,
    setupLink: isNew ? `${url}/setup#${people.setupToken}` : undefined,
    cameras,
    people,
    routes: server.guardedRoutes,
    pool,
    async close() {
      await parts.disposeAsync();
      return recorders;
    },
  };
}

/** The HTTP side, not listening yet. What is watched by it is recorded as over before anything else ends. */
async function serverOf(
  config: Config,
  running: Running,
  { parts, log }: { parts: AsyncDisposableStack; log: Logger },
): Promise<FastifyInstance> {
  const { foundation, recording, events, pulling, keepers, questions } = running;
  const { registry, cameras, people, audit, laos } = foundation;
  const views = trackViews({
    audit: audit.log,
    now: () => performance.now(),
    onLost: (err, { cameraId }) =>
      log.error({ err, cameraId }, 'the end of a view was not recorded'),
  });
  parts.defer(async () => views.close());
  return buildServer({
    config,
    people,
    views,
    readPlaces: async (ids) => readPlaces(registry, ids),
    readIdsWithin: async (areas) => readIdsWithin(registry, areas),
    findLaos: async (name) => findLaos(registry, name, MAX_LAOS_OF_A_NAME),
    canonicalLao: async (given) => laos.canonical(given),
    namesNotListed: async (given) => namesNotListed(registry, given),
    deviceReadings: questions.deviceReadings,
    demo:
      config.demoAccounts === undefined
        ? undefined
        : await makeDemoAccounts(people, config.demoAccounts),
    openId: config.openId === undefined ? undefined : openIdSignIn(config.openId, people.accounts),
    cameras,
    liveStates: pulling.liveStates,
    conditions: events.conditions,
    log,
    notices: () => recording.notices(),
    audit: audit.log,
    window: (id) => pulling.pool.window(id),
    countsFeed: keepers.survey.feed,
    extraRoutes: apiRoutes(config, running),
  });
}

function urlOf({ tls }: Pick<Config, 'tls'>, { address, port, family }: AddressInfo): string {
  const host = family === 'IPv6' ? `[${address}]` : address;
  return `${tls === undefined ? 'http' : 'https'}://${host}:${port}`;
}
