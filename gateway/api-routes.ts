import type { FastifyInstance } from 'fastify';
import { fetchStill } from '#ingest/device-still.ts';
import { openBudgetSources } from '#registry/budget-sources.ts';
import { isAllowed } from '#registry/camera-networks.ts';
import { isInClosedArea, readPlaces } from '#registry/camera-places.ts';
import { camerasAtAddresses } from '#registry/cameras-at-address.ts';
import { declarationsOf } from '#registry/declarations.ts';
import { templateFor } from '#registry/inventory/template-for.ts';
import type { CameraEvents } from '#registry/events/camera-events.ts';
import { conditionHistory } from '#registry/events/condition-history.ts';
import { openRepairs } from '#registry/repairs.ts';
import type { RecordingService } from '#storage/recording-service.ts';
import { ClosedAreaNotWatched, unlessClosed } from './closed-area-footage.ts';
import type { Action } from './auth/actions.ts';
import { mayStill } from './auth/may-still.ts';
import { NotAllowed } from './auth/refusal.ts';
import type { Config } from './config.ts';
import { footageUnderWay } from './footage-under-way.ts';
import type { Foundation } from './foundation.ts';
import type { Keepers } from './keepers.ts';
import type { Pulling } from './pulling.ts';
import type { Questions } from './questions.ts';
import { auditNames } from './audit-names.ts';
import { registerAuditRoutes } from './routes/audit.ts';
import { registerBaselineRoutes } from './routes/baseline.ts';
import { registerCameraCountRoute } from './routes/camera-counts.ts';
import { registerConditionRoute } from './routes/condition.ts';
import { registerConnectionTestRoute } from './routes/connection-test.ts';
import { registerDeclarationRoutes } from './routes/declarations.ts';
import { registerDeletionRoute } from './routes/deletions.ts';
import { registerDownloadRoutes } from './routes/footage-downloads.ts';
import { registerFootageRoutes } from './routes/footage.ts';
import { registerHoldRoutes } from './routes/holds.ts';
import { registerIncidentRoute } from './routes/incidents.ts';
import { registerInventoryRoutes } from './routes/inventory.ts';
import { registerMetricsRoute } from './routes/metrics.ts';
import { registerNoticeRoutes } from './routes/notices.ts';
import { registerOnvifDiscoveryRoutes } from './routes/onvif-discoveries.ts';
import { registerOnvifStillRoute } from './routes/onvif-still.ts';
import { registerCameraSnapshotRoute } from './routes/camera-snapshot.ts';
import { openDeviceStills } from './device-stills.ts';
import { registerOnvifRoutes } from './routes/onvif.ts';
import { registerPlaceRoutes } from './routes/places.ts';
import { registerRepairRoutes } from './routes/repairs.ts';
import { registerShorteningRoutes } from './routes/shortenings.ts';
import { registerStorageRoutes } from './routes/storage.ts';
import { registerSurveyCountRoutes } from './routes/survey-counts.ts';
import { registerSurveyReturnRoutes } from './routes/survey-returns.ts';
import { registerSurveyRoundRoutes } from './routes/survey-rounds.ts';
import { signedLinks } from './signed-links.ts';

/** All that routes are answered from. */
export interface Running {
  foundation: Foundation;
  recording: RecordingService;
  events: CameraEvents;
  pulling: Pulling;
  keepers: Keepers;
  questions: Questions;
}

/** The routes that need more than the server itself knows, each given what it asks for. */
export function apiRoutes(
  config: Pick<Config, 'notices' | 'cameraNetworks'>,
  running: Running,
): readonly ((app: FastifyInstance) => void)[] {
  return [
    (app) => registerRegistryRoutes(app, running),
    (app) => registerConditionRoutes(app, running),
    (app) => registerRecordingRoutes(app, running),
    (app) => registerSurveyRoutes(app, running),
    (app) => registerDeviceRoutes(app, config, running),
    (app) => registerOperationRoutes(app, config, running),
  ];
}

/** What is registered, and what people say of it. */
function registerRegistryRoutes(
  app: FastifyInstance,
  { foundation, pulling, events, questions }: Running,
): void {
  const { registry, cameras, laos, sites, people, audit } = foundation;
  const placesOf = async (ids: readonly string[]) => readPlaces(registry, ids);
  const now = Date.now;
  const budgetSources = openBudgetSources(registry, { now });
  registerPlaceRoutes(app, {
    laos,
    budgetSources,
    sites,
    countPeople: async (lao) => people.accounts.countOf(lao),
  });
  registerCameraCountRoute(app, {
    registry,
    liveStates: pulling.liveStates,
    conditions: events.conditions,
  });
  registerInventoryRoutes(app, {
    imports: questions.imports,
    cameras,
    liveStates: pulling.liveStates,
    conditions: events.conditions,
    templateFor: async (areas) => templateFor(registry, areas),
    audit: audit.log,
  });
  registerDeclarationRoutes(app, {
    cameras,
    readPlaces: placesOf,
    declarationsOf: async (id) => declarationsOf(registry, id),
  });
  const repairs = openRepairs(registry, { cameras, now });
  registerRepairRoutes(app, { repairs, registry, readPlaces: placesOf, now });
}

