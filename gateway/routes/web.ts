import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { everybodysRoutes } from '../auth/route-rules.ts';
import { pageWithNonce } from '../security-headers.ts';

/** Not of the screens: what is not found there is an error in JSON. */
const otherPaths = /^\/(?:api|live|recorded|metrics|healthz|readyz|assets)(?:\/|$|\?)/;

const notBuiltPage = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>CCTV linkage gateway</title>
<h1>The screens are not built</h1>
<p>Run <code>npm run build:web</code> and start the gateway again. The API is at <a href="/api/docs">/api/docs</a>.</p>
</html>
`;

/** The screens, as built into `webFolder`: any page address leads to index.html, which reads it itself. */
export function registerWeb(app: FastifyInstance, { webFolder }: { webFolder: string }): void {
  const indexPath = join(webFolder, 'index.html');
  const built = existsSync(indexPath);
  const page = built ? readFileSync(indexPath, 'utf8') : notBuiltPage;

  function sendPage(reply: FastifyReply): FastifyReply {
    const { page: fresh, policy } = pageWithNonce(page);
    // Names of assets change with their content, so the page that names them must be fresh; and so must its nonce.
    return reply
      .code(built ? 200 : 503)
      .header('Cache-Control', 'no-store')
      .header('Content-Security-Policy', policy)
      .type('text/html; charset=utf-8')
      .send(fresh);
  }

  const open = { config: { action: 'public' as const }, schema: { hide: true } };
  app.get('/', open, (_request, reply) => sendPage(reply));
  if (built) {
    void app.register(async (scope) => {
      everybodysRoutes(scope);
      await scope.register(fastifyStatic, {
        root: webFolder,
        index: false,
        cacheControl: false,
        setHeaders: (response, path) => {
          const isAsset = path.startsWith(join(webFolder, 'assets'));
          void response.header(
            'Cache-Control',
            isAsset ? 'public, max-age=31536000, immutable' : 'no-cache',
          );
        },
      });
    });
  }
  app.setNotFoundHandler((request, reply) => {
    if (isPageRequest(request)) return sendPage(reply);
    return reply
      .code(404)
      .header('Cache-Control', 'no-store')
      .send({ error: { code: 'not_found', message: 'nothing is here' } });
  });
}

function isPageRequest({ method, url, headers }: FastifyRequest): boolean {
  return (
    (method === 'GET' || method === 'HEAD') &&
    !otherPaths.test(url) &&
    (headers.accept ?? '').includes('text/html')
  );
}
