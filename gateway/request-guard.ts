import type { IncomingMessage } from 'node:http';
import { isLoopback } from './config.ts';
import { RequestRefused } from './errors.ts';

const readingMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * What is refused whoever asks. A browser lends its session to every page that it shows, so a request must not come from
 * another site's page. And a server of this machine alone is asked for by this machine's names: a page of another site
 * that points its own name at 127.0.0.1 cannot. `behindProxy`: the proxy's name is asked for, which only it knows.
 */
export function requestGuard(options: {
  host: string;
  behindProxy?: boolean;
}): (request: Pick<IncomingMessage, 'method' | 'headers'>) => RequestRefused | undefined {
  const hosts = new Set(['localhost', '127.0.0.1', '[::1]', options.host]);
  const anyHost = options.behindProxy === true || !isLoopback(options.host);
  return (request) => {
    if (!anyHost && !hosts.has(hostWithoutPort(request.headers.host ?? ''))) {
      return new RequestRefused('host_not_allowed', 'this server is reached as localhost only');
    }
    if (comesFromElsewhere(request)) {
      return new RequestRefused(
        'origin_not_allowed',
        'requests from pages of other sites are refused',
      );
    }
    return undefined;
  };
}

function hostWithoutPort(host: string): string {
  return host.replace(/:\d*$/, '').toLowerCase();
}

function comesFromElsewhere({
  method = 'GET',
  headers,
}: Pick<IncomingMessage, 'method' | 'headers'>): boolean {
  const { origin, host } = headers;
  const changes = !readingMethods.has(method);
  if (changes && origin !== undefined) {
    const sameOrigin = origin === `http://${host}` || origin === `https://${host}`;
    if (!sameOrigin) return true;
  }
  // Pictures and streams need no permission to be drawn into another site's page; a link to ours is welcome.
  const site = headers['sec-fetch-site'];
  const isLink = !changes && headers['sec-fetch-mode'] === 'navigate';
  return (site === 'cross-site' || site === 'same-site') && !isLink;
}
