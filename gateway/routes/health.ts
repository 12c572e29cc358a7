import type { FastifyInstance } from 'fastify';
import type { Cameras } from '#registry/cameras.ts';

/** `/healthz`: the process answers. `/readyz`: and so does the registry. */
export function registerHealthRoutes(
  app: FastifyInstance,
  { cameras }: { cameras: Pick<Cameras, 'list'> },
): void {
  const open = { config: { action: 'public' as const }, schema: { hide: true } };
  app.get('/healthz', open, async () => ({ status: 'ok' }));

  app.get('/readyz', open, async (request) => {
    try {
      await cameras.list({ limit: 1 });
    } catch (cause) {
      request.log.warn({ err: cause as Error }, 'not ready');
      throw new NotReady('the registry does not answer', { cause });
    }
    return { status: 'ready' };
  });
}

class NotReady extends Error {
  readonly code = 'not_ready';
}
