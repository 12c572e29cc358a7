import { join } from 'node:path';
import helmet from '@fastify/helmet';
import Fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
} from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { LiveStates } from '#ingest/live-states.ts';
import type { Area, Place } from '#registry/area.ts';
import type { Cameras } from '#registry/cameras.ts';
import type { Conditions } from '#registry/events/condition-board.ts';
import type { GivenNames } from '#registry/known-names.ts';
import type { Audit } from './audit/audit.ts';
import { auditActorOf } from './audit/request-entry.ts';
import type { LiveViews } from './audit/views.ts';
import { sessionCookieName } from './auth/credential.ts';
import type { DemoAccounts } from './auth/demo-accounts.ts';
import { livePermits } from './auth/live-permits.ts';
import type { OpenIdSignIn } from './auth/open-id.ts';
import type { People } from './auth/people.ts';
import { guardRoutes } from './auth/route-guard.ts';
import { boundBodies } from './body-deadline.ts';
import type { Config } from './config.ts';
import type { DeviceReadings } from './device-readings.ts';
import { httpErrorOf, type HttpError } from './errors.ts';
import { forwarding } from './forwarding.ts';
import { makeHttpServer } from './http-server.ts';
import { requestGuard } from './request-guard.ts';
import { limitRequests, type RequestLimits } from './request-limits.ts';
import { registerCameraRoutes } from './routes/cameras.ts';
import { registerEventRoute } from './routes/events.ts';
import type { StorageNotice } from '#storage/storage-notices.ts';
import { registerHealthRoutes } from './routes/health.ts';
import { liveHandler, type LiveDeps } from './routes/live.ts';
import { registerLiveStateRoute } from './routes/live-state.ts';
import { registerOpenApi } from './routes/openapi.ts';
import { registerPeopleRoutes } from './routes/people.ts';
import { registerProfileRoutes } from './routes/profile.ts';
import { registerSessionRoutes } from './routes/session.ts';
import { registerWeb } from './routes/web.ts';
import { securityHeaders } from './security-headers.ts';
import type { CountsFeed } from './survey-counts-feed.ts';

const MAX_BODY_BYTES = 64 * 1024;

export interface ServerDeps {
  config: Pick<Config, 'host'> & Partial<Pick<Config, 'trustProxy' | 'tls' | 'cameraNetworks'>>;
  cameras: Cameras;
  /** What an operator has to look at although the gateway serves. */
  notices?: () => readonly StorageNotice[];
  liveStates: LiveStates;
  /** What is seen of cameras; without it nothing is told of that. */
  conditions?: Conditions;
  log: FastifyBaseLogger;
  /** Where acts are recorded before they are done. */
  audit: Audit;
  people: People;
  /** What is being watched, as it is recorded. */
  views: Pick<LiveViews, 'touch' | 'end'>;
  /** Of which LAOs cameras are. */
  readPlaces: (cameraIds: readonly string[]) => Promise<Map<string, Place>>;
  readIdsWithin: (areas: readonly Area[]) => Promise<Set<string>>;
  /** LAOs of a name. */
  findLaos: (name: string) => Promise<Place[]>;
  /** An LAO as the list spells it, if the list has it. */
  canonicalLao: (given: Place) => Promise<Place>;
  /** Names that would be proposed to their lists. */
  namesNotListed: (given: GivenNames) => Promise<(keyof GivenNames)[]>;
  /** What devices told of themselves, and whom. */
  deviceReadings: DeviceReadings;
  demo?: DemoAccounts | undefined;
  openId?: OpenIdSignIn | undefined;
  /** Where `npm run build:web` puts the screens; there, unless a test says otherwise. */
  webFolder?: string;
  /** The live window of a camera; without it nothing is served under `/live/`. */
  window?: LiveDeps['window'];
  /** Tells where counts of the survey changed. */
  countsFeed?: Pick<CountsFeed, 'subscribe'>;
  requestLimits?: RequestLimits;
  /** Routes that need more than this server knows: metrics. */
  extraRoutes?: readonly ((app: FastifyInstance) => void)[];
}

