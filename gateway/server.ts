import { createServer } from 'node:http';
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
import type { Cameras } from '#registry/cameras.ts';
import type { Audit } from './audit/audit.ts';
import type { Config } from './config.ts';
import { httpErrorOf, type HttpError } from './errors.ts';
import { requestGuard } from './request-guard.ts';
import { registerCameraRoutes } from './routes/cameras.ts';
import { registerEventRoute } from './routes/events.ts';
import { registerHealthRoutes } from './routes/health.ts';
import { liveHandler, type LiveDeps } from './routes/live.ts';
import { registerLiveStateRoute } from './routes/live-state.ts';
import { registerOpenApi } from './routes/openapi.ts';
import { registerWeb } from './routes/web.ts';

const MAX_BODY_BYTES = 64 * 1024;
/** Beyond these, new connections are closed. */
const MAX_CONNECTIONS = 10_000;
/** For a request to come in whole. */
const REQUEST_TIMEOUT_MS = 15_000;
/** Without a byte in either direction; event streams beat more often, and playlists wait less. */
const IDLE_TIMEOUT_MS = 60_000;

export interface ServerDeps {
  config: Pick<Config, 'host'>;
  cameras: Cameras;
  liveStates: LiveStates;
  log: FastifyBaseLogger;
  /** Where acts are recorded before they are done. */
  audit: Audit;
  /** Where `npm run build:web` puts the screens; there, unless a test says otherwise. */
  webFolder?: string;
  /** The live window of a camera; without it nothing is served under `/live/`. */
  window?: LiveDeps['window'];
  /** Routes that need more than this server knows: metrics. */
  extraRoutes?: readonly ((app: FastifyInstance) => void)[];
}

/** The gateway's HTTP side, not listening yet. `close()` ends every connection. */
export function buildServer(deps: ServerDeps): FastifyInstance {
  const guard = requestGuard({ host: deps.config.host });
  const live = liveHandler({
    window: deps.window ?? (() => undefined),
    liveStates: deps.liveStates,
    refuse: (request) => httpErrorIf(guard(request)),
  });
  const app = Fastify({
    serverFactory: (handler) => {
      const server = createServer((request, response) => {
        if (!live(request, response)) handler(request, response);
      });
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
  void app.register(helmet, securityHeaders);
  registerOpenApi(app);
  void app.register(async (scope) => {
    registerCameraRoutes(scope, deps);
    registerLiveStateRoute(scope, deps);
    registerEventRoute(scope, deps);
    registerHealthRoutes(scope, deps);
    for (const register of deps.extraRoutes ?? []) register(scope);
  });
  registerWeb(app, { webFolder: deps.webFolder ?? join(import.meta.dirname, 'web/dist') });
  return app;
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
