/**
 * GET and POST over kept-alive connections, with no more than a benchmark needs.
 */
import { Agent, request } from 'node:http';

const REQUEST_PATIENCE_MS = 15_000;

export interface Answer {
  status: number;
  /** Unix ms at which the first byte of the answer was here. */
  arrivedMs: number;
  /** Of an answer that asks to come again later (429, 503). */
  retryAfterSeconds: number | null;
  body: Buffer;
}

export interface HttpClient {
  get: (path: string) => Promise<Answer>;
  post: (path: string, body: unknown) => Promise<Answer>;
  close: () => void;
}

/** `connections` is the most that are open at a time; further requests wait. `token`: for a server that asks for one. */
export function httpClient(port: number, connections: number, token?: string): HttpClient {
  const signedIn = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const send = (method: string, path: string, body?: string): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const headers =
        body === undefined
          ? signedIn
          : {
              ...signedIn,
              'content-type': 'application/json',
              'content-length': Buffer.byteLength(body),
            };
      const sent = request(
        { agent, host: '127.0.0.1', port, path, method, headers },
        (response) => {
          const arrivedMs = Date.now();
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              arrivedMs,
              retryAfterSeconds: Number(response.headers['retry-after']) || null,
              body: Buffer.concat(chunks),
            }),
          );
        },
      );
      sent.setTimeout(REQUEST_PATIENCE_MS, () => sent.destroy(new Error(`${path}: no answer`)));
      sent.on('error', reject);
      sent.end(body);
    });
  return {
    get: (path) => send('GET', path),
    post: (path, body) => send('POST', path, JSON.stringify(body)),
    close: () => agent.destroy(),
  };
}
