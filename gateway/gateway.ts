import { totalmem } from 'node:os';
import type { AddressInfo } from 'node:net';
import type { RouteOptions } from 'fastify';
import type { Logger } from 'pino';
import { ConnectionTests } from '#ingest/connection-tests.ts';
import { fetchStill } from '#ingest/device-still.ts';
import { LiveStateBoard, plainState } from '#ingest/live-states.ts';
import { WorkerPool } from '#ingest/worker-pool.ts';
import { isAllowed } from '#registry/camera-networks.ts';
import { readIdsWithin, readPlaces } from '#registry/camera-places.ts';
import { camerasAtAddresses } from '#registry/cameras-at-address.ts';
import { openBudgetSources } from '#registry/budget-sources.ts';
import { checkRegistry } from '#registry/check-registry.ts';
import { openCameras, type Cameras } from '#registry/cameras.ts';
import { declarationsOf } from '#registry/declarations.ts';
import type { CameraEvents } from '#registry/events/camera-events.ts';
import { conditionHistory } from '#registry/events/condition-history.ts';
import { openLaoPlaces } from '#registry/lao-places.ts';
import { openLaos } from '#registry/laos.ts';
import { openStreamBaselines } from '#registry/stream-baselines.ts';
import { openSites } from '#registry/sites.ts';
import { openDatabases } from '#registry/database/open-databases.ts';
import { findLaos } from '#registry/find-laos.ts';
import { openImports } from '#registry/inventory/imports.ts';
import { DeviceCalls } from '#registry/onvif/device-calls.ts';
import { openDiscoveries } from '#registry/onvif/discoveries.ts';
import { openRepairs } from '#registry/repairs.ts';
import { openRegistry } from '#registry/schema/open-registry.ts';
import type { RegistryDatabase } from '#registry/schema/tables.ts';
import { sealStoredPasswords } from '#registry/seal-passwords.ts';
import { openSecretBox, type SecretBox } from '#registry/secret-box.ts';
import { keepAudit, type AuditKeeper } from './audit/keeper.ts';
import { trackViews } from './audit/views.ts';
import { makeDemoAccounts } from './auth/demo-accounts.ts';
import { openIdSignIn } from './auth/open-id.ts';
import { openPeople, type People } from './auth/people.ts';
import { openConditions } from './conditions.ts';
import type { Config } from './config.ts';
import { keepCounts } from './counts-keeper.ts';
import { keepNotices } from './notices/keeper.ts';
import { startEventsOf } from './events.ts';
import { startRecordingOf } from './recording.ts';
import { registerAuditRoutes } from './routes/audit.ts';
import { registerBaselineRoutes } from './routes/baseline.ts';
import { registerConditionRoute } from './routes/condition.ts';
import { registerConnectionTestRoute } from './routes/connection-test.ts';
import {
  AdminSocketNotPossible,
  openAdminSocket,
  type AdminCommand,
  type AdminSocket,
} from './admin-socket.ts';
import { watchIncidents } from './incident-watch.ts';
import { openDeviceReadings } from './device-readings.ts';
import { storeMeasuredStreams } from './measured-streams.ts';
import { registerOnvifDiscoveryRoutes } from './routes/onvif-discoveries.ts';
import { registerOnvifStillRoute } from './routes/onvif-still.ts';
import { registerOnvifRoutes } from './routes/onvif.ts';
import { registerCameraCountRoute } from './routes/camera-counts.ts';
import { registerDeclarationRoutes } from './routes/declarations.ts';
import { registerDeletionRoute } from './routes/deletions.ts';
import { registerNoticeRoutes } from './routes/notices.ts';
import { registerPlaceRoutes } from './routes/places.ts';
import { registerFootageRoutes } from './routes/footage.ts';
import { registerDownloadRoutes } from './routes/footage-downloads.ts';
import { registerHoldRoutes } from './routes/holds.ts';
import { registerIncidentRoute } from './routes/incidents.ts';
import { registerInventoryRoutes } from './routes/inventory.ts';
import { registerRepairRoutes } from './routes/repairs.ts';
import { registerMetricsRoute } from './routes/metrics.ts';
import { registerShorteningRoutes } from './routes/shortenings.ts';
import { registerStorageRoutes } from './routes/storage.ts';
import { mayStill } from './auth/may-still.ts';
import { keepSearch } from './search-keeper.ts';
import { signedLinks } from './signed-links.ts';
import { registerSurveyCountRoutes } from './routes/survey-counts.ts';
import { registerSurveyReturnRoutes } from './routes/survey-returns.ts';
import { registerSurveyRoundRoutes } from './routes/survey-rounds.ts';
import { buildServer } from './server.ts';
import { surveyNotices } from './survey-notices.ts';
import { startSurvey } from './survey.ts';

