import type { Connection, ConnectionEvents } from './connection.ts';
import { openConnection } from './connection.ts';
import { openTunnel, type TunnelOptions } from './http-tunnel.ts';

/** A web server's port; policy `port-80-is-http`. */
const HTTP_PORT = '80';

/** The line that a conversation is held on: TCP or TLS (connection.ts), or either within HTTP (http-tunnel.ts). */
export function openLine(url: URL, options: TunnelOptions, events: ConnectionEvents): Connection {
  const carrier = carrierOf(url);
  return carrier === undefined
    ? openConnection(url, options, events)
    : openTunnel(carrier, options, events);
}

/** Whether packets can come by that line alone: nobody who chose HTTP for his firewall lets UDP through it. */
export function isTunnelled(url: URL): boolean {
  return carrierOf(url) !== undefined;
}

/** The address as requests name it: what it is carried in is not part of it. */
export function requestAddress(url: string): string {
  return url.replace(/^rtsp\+https?:/i, 'rtsp:');
}

function carrierOf(url: URL): URL | undefined {
  const scheme =
    url.protocol === 'rtsp+http:' || (url.protocol === 'rtsp:' && url.port === HTTP_PORT)
      ? 'http:'
      : url.protocol === 'rtsp+https:'
        ? 'https:'
        : undefined;
  return scheme === undefined ? undefined : new URL(scheme + url.href.slice(url.protocol.length));
}
