import { lookup } from 'node:dns';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { StreamTls } from '#registry/cameras.ts';
import type { StreamFailure } from '../stream-failure.ts';
import { directReader, NOTHING } from './direct-read.ts';

/** RFC 2326 §3.2; RFC 7826 §22.14.1; those of HTTP for a tunnel. */
const defaultPorts: Readonly<Record<string, number>> = {
  'rtsp:': 554,
  'rtsps:': 322,
  'http:': 80,
  'https:': 443,
};
/** Policy `old-tls`. Recorders of the years before TLS 1.2 (2008) are let in where nobody relies on the certificate's authority. */
const OLD_TLS = { minVersion: 'TLSv1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const;
/** What one read takes at most: a second of a camera of 4 Mbit/s, or 50 ms of one of 80. */
const READ_BYTES = 512 * 1024;
/** Unsent requests; a peer that reads none of them is gone. */
const MAX_UNSENT_BYTES = 64 * 1024;
/** After TEARDOWN the socket has this long to close by itself. */
const CLOSE_MS = 1_000;

/** Every socket of a thread reads into this one: what is read is used up before the next read. */
const readBuffer = Buffer.allocUnsafeSlow(READ_BYTES);

export interface ConnectionEvents {
  opened(): void;
  /** Valid during the call only. */
  bytes(bytes: Buffer, length: number): void;
  failed(failure: StreamFailure): void;
}

export interface Connection {
  send(text: string): void;
  /** The two ends, once it is open. */
  remoteAddress(): string | undefined;
  localAddress(): string | undefined;
  /** From here on bytes come only in answer to `read`. False when this connection cannot do that and goes on by itself. */
  readOnDemand(): boolean;
  /** Reads once; what came is told by `bytes` before this returns. */
  read(): void;
  /** Lets what was sent leave, then closes. No event follows. */
  close(): void;
}

export interface ConnectionOptions {
  isAllowed: (address: string) => boolean;
  /** How the certificate of an rtsps or https address is verified. */
  tls: StreamTls;
}

/**
 * A connection to a camera: TCP, or TLS over it for `rtsps:` and `https:`. The address is resolved first and every
 * resolved address is asked about, so that a name cannot lead where an address may not (CAMERA_NETWORKS).
 */
export function openConnection(
  url: URL,
  { isAllowed, tls }: ConnectionOptions,
  events: ConnectionEvents,
): Connection {
  const secure = url.protocol === 'rtsps:' || url.protocol === 'https:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  let socket: Socket | undefined;
  let over = false;
  let readDirectly: ((into: Buffer) => number) | undefined;

  const fail = (failure: StreamFailure): void => {
    if (over) return;
    over = true;
    socket?.destroy();
    events.failed(failure);
  };

  const open = (address: string): void => {
    const reading = {
      host: address,
      port: url.port === '' ? (defaultPorts[url.protocol] ?? 0) : Number(url.port),
      noDelay: true,
      onread: {
        buffer: readBuffer,
        callback: (length: number): boolean => {
          if (!over) events.bytes(readBuffer, length);
          return true;
        },
      },
    };
    if (secure) {
      const tlsSocket = connectTls({
        ...reading,
        ...(tls.verify === 'system' ? {} : { ...OLD_TLS, rejectUnauthorized: false }),
        // A name for the certificate to be of; an address is compared with its addresses.
        ...(isIP(host) === 0 ? { servername: host } : {}),
      });
      socket = tlsSocket;
      tlsSocket.on('secureConnect', () => {
        if (over) return;
        const other = tls.verify === 'pin' ? otherThanPinned(tlsSocket, tls) : undefined;
        if (other === undefined) events.opened();
        else fail(other);
      });
    } else {
      socket = connect(reading);
      socket.on('connect', () => {
        if (!over) events.opened();
      });
    }
    socket.on('error', (error: NodeJS.ErrnoException) => fail(connectFailure(error)));
    socket.on('end', () => fail(closedByCamera));
    socket.on('close', () =>
      fail({ reason: 'closed-by-camera', detail: 'the connection was closed' }),
    );
  };

  if (isIP(host) !== 0) {
    // Later, so that the caller has the connection before its first event.
    setImmediate(() => {
      if (over) return;
      if (isAllowed(host)) open(host);
      else fail(notAllowed(host));
    });
  } else {
    lookup(host, { all: true }, (error, addresses) => {
      if (over) return;
      if (error !== null) {
        fail({ reason: 'unreachable', detail: `the name ${host} was not found: ${error.code}` });
        return;
      }
      const address = addresses.find((candidate) => isAllowed(candidate.address));
      if (address === undefined) fail(notAllowed(host));
      else open(address.address);
    });
  }

  return {
    send(text) {
      if (over || socket === undefined) return;
      if (socket.writableLength > MAX_UNSENT_BYTES) {
        fail({ reason: 'protocol-error', detail: 'the camera reads no requests' });
        return;
      }
      socket.write(text, 'latin1');
    },
    remoteAddress: () => socket?.remoteAddress,
    localAddress: () => socket?.localAddress,
    readOnDemand() {
      if (over || socket === undefined) return false;
      readDirectly = directReader(socket);
      return readDirectly !== undefined;
    },
    read() {
      if (over || readDirectly === undefined) return;
      let length: number;
      try {
        length = readDirectly(readBuffer);
      } catch (error) {
        fail(connectFailure(error as NodeJS.ErrnoException));
        return;
      }
      if (length > 0) events.bytes(readBuffer, length);
      else if (length !== NOTHING) fail(closedByCamera);
    },
    close() {
      over = true;
      const closing = socket;
      if (closing === undefined || closing.destroyed) return;
      closing.end();
      // Read by the event loop again, or it would not see the camera close its end.
      if (readDirectly !== undefined) closing.resume();
      setTimeout(() => closing.destroy(), CLOSE_MS).unref();
    },
  };
}

const closedByCamera: StreamFailure = {
  reason: 'closed-by-camera',
  detail: 'the camera closed the connection',
};

function notAllowed(host: string): StreamFailure {
  return { reason: 'address-not-allowed', detail: `${host} is outside CAMERA_NETWORKS` };
}

function otherThanPinned(socket: TLSSocket, tls: StreamTls): StreamFailure | undefined {
  const { fingerprint256 } = socket.getPeerCertificate();
  if (fingerprint256 === tls.fingerprint) return undefined;
  const detail = `the camera shows the certificate ${fingerprint256}, not the one that is pinned`;
  return { reason: 'tls', detail };
}

function connectFailure(error: NodeJS.ErrnoException): StreamFailure {
  const detail = error.code ?? error.message;
  // Of the handshake and of verification; neither is an error of the system's.
  if (/^ERR_(SSL|TLS)|CERT|^UNABLE_TO|SELF_SIGNED|^EPROTO$/.test(error.code ?? '')) {
    return { reason: 'tls', detail: `${detail}: ${error.message}` };
  }
  switch (error.code) {
    case 'ECONNREFUSED':
      return { reason: 'refused', detail };
    case 'ETIMEDOUT':
      return { reason: 'timeout', detail };
    case 'ECONNRESET':
    case 'EPIPE':
      return { reason: 'closed-by-camera', detail };
    default:
      return { reason: 'unreachable', detail };
  }
}
