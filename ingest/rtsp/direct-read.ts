import type { Socket as DatagramSocket } from 'node:dgram';
import { readSync } from 'node:fs';
import type { Socket } from 'node:net';

/** What a stream socket of Node's keeps of libuv's handle; `fd` is -1, or an error number, once it is closed. */
interface StreamHandle {
  readonly fd?: number;
}

/** Nothing has come since the last read. */
export const NOTHING = -1;

/**
 * Reads a connected TCP socket when asked to, instead of when the event loop finds it readable.
 *
 * The loop reads every socket that has anything at all, as often as it turns. What decides is how many reads a second
 * a camera takes (gateway/decisions/0007), so a playing camera's socket leaves the loop and is read by its descriptor
 * when the schedule says. Writing, and being destroyed, go on through the socket.
 *
 * Undefined where that cannot be done: encrypted sockets, whose bytes are not the camera's, and Windows. Those go on
 * being read by the loop.
 */
export function directReader(socket: Socket): ((into: Buffer) => number) | undefined {
  if ('encrypted' in socket || process.platform === 'win32') return undefined;
  const handle = (socket as unknown as { _handle?: StreamHandle | null })._handle;
  if (handle?.fd === undefined || handle.fd < 0) return undefined;
  socket.pause();
  return (into) => {
    // Asked for each time: a socket destroyed meanwhile has given its descriptor away.
    const fd = handle.fd ?? -1;
    if (fd < 0) return NOTHING;
    try {
      return readSync(fd, into, 0, into.length, null);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return NOTHING;
      throw error;
    }
  };
}

/** What a datagram socket of Node's keeps of libuv's handle, behind a symbol of its own. */
interface DatagramHandle {
  readonly fd?: number;
  recvStop?: () => number;
}

/**
 * The same for a datagram socket that is connected, so that the kernel itself passes over what others send: one
 * datagram a call, of which nothing is made. Undefined where that cannot be done; the loop then goes on reading it.
 */
export function directDatagramReader(
  socket: DatagramSocket,
): ((into: Buffer) => number) | undefined {
  if (process.platform === 'win32') return undefined;
  const symbol = Object.getOwnPropertySymbols(socket).find(
    ({ description }) => description === 'state symbol',
  );
  if (symbol === undefined) return undefined;
  const state = (socket as unknown as Record<symbol, { handle?: DatagramHandle | null }>)[symbol];
  const handle = state?.handle;
  if (handle?.fd === undefined || handle.fd < 0 || handle.recvStop === undefined) return undefined;
  handle.recvStop();
  return (into) => {
    const fd = handle.fd ?? -1;
    if (fd < 0) return NOTHING;
    try {
      return readSync(fd, into, 0, into.length, null);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // The camera's machine says that nobody listens where we sent a report: no matter.
      if (code === 'EAGAIN' || code === 'ECONNREFUSED') return NOTHING;
      throw error;
    }
  };
}
