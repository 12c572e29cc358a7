import { lookup } from 'node:dns';
import { connect, isIP, type Socket } from 'node:net';
import type { StreamFailure } from '../stream-failure.ts';

/** RFC 2326 §3.2. */
const RTSP_PORT = 554;
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
  /** Lets what was sent leave, then closes. No event follows. */
  close(): void;
}

/**
 * A TCP connection to a camera. The address is resolved first and every resolved address is asked about, so that a
 * name cannot lead where an address may not (CAMERA_NETWORKS).
 */
export function openConnection(
  url: URL,
  isAllowed: (address: string) => boolean,
  events: ConnectionEvents,
): Connection {
  let socket: Socket | undefined;
  let over = false;

  const fail = (failure: StreamFailure): void => {
    if (over) return;
    over = true;
    socket?.destroy();
    events.failed(failure);
  };

  const open = (address: string): void => {
    socket = connect({
      host: address,
      port: url.port === '' ? RTSP_PORT : Number(url.port),
      noDelay: true,
      onread: {
        buffer: readBuffer,
        callback: (length: number): boolean => {
          if (!over) events.bytes(readBuffer, length);
          return true;
        },
      },
    });
    socket.on('connect', () => {
      if (!over) events.opened();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => fail(connectFailure(error)));
    socket.on('end', () =>
      fail({ reason: 'closed-by-camera', detail: 'the camera closed the connection' }),
    );
    socket.on('close', () =>
      fail({ reason: 'closed-by-camera', detail: 'the connection was closed' }),
    );
  };

  if (url.protocol !== 'rtsp:') {
    // In the clear it would be answered by nobody, or by one who wants the password.
    setImmediate(() =>
      fail({ reason: 'protocol-error', detail: 'RTSP over TLS (rtsps) is not supported yet' }),
    );
    return { send: () => {}, close: () => void (over = true) };
  }
  const host = url.hostname.replace(/^\[|\]$/g, '');
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
    close() {
      over = true;
      const closing = socket;
      if (closing === undefined || closing.destroyed) return;
      closing.end();
      setTimeout(() => closing.destroy(), CLOSE_MS).unref();
    },
  };
}

function notAllowed(host: string): StreamFailure {
  return { reason: 'address-not-allowed', detail: `${host} is outside CAMERA_NETWORKS` };
}

function connectFailure(error: NodeJS.ErrnoException): StreamFailure {
  const detail = error.code ?? error.message;
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