/** How streams are cut: half-second parts, two-second segments, no segment beyond four seconds. */
const CUTTING = { partAimMs: 500, segmentAimMs: 2_000, segmentMaxMs: 4_000 };
/** Three target durations (RFC 8216bis §6.2.2) and a segment to spare. */
const LIVE_WINDOW_MS = 14_000;
/** About a camera of 30 Mbit/s over the window; a heavier one has a shorter window. */
const LIVE_WINDOW_MAX_BYTES = 64 * 1024 * 1024;
/** Media may take this share of the memory that the machine, or its container, allows; over all workers. */
const MEDIA_MEMORY_SHARE = 0.6;
const LIST_PAGE = 500;
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
  /** Stops serving, leaves every camera, closes the database; in this order. */
  /** `stuck`: all is closed, and a thread waits for its disk: `process.exit` would wait for it. */
  close: () => Promise<'ended' | 'stuck'>;
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
  let people: People;
  let events: CameraEvents;
  try {
    box = openSecretBox(config);
    registry = await openRegistry(databases);
    const sealed = await sealStoredPasswords(registry, box);
    if (sealed > 0) log.info({ cameras: sealed }, 'passwords of cameras sealed');
    audit = await keepAudit(databases, config, { now: Date.now, log });
    people = await openPeople(databases, {
      now: Date.now,
      laos: openLaoPlaces(registry, openLaos(registry, { now: Date.now })),
      box,
      adminToken: config.adminToken,
      log,
    });
    events = await startEventsOf(config, { databases, registry, log });
  } catch (error) {
    await databases.close();
    throw error;
  }
  const cameras = openCameras(registry, { box, now: Date.now });
  const views = trackViews({
    audit: audit.log,
    now: () => performance.now(),
    onLost: (err, { cameraId }) =>
      log.error({ err, cameraId }, 'the end of a view was not recorded'),
  });
  const sites = openSites(registry, { now: Date.now });
  const laos = openLaos(registry, { now: Date.now });
  const liveStates = new LiveStateBoard();
  const recording = await startRecordingOf(config, { databases, cameras, audit, log });
  const baselines = openStreamBaselines(registry, { now: Date.now });
  const conditions = await openConditions({ rules: config.condition, baselines, log });
  for (const told of events.told()) conditions.feed.restore(told.cameraId, told);
  conditions.feed.subscribe((transition, seer) => events.record(transition, seer));
  const pool = new WorkerPool({
    workerUrl: new URL('camera-worker.ts', import.meta.url),
    workers: config.workers,
    settings: {
      cutting: CUTTING,
      condition: conditions.settings,
      poolMaxBytes: Math.floor((allowedMemory() * MEDIA_MEMORY_SHARE) / config.workers),
      cameraNetworks: config.cameraNetworks.ranges,
    },
    windowRules: {
      targetDurationSeconds: CUTTING.segmentMaxMs / 1000,
      keepMs: LIVE_WINDOW_MS,
      maxBytes: LIVE_WINDOW_MAX_BYTES,
    },
    states: liveStates,
    follower: recording.follower,
    conditions: conditions.feed,
    looks: conditions.looks,
    now: Date.now,
    log: (event, fields) => log.info(fields, event),
  });
  const connectionTests = new ConnectionTests({
    workerUrl: new URL('connection-test-worker.ts', import.meta.url),
    cameraNetworks: config.cameraNetworks.ranges,
  });
  const deviceCalls = new DeviceCalls({
    workerUrl: new URL('onvif-worker.ts', import.meta.url),
    cameraNetworks: config.cameraNetworks.ranges,
  });
  const discoveries = openDiscoveries(deviceCalls, Date.now);
  const deviceReadings = openDeviceReadings(Date.now);

  try {
    cameras.onChanged(({ kind, camera, source, streamChanged }) => {
      if (!streamChanged) return;
      recording.setRecorded(camera.id, source?.record === true);
      // Whatever was pulled ends now: its address is another, its area is closed, or it was deleted.
      if (source !== null) {
        void conditions.streamChanged(camera.id, (baseline) =>
          pool.setBaseline(camera.id, baseline),
        );
        pool.add(source);
      } else {
        pool.remove(camera.id);
      }
      if (kind !== 'deleted' && source === null) {
        liveStates.set(plainState(camera.id, 'not-linked', Date.now()));
        conditions.feed.notLinked(camera.id);
      } else if (kind === 'deleted') {
        liveStates.remove(camera.id);
        conditions.feed.removed(camera.id);
        events.deleted(camera.id);
      }
      if (kind === 'restored') {
        events
          .restored(camera.id)
          .catch((err: unknown) => log.error({ err, cameraId: camera.id }, 'condition not read'));
      }
    });
    sites.onChanged(({ id }) => {
      // What a site can bear goes with every stream of it.
      cameras.streams(id).then(
        (sources) => pool.addAll(sources),
        (error: unknown) => log.error({ err: error, siteId: id }, 'site not dialled anew'),
      );
    });
    for await (const id of unlinkedCameras(cameras)) {
      liveStates.set(plainState(id, 'not-linked', Date.now()));
    }
    recording.onTurn(() => {
      cameras.streams().then(
        (sources) => pool.addAll(sources.filter(({ record }) => record)),
        (error: unknown) => log.error({ err: error }, 'cameras not dialled anew to be recorded'),
      );
    });
    pool.addAll(await cameras.streams());
    const measured = storeMeasuredStreams({ cameras, liveStates, log });
    const incidents = watchIncidents({
      database: registry,
      feed: conditions.feed,
      now: Date.now,
      log,
    });

    const notices = keepNotices({
      config: config.notices,
      registry,
      people: people.database,
      box,
      surveyNotices: async (sinceMs) => surveyNotices(registry, { sinceMs, nowMs: Date.now() }),
      now: Date.now,
      log,
    });
    const counts = keepCounts({ registry, log });
    const search = keepSearch({ registry, log });
    const survey = startSurvey({ registry, cameras, log, now: Date.now });
    events.conditions.subscribe(({ cameraId }) => survey.feed.touch([cameraId]));

    const imports = openImports(cameras, {
      cameraNetworks: config.cameraNetworks.ranges,
      now: Date.now,
      onFailure: (err) => log.error({ err }, 'import failed'),
    });
    const demo =
      config.demoAccounts === undefined
        ? undefined
        : await makeDemoAccounts(people, config.demoAccounts);
    const placesOf = async (ids: readonly string[]) => readPlaces(registry, ids);
    const footageLinks = signedLinks(box.keyFor('footage links'), Date.now);
    const server = buildServer({
      config,
      people,
      views,
      readPlaces: placesOf,
      readIdsWithin: async (areas) => readIdsWithin(registry, areas),
      findLaos: async (name) => findLaos(registry, name, MAX_LAOS_OF_A_NAME),
      canonicalLao: async (given) => laos.canonical(given),
      deviceReadings,
      demo,
      openId:
        config.openId === undefined ? undefined : openIdSignIn(config.openId, people.accounts),
      cameras,
      liveStates,
      conditions: events.conditions,
      log,
      notices: () => recording.notices(),
      audit: audit.log,
      window: (id) => pool.window(id),
      countsFeed: survey.feed,
      extraRoutes: [
        (app) =>
          registerDeclarationRoutes(app, {
            cameras,
            readPlaces: async (ids) => readPlaces(registry, ids),
            declarationsOf: async (id) => declarationsOf(registry, id),
          }),
        (app) =>
          registerNoticeRoutes(app, {
            board: notices.board,
            people: people.database,
            box,
            mailPossible: config.notices.mail !== undefined,
            webhookNetworks: config.notices.webhookNetworks,
            now: Date.now,
          }),
        (app) =>
          registerRepairRoutes(app, {
            repairs: openRepairs(registry, { cameras, now: Date.now }),
            registry,
            readPlaces: async (ids) => readPlaces(registry, ids),
            now: Date.now,
          }),
        (app) => registerMetricsRoute(app, { pool, liveStates, recording, events }),
        (app) =>
          registerConditionRoute(app, {
            cameras,
            conditions: events.conditions,
            history: async (id, query) => conditionHistory(registry, id, query),
          }),
        (app) => registerAuditRoutes(app, audit),
        (app) =>
          registerFootageRoutes(app, {
            footage: recording,
            shortenings: recording.shortenings,
            links: footageLinks,
            now: Date.now,
          }),
        (app) =>
          registerDownloadRoutes(app, {
            footage: recording,
            cameras,
            links: footageLinks,
            mayDownload: async (accountId, cameraId) =>
              mayStill(accountId, 'footage.download', cameraId, {
                accounts: people.accounts,
                readPlaces: placesOf,
              }),
            now: Date.now,
          }),
        (app) => registerHoldRoutes(app, { holds: recording.holds, readPlaces: placesOf }),
        (app) =>
          registerStorageRoutes(app, {
            use: () => recording.use(),
            notices: () => recording.notices(),
            waiting: () => recording.counters().spool,
            bounds: recording.spoolBounds,
            retentionDays: async (id) => (await recording.shortenings.retention(id)).days,
            readPlaces: placesOf,
            now: Date.now,
          }),
        (app) =>
          registerShorteningRoutes(app, {
            shortenings: recording.shortenings,
            readPlaces: placesOf,
          }),
        (app) => registerDeletionRoute(app, { footage: recording, readPlaces: placesOf }),
        (app) =>
          registerBaselineRoutes(app, {
            cameras,
            baselines,
            onCorrected: (id, baseline) => {
              conditions.feed.setBaseline(id, baseline);
              pool.setBaseline(id, baseline);
            },
          }),
        (app) => registerSurveyCountRoutes(app, survey.deps),
        (app) => registerSurveyRoundRoutes(app, survey.deps),
        (app) => registerSurveyReturnRoutes(app, survey.deps),
        (app) => registerIncidentRoute(app, { registry, now: Date.now }),
        (app) => registerConnectionTestRoute(app, { connectionTests }),
        (app) =>
          registerOnvifRoutes(app, {
            deviceCalls,
            cameras,
            camerasAt: async (urls) => camerasAtAddresses(registry, urls),
            cameraNetworks: config.cameraNetworks,
            deviceReadings,
          }),
        (app) =>
          registerOnvifDiscoveryRoutes(app, {
            discoveries,
            cameraNetworks: config.cameraNetworks,
          }),
        (app) =>
          registerOnvifStillRoute(app, {
            fetchStill: async (order) =>
              fetchStill(order, (address) => isAllowed(config.cameraNetworks, address)),
          }),
        (app) =>
          registerInventoryRoutes(app, {
            imports,
            cameras,
            liveStates,
            conditions: events.conditions,
            audit: audit.log,
          }),
        (app) => registerCameraCountRoute(app, { registry }),
        (app) =>
          registerPlaceRoutes(app, {
            laos,
            budgetSources: openBudgetSources(registry, { now: Date.now }),
            sites,
          }),
      ],
    });
    await server.listen({ host: config.host, port: config.port });
    const admin = await adminSocket(config.dataDir, log, {
      status: async () => ({ cameras: byState(liveStates) }),
      'rebuild-conditions': async () => ({ ...(await events.rebuild()) }),
      'check-registry': async () => ({ ...(await checkRegistry(registry, box)) }),
      reconcile: async ({ repair, deep, giveUp }) => ({
        ...(await recording.reconcile({
          repair: repair === 'true',
          deep: deep === 'true',
          giveUp,
        })),
      }),
      'verify-recordings': async ({ day }) => ({ ...(await recording.verify(day)) }),
    });
    const { address, port, family } = server.server.address() as AddressInfo;
    const host = family === 'IPv6' ? `[${address}]` : address;
    const url = `${config.tls === undefined ? 'http' : 'https'}://${host}:${port}`;
    for (const warning of config.warnings) log.warn(warning);
    return {
      url,
      setupLink: (await people.accounts.isEmpty())
        ? `${url}/setup#${people.setupToken}`
        : undefined,
      cameras,
      people,
      routes: server.guardedRoutes,
      pool,
      async close() {
        await admin?.close();
        await server.close();
        await notices.close();
        people.close();
        await views.close();
        await connectionTests.stop();
        discoveries.close();
        await deviceCalls.stop();
        await imports.close();
        await survey.close();
        await counts.close();
        await search.close();
        measured.close();
        await incidents.close();
        await pool.stop();
        conditions.feed.stop();
        await conditions.close();
        await events.close();
        const recorders = await recording.stop();
        await audit.close();
        await databases.close();
        return recorders;
      },
    };
  } catch (error) {
    people.close();
    await views.close();
    await pool.stop();
    await conditions.close();
    await events.close();
    await recording.stop();
    await audit.close();
    await databases.close();
    throw error;
  }
}

/** Maintenance can wait where the system has no such socket, or the folder's path is too long for one. */
async function adminSocket(
  dataDir: string,
  log: Logger,
  commands: Readonly<Record<string, AdminCommand>>,
): Promise<AdminSocket | undefined> {
  try {
    return await openAdminSocket(dataDir, commands);
  } catch (error) {
    if (!(error instanceof AdminSocketNotPossible)) throw error;
    log.warn({ err: error }, 'maintenance commands cannot reach this server');
    return undefined;
  }
}

function byState(liveStates: LiveStateBoard): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { state } of liveStates.all()) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

/** Bytes. A container's limit counts where it is below the machine's memory; none reads as 0 or as a huge number. */
function allowedMemory(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

async function* unlinkedCameras(cameras: Cameras): AsyncGenerator<string> {
  let after: string | undefined;
  for (;;) {
    const page = await cameras.list({ linked: false, after, limit: LIST_PAGE });
    for (const { id } of page) yield id;
    if (page.length < LIST_PAGE) return;
    after = page.at(-1)?.id;
  }
}
