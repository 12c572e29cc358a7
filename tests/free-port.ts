import { createServer } from 'node:net';

/** Below those that systems give to whoever asks for any (Linux: from 32768 on, others higher). */
const FROM = 15_000;
const PORTS = 15_000;
const MAX_TRIES = 50;

/**
 * A port that nobody listens on now, for a server that has to be told one, or that comes back on it. One that the system
 * chose could be given to somebody else's connection until the server has it.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const port = FROM + Math.floor(Math.random() * PORTS);
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port among ${MAX_TRIES}`);
}

/** Whether a server could listen on it here. Throws what listening throws where it is not that somebody else does. */
export async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  server.once('error', (error: NodeJS.ErrnoException) =>
    error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
  );
  server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  return promise;
}