/** What is seen of cameras. */
function registerConditionRoutes(
  app: FastifyInstance,
  { foundation, pulling, events }: Running,
): void {
  const { registry, cameras } = foundation;
  const { pool, conditions, baselines } = pulling;
  registerConditionRoute(app, {
    cameras,
    conditions: events.conditions,
    history: async (id, query) => conditionHistory(registry, id, query),
  });
  registerBaselineRoutes(app, {
    cameras,
    baselines,
    onCorrected: (id, baseline) => {
      conditions.feed.setBaseline(id, baseline);
      pool.setBaseline(id, baseline);
    },
  });
  registerIncidentRoute(app, { registry, now: Date.now });
}

/** What is recorded: played, taken away, kept, deleted. */
function registerRecordingRoutes(app: FastifyInstance, { foundation, recording }: Running): void {
  const { registry, cameras, people, box } = foundation;
  const { shortenings, holds } = recording;
  const placesOf = async (ids: readonly string[]) => readPlaces(registry, ids);
  const now = Date.now;
  const links = signedLinks(box.keyFor('footage links'), now);
  const isClosed = async (id: string): Promise<boolean> => isInClosedArea(registry, id);
  const footage = unlessClosed(recording, isClosed);
  const may = async (accountId: string, action: Action, cameraId: string): Promise<boolean> =>
    mayStill(accountId, action, cameraId, { accounts: people.accounts, readPlaces: placesOf });
  const whileAllowed = footageUnderWay(async ({ cameraId, accountId, action }) => {
    if (await isClosed(cameraId)) return new ClosedAreaNotWatched();
    return (await may(accountId, action, cameraId))
      ? undefined
      : new NotAllowed('the right that this was asked for with has ended');
  });
  registerFootageRoutes(app, { footage, shortenings, links, whileAllowed, now });
  registerDownloadRoutes(app, {
    footage,
    cameras,
    links,
    mayDownload: async (accountId, cameraId) => may(accountId, 'footage.download', cameraId),
    whileAllowed,
    now,
  });
  registerHoldRoutes(app, { holds, readPlaces: placesOf });
  registerStorageRoutes(app, {
    use: () => recording.use(),
    notices: () => recording.notices(),
    waiting: () => recording.counters().spool,
    bounds: recording.spoolBounds,
    retentionDays: async (id) => (await shortenings.retention(id)).days,
    readPlaces: placesOf,
    now,
  });
  registerShorteningRoutes(app, { shortenings, readPlaces: placesOf });
  registerDeletionRoute(app, { footage, readPlaces: placesOf });
}

function registerSurveyRoutes(app: FastifyInstance, { keepers: { survey } }: Running): void {
  registerSurveyCountRoutes(app, survey.deps);
  registerSurveyRoundRoutes(app, survey.deps);
  registerSurveyReturnRoutes(app, survey.deps);
}

/** Devices tried, looked for and asked. */
function registerDeviceRoutes(
  app: FastifyInstance,
  { cameraNetworks }: Pick<Config, 'cameraNetworks'>,
  { foundation, questions }: Running,
): void {
  const { registry, cameras } = foundation;
  const { connectionTests, deviceCalls, deviceReadings, discoveries } = questions;
  registerConnectionTestRoute(app, { connectionTests });
  registerOnvifRoutes(app, {
    deviceCalls,
    cameras,
    camerasAt: async (urls) => camerasAtAddresses(registry, urls),
    cameraNetworks,
    deviceReadings,
  });
  registerOnvifDiscoveryRoutes(app, { discoveries, cameraNetworks });
  const deviceStills = openDeviceStills(async (order) =>
    fetchStill(order, (address) => isAllowed(cameraNetworks, address)),
  );
  registerOnvifStillRoute(app, { deviceStills });
  registerCameraSnapshotRoute(app, { cameras, deviceStills });
}

/** What people are told, who did what, and how the gateway fares. */
function registerOperationRoutes(
  app: FastifyInstance,
  config: Pick<Config, 'notices'>,
  { foundation, pulling, events, recording, keepers }: Running,
): void {
  const { people, box, audit, registry } = foundation;
  const { pool, liveStates } = pulling;
  registerNoticeRoutes(app, {
    board: keepers.notices.board,
    people: people.database,
    box,
    mailPossible: config.notices.mail !== undefined,
    webhookNetworks: config.notices.webhookNetworks,
    now: Date.now,
  });
  registerAuditRoutes(app, audit, async (ids) =>
    auditNames({ registry, people: people.database }, ids),
  );
  registerMetricsRoute(app, { pool, liveStates, recording, events });
}
