import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance } from 'fastify';

/** Too much is asked from one address; the client may come again. */
export class TooManyRequests extends Error {
  readonly code = 'too_many_requests';
  readonly retryAfterSeconds: number;
  constructor(retryAfterSeconds: number) {
    super('too many requests from this address');
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

export interface RequestLimits {
  /** Requests a minute of one address (IPv6: of one /64). A whole operations centre may be behind it. */
  requestsPerMinute: number;
  /** Of those, such as may change something. */
  changesPerMinute: number;
}

const LIMITS: RequestLimits = { requestsPerMinute: 6_000, changesPerMinute: 1_800 };
const MINUTE_MS = 60_000;
/** Addresses counted at once; past it those seen longest ago begin anew. */
const MAX_ADDRESSES = 20_000;
const readingMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Bounds how much one address may ask of the API. Live streams do not come by here (decisions/0006): they are bounded by
 * connections, and by what a camera has to give. Before anything is looked up: asking must not cost more than refusing.
 */
export function limitRequests(app: FastifyInstance, limits: RequestLimits = LIMITS): void {
  void app.register(rateLimit, { global: false, cache: MAX_ADDRESSES });
  // Made at the first request: the plugin is loaded by then, and this hook keeps its place among the others.
  let counters: { all: Counter; changes: Counter } | undefined;
  app.addHook('onRequest', async (request) => {
    counters ??= {
      all: app.createRateLimit({ max: limits.requestsPerMinute, timeWindow: MINUTE_MS }),
      changes: app.createRateLimit({ max: limits.changesPerMinute, timeWindow: MINUTE_MS }),
    };
    const { all, changes } = counters;
    for (const count of readingMethods.has(request.method) ? [all] : [all, changes]) {
      const limit = await count(request);
      if (!limit.isAllowed && limit.isExceeded) throw new TooManyRequests(limit.ttlInSeconds);
    }
  });
}

type Counter = ReturnType<FastifyInstance['createRateLimit']>;
