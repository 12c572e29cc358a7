import type { IncomingMessage } from 'node:http';
import proxyAddr from '@fastify/proxy-addr';

/**
 * Where a request really came from, and what the client called us: from the socket, or from the X-Forwarded headers of a
 * proxy that is trusted (TRUST_PROXY). Anybody can send such headers, so those of others are not looked at.
 */
export interface Forwarding {
  /** For Fastify's `trustProxy`. */
  isTrusted: (address: string, hop: number) => boolean;
  /** Of the client: the nearest address that is no trusted proxy's. */
  addressOf: (request: IncomingMessage) => string;
  /** As the client called it, with the port; '' when it did not say. */
  hostOf: (request: IncomingMessage) => string;
}

/** `proxies`: addresses, CIDRs, or `loopback`, `linklocal`, `uniquelocal`. Throws TypeError for anything else. */
export function forwarding(proxies: readonly string[]): Forwarding {
  const isTrusted = proxyAddr.compile([...proxies]);

  function forwarded(request: IncomingMessage, name: string): string | undefined {
    const value = request.headers[name];
    if (typeof value !== 'string') return undefined;
    if (!isTrusted(request.socket.remoteAddress ?? '', 0)) return undefined;
    // Of several, the one that the nearest proxy added.
    return value.split(',').at(-1)?.trim();
  }

  return {
    isTrusted,
    addressOf: (request) =>
      proxies.length === 0
        ? (request.socket.remoteAddress ?? '')
        : (proxyAddr(request, isTrusted) ?? ''),
    hostOf: (request) => forwarded(request, 'x-forwarded-host') ?? request.headers.host ?? '',
  };
}