/** The gateway's HTTP side, not listening yet. `close()` ends every connection. */
export function buildServer(deps: ServerDeps): FastifyInstance {
  const { config, people, audit, readPlaces, log } = deps;
  const { tls, trustProxy } = config;
  const { isTrusted, addressOf, hostOf } = forwarding(trustProxy ?? []);
  const guard = requestGuard({ host: config.host, behindProxy: trustProxy !== undefined, hostOf });
  // Who trusts a proxy has TLS there.
  const secureCookies = tls !== undefined || trustProxy !== undefined;
  const cookieName = sessionCookieName(secureCookies);
  const live = liveHandler({
    window: deps.window ?? (() => undefined),
    liveStates: deps.liveStates,
    refuse: (request) => httpErrorIf(guard(request)),
    permit: livePermits({
      admission: people.admission,
      cookieName,
      addressOf,
      readPlaces,
      views: deps.views,
      recordRefusal: async (actor, cameraId, from) =>
        audit.record({
          actor: auditActorOf(actor),
          action: 'access.refused',
          object: { kind: 'camera', id: cameraId },
          outcome: 'refused',
          from,
          detail: { action: 'camera.watch' },
        }),
    }).ask,
  });
  const app = Fastify({
    serverFactory: (handler) =>
      makeHttpServer(
        (request, response) => {
          if (!live(request, response)) handler(request, response);
        },
        {
          tls,
          isTrustedProxy: isTrusted,
          onCertificate: (outcome) => {
            if ('renewed' in outcome) log.info('the TLS certificate was renewed');
            else log.error({ err: outcome.error }, 'the TLS certificate could not be renewed');
          },
        },
      ),
    loggerInstance: log,
    // Not one line a request: a wall of cameras makes hundreds a second.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: MAX_BODY_BYTES,
    trustProxy: isTrusted,
    forceCloseConnections: true,
    frameworkErrors: (error, _request, reply) => {
      answerError(reply, httpErrorOf(error));
    },
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  // JSON is the only body taken; a form of another site's page can send text/plain.
  app.removeContentTypeParser('text/plain');
  app.setErrorHandler((error, request, reply) => {
    const httpError = httpErrorOf(error);
    if (httpError.status === 500) {
      request.log.error(
        { err: error, method: request.method, route: request.routeOptions.url },
        'request failed',
      );
    }
    answerError(reply, httpError);
  });
  // Called, not registered: that waits for its turn, and what the hooks below refuse would go out without headers.
  void helmet(app, securityHeaders({ secure: secureCookies }));
  app.addHook('onRequest', async (request) => {
    const refusal = guard(request.raw);
    if (refusal !== undefined) throw refusal;
  });
  limitRequests(app, deps.requestLimits);
  boundBodies(app);
  guardRoutes(app, {
    admission: people.admission,
    accounts: people.accounts,
    readPlaces,
    audit,
    cookieName,
  });
  registerOpenApi(app);
  void app.register(async (scope) => {
    registerCameraRoutes(scope, deps);
    registerLiveStateRoute(scope, deps);
    registerEventRoute(scope, deps);
    registerHealthRoutes(scope, deps);
    registerSessionRoutes(scope, { people, secureCookies, demo: deps.demo, openId: deps.openId });
    registerProfileRoutes(scope, { people, secureCookies });
    registerPeopleRoutes(scope, deps);
    for (const register of deps.extraRoutes ?? []) register(scope);
  });
  registerWeb(app, { webFolder: deps.webFolder ?? join(import.meta.dirname, 'web/dist') });
  return app;
}

function httpErrorIf(error: Error | undefined): HttpError | undefined {
  return error === undefined ? undefined : httpErrorOf(error);
}

function answerError(
  reply: FastifyReply,
  { status, code, message, details, retryAfter }: HttpError,
): void {
  if (retryAfter !== undefined) void reply.header('Retry-After', retryAfter);
  void reply
    .code(status)
    .header('Cache-Control', 'no-store')
    .type('application/json; charset=utf-8')
    .serializer(JSON.stringify)
    .send({ error: { code, message, ...(details === undefined ? {} : { details }) } });
}
