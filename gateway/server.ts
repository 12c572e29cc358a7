import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { join } from 'node:path';
import helmet from '@fastify/helmet';
import proxyAddr from '@fastify/proxy-addr';
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
import type { Audit } from './audit/audit.ts';
import { auditActorOf } from './audit/request-entry.ts';
import type { LiveViews } from './audit/views.ts';
import { sessionCookieName } from './auth/credential.ts';
import type { DemoAccounts } from './auth/demo-accounts.ts';
import { livePermits } from './auth/live-permits.ts';
import type { OpenIdSignIn } from './auth/open-id.ts';
import type { People } from './auth/people.ts';
import { guardRoutes } from './auth/route-guard.ts';
import type { Config } from './config.ts';
import { httpErrorOf, type HttpError } from './errors.ts';
import { requestGuard } from './request-guard.ts';
import { registerCameraRoutes } from './routes/cameras.ts';
import { registerEventRoute } from './routes/events.ts';
import { registerHealthRoutes } from './routes/health.ts';
import { liveHandler, type LiveDeps } from './routes/live.ts';
import { registerLiveStateRoute } from './routes/live-state.ts';
import { registerOpenApi } from './routes/openapi.ts';
import { registerPeopleRoutes } from './routes/people.ts';
import { registerProfileRoutes } from './routes/profile.ts';
import { registerSessionRoutes } from './routes/session.ts';
import { registerWeb } from './routes/web.ts';

const MAX_BODY_BYTES = 64 * 1024;
/** Beyond these, new connections are closed. */
const MAX_CONNECTIONS = 10_000;
/** For a request to come in whole. */
const REQUEST_TIMEOUT_MS = 15_000;
/** Without a byte in either direction; event streams beat more often, and playlists wait less. */
const IDLE_TIMEOUT_MS = 60_000;

export interface ServerDeps {
  config: Pick<Config, 'host'> & Partial<Pick<Config, 'trustProxy'>>;
  /** PEM. */
  tls?: { cert: Buffer; key: Buffer } | undefined;
  cameras: Cameras;
  liveStates: LiveStates;
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
  demo?: DemoAccounts | undefined;
  openId?: OpenIdSignIn | undefined;
  /** Where `npm run build:web` puts the screens; there, unless a test says otherwise. */
  webFolder?: string;
  /** The live window of a camera; without it nothing is served under `/live/`. */
  window?: LiveDeps['window'];
  /** Routes that need more than this server knows: metrics. */
  extraRoutes?: readonly ((app: FastifyInstance) => void)[];
}

/** The gateway's HTTP side, not listening yet. `close()` ends every connection. */
export function buildServer(deps: ServerDeps): FastifyInstance {
  const { config, tls, people, audit, readPlaces } = deps;
  const { trustProxy } = config;
  const guard = requestGuard({ host: config.host, behindProxy: trustProxy !== undefined });
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
      addressOf: addressBehind(trustProxy),
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
    serverFactory: (handler) => {
      const answer = (request: IncomingMessage, response: ServerResponse): void => {
        if (!live(request, response)) handler(request, response);
      };
      const server = tls === undefined ? createServer(answer) : createTlsServer(tls, answer);
      server.requestTimeout = REQUEST_TIMEOUT_MS;
      server.setTimeout(IDLE_TIMEOUT_MS);
      // Node's own 5 s is hardly more than a wall's players let pass between two requests.
      server.keepAliveTimeout = IDLE_TIMEOUT_MS;
      server.maxConnections = MAX_CONNECTIONS;
      return server;
    },
    loggerInstance: deps.log,
    // Not one line a request: a wall of cameras makes hundreds a second.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: MAX_BODY_BYTES,
    ...(trustProxy === undefined ? {} : { trustProxy: [...trustProxy] }),
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
  app.addHook('onRequest', async (request) => {
    const refusal = guard(request.raw);
    if (refusal !== undefined) throw refusal;
  });
  guardRoutes(app, {
    admission: people.admission,
    accounts: people.accounts,
    readPlaces,
    audit,
    cookieName,
  });
  void app.register(helmet, securityHeaders);
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

/** The address that a request came from, past the proxies that are trusted; as Fastify's `request.ip`. */
function addressBehind(
  trustProxy: readonly string[] | undefined,
): (request: IncomingMessage) => string | null {
  if (trustProxy === undefined) return (request) => request.socket.remoteAddress ?? null;
  const isTrusted = proxyAddr.compile([...trustProxy]);
  return (request) => proxyAddr(request, isTrusted);
}

function httpErrorIf(error: Error | undefined): HttpError | undefined {
  return error === undefined ? undefined : httpErrorOf(error);
}

const securityHeaders = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'self'"],
      scriptSrc: ["'self'"],
      // Mantine writes its variables into style elements.
      styleSrc: ["'self'", "'unsafe-inline'"],
      imgSrc: ["'self'", 'data:', 'blob:'],
      // hls.js plays through a MediaSource, whose address is a blob, and demuxes in a worker made of one.
      mediaSrc: ["'self'", 'blob:'],
      workerSrc: ["'self'", 'blob:'],
      objectSrc: ["'none'"],
      baseUri: ["'none'"],
      formAction: ["'self'"],
      frameAncestors: ["'none'"],
    },
  },
  // Plain HTTP on this machine; TLS comes with accounts.
  strictTransportSecurity: false,
  referrerPolicy: { policy: 'no-referrer' as const },
};

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
