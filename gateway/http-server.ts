import { readFileSync, statSync } from 'node:fs';
import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { SecureContextOptions } from 'node:tls';

/** PEM files. */
export interface TlsFiles {
  certFile: string;
  keyFile: string;
}

/** The certificate or its key cannot be used. */
export class TlsNotUsable extends Error {
  readonly code = 'tls_not_usable';
}

/** Beyond these, new connections are closed. */
const MAX_CONNECTIONS = 10_000;
/** Of one address: an operations centre behind one NAT has hundreds. A trusted proxy's are not counted. */
const MAX_CONNECTIONS_OF_ADDRESS = 2_000;
/** For a request's head to come in. */
const HEADERS_TIMEOUT_MS = 10_000;
/** For a request to come in whole, an upload too; what is no upload has less (body-deadline.ts). */
const REQUEST_TIMEOUT_MS = 180_000;
/** How often these two are looked at; Node's own 30 s would add that to them. */
const TIMEOUT_CHECK_MS = 2_000;
/** Without a byte in either direction; event streams beat more often, and playlists wait less. */
const IDLE_TIMEOUT_MS = 60_000;
/** A renewed certificate is taken up without a restart, which would interrupt every wall. */
const CERTIFICATE_CHECK_MS = 60_000;

export interface HttpServerOptions {
  tls?: TlsFiles | undefined;
  isTrustedProxy: (address: string, hop: number) => boolean;
  onCertificate?: (outcome: { renewed: true } | { error: unknown }) => void;
  /** Tests are in more of a hurry. */
  headersTimeoutMs?: number;
  requestTimeoutMs?: number;
  timeoutCheckMs?: number;
  maxConnectionsOfAddress?: number;
}

/** The server under Fastify and the live streams, with bounds on who may keep it waiting. Throws TlsNotUsable. */
export function makeHttpServer(handler: RequestListener, options: HttpServerOptions): Server {
  const { tls, isTrustedProxy } = options;
  const settings: ServerOptions = {
    headersTimeout: options.headersTimeoutMs ?? HEADERS_TIMEOUT_MS,
    requestTimeout: options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: options.timeoutCheckMs ?? TIMEOUT_CHECK_MS,
    // Node's own 5 s is hardly more than a wall's players let pass between two requests.
    keepAliveTimeout: IDLE_TIMEOUT_MS,
  };
  const server = tls === undefined ? createServer(settings, handler) : tlsServer(tls);
  server.setTimeout(IDLE_TIMEOUT_MS);
  server.maxConnections = MAX_CONNECTIONS;
  boundAddresses(
    server,
    options.maxConnectionsOfAddress ?? MAX_CONNECTIONS_OF_ADDRESS,
    isTrustedProxy,
  );
  return server;

  function tlsServer(files: TlsFiles): Server {
    let read = readCertificate(files);
    let made: ReturnType<typeof createTlsServer>;
    try {
      made = createTlsServer({ ...settings, ...read.context, minVersion: 'TLSv1.2' }, handler);
    } catch (cause) {
      throw notUsable(files, cause);
    }
    const timer = setInterval(() => {
      try {
        const modified = modifiedMs(files);
        if (modified === read.modified) return;
        read = readCertificate(files);
        made.setSecureContext(read.context);
        options.onCertificate?.({ renewed: true });
      } catch (cause) {
        // Half of the pair may be there by now: the old one goes on, and it is tried again.
        options.onCertificate?.({ error: cause });
      }
    }, CERTIFICATE_CHECK_MS);
    timer.unref();
    made.once('close', () => clearInterval(timer));
    return made;
  }
}

/** One machine, or one behind it, must not take every connection there is. */
function boundAddresses(
  server: Server,
  max: number,
  isTrustedProxy: HttpServerOptions['isTrustedProxy'],
): void {
  const open = new Map<string, number>();
  // 'connection' is before TLS: a handshake that is never finished counts too.
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    if (isTrustedProxy(address, 0)) return;
    const count = (open.get(address) ?? 0) + 1;
    if (count > max) {
      socket.destroy();
      return;
    }
    open.set(address, count);
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1;
      if (left === 0) open.delete(address);
      else open.set(address, left);
    });
  });
}

interface Certificate {
  context: SecureContextOptions;
  modified: string;
}

function readCertificate(files: TlsFiles): Certificate {
  try {
    const modified = modifiedMs(files);
    const context = { cert: readFileSync(files.certFile), key: readFileSync(files.keyFile) };
    return { context, modified };
  } catch (cause) {
    throw notUsable(files, cause);
  }
}

function modifiedMs({ certFile, keyFile }: TlsFiles): string {
  return `${statSync(certFile).mtimeMs} ${statSync(keyFile).mtimeMs}`;
}

function notUsable({ certFile, keyFile }: TlsFiles, cause: unknown): TlsNotUsable {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new TlsNotUsable(`TLS_CERT ${certFile} and TLS_KEY ${keyFile} cannot be used: ${why}`, {
    cause,
  });
}
