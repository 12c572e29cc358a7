import type { FastifyInstance } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** For the body to come in; uploads say more, up to the server's own bound (http-server.ts). */
    bodyTimeoutMs?: number;
  }
}

const BODY_TIMEOUT_MS = 15_000;

/**
 * A body that comes drop by drop does not keep a connection for longer than `bodyTimeoutMs` of its route. Node's own timeout
 * is one for all requests, and must leave time for uploads.
 */
export function boundBodies(app: FastifyInstance, bodyTimeoutMs = BODY_TIMEOUT_MS): void {
  app.addHook('preParsing', (request, reply, payload, done) => {
    const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
    // Nobody reads what is not there, so its end is not told either: an answer may take long then.
    if (encoding === undefined && (length === undefined || length === '0')) {
      done(null, payload);
      return;
    }
    const timer = setTimeout(() => {
      // Nobody is listening for an answer to half a request; the connection is what must be given back.
      reply.raw.destroy();
    }, request.routeOptions.config.bodyTimeoutMs ?? bodyTimeoutMs);
    const stop = (): void => clearTimeout(timer);
    payload.once('end', stop);
    payload.once('error', stop);
    reply.raw.once('close', stop);
    done(null, payload);
  });
}
