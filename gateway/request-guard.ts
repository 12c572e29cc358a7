import type { IncomingMessage } from 'node:http';
import { isLoopback } from './config.ts';
import { RequestRefused } from './errors.ts';
import type { Forwarding } from './forwarding.ts';

const readingMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * What is refused whoever asks. A browser lends its session to every page that it shows, so a request must not come from
 * another site's page; one that changes something by a session must say where it comes from, which every browser of
 * the last ten years does. And a server of this machine alone is asked for by this machine's names: a page of another site
 * that points its own name at 127.0.0.1 cannot. Behind a proxy its name is asked for, which only it knows.
 */
export function requestGuard(options: {
  host: string;
  behindProxy: boolean;
  hostOf: Forwarding['hostOf'];
}): (request: IncomingMessage) => RequestRefused | undefined {
  const { hostOf, behindProxy } = options;
  const hosts = new Set(['localhost', '127.0.0.1', '[::1]', options.host]);
  const anyHost = behindProxy || !isLoopback(options.host);
  return (request) => {
    const host = hostOf(request);
    if (!anyHost && !hosts.has(hostWithoutPort(host))) {
      return new RequestRefused('host_not_allowed', 'this server is reached as localhost only');
    }
    if (comesFromElsewhere(request, host)) {
      return new RequestRefused(
        'origin_not_allowed',
        'requests from pages of other sites are refused; a change by a session says its Origin',
      );
    }
    // No name, id or text of ours has it, and PostgreSQL takes no question with it.
    if (request.url?.includes('%00') === true) {
      return new RequestRefused(
        'address_not_valid',
        'the address holds the character U+0000 (%00)',
      );
    }
    return undefined;
  };
}

function hostWithoutPort(host: string): string {
  return host.replace(/:\d*$/, '').toLowerCase();
}

function comesFromElsewhere({ method = 'GET', headers }: IncomingMessage, host: string): boolean {
  const { origin, cookie, authorization } = headers;
  const changes = !readingMethods.has(method);
  // Pictures and streams need no permission to be drawn into another site's page; a link to ours is welcome.
  const site = headers['sec-fetch-site'];
  const isLink = !changes && headers['sec-fetch-mode'] === 'navigate';
  if ((site === 'cross-site' || site === 'same-site') && !isLink) return true;
  if (!changes) return false;
  if (origin !== undefined) return origin !== `http://${host}` && origin !== `https://${host}`;
  // A token is sent by whoever has it; a cookie by any page.
  return cookie !== undefined && authorization === undefined && site === undefined;
}
