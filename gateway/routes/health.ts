import type { FastifyInstance } from 'fastify';
import type { Cameras } from '#registry/cameras.ts';
import type { StorageNotice } from '#storage/storage-notices.ts';

/**
 * `/healthz`: the process answers. `/readyz`: and so does the registry; `notices` are what an operator has to look at
 * although it serves.
 */
export function registerHealthRoutes(
  app: FastifyInstance,
  {
    cameras,
    notices = () => [],
  }: { cameras: Pick<Cameras, 'list'>; notices?: (() => readonly StorageNotice[]) | undefined },
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
    const told = notices().map(({ code, sinceMs }) => ({
      code,
      since: new Date(sinceMs).toISOString(),
    }));
    return { status: 'ready', ...(told.length === 0 ? {} : { notices: told }) };
  });
}

class NotReady extends Error {
  readonly code = 'not_ready';
}
