/** Who keeps the server waiting is left: half a head, half a body, more connections than one address may have; and TLS. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Server } from 'node:http';
import type { TLSSocket } from 'node:tls';
import Fastify from 'fastify';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { boundBodies } from '#gateway/body-deadline.ts';
import { makeHttpServer, TlsNotUsable, type HttpServerOptions } from '#gateway/http-server.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function listen(options: Partial<HttpServerOptions> = {}): Promise<Server> {
  const server = makeHttpServer(
    (request, response) => {
      request.resume().once('end', () => response.end('read'));
    },
    { isTrustedProxy: () => false, ...options },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return server;
}

function dial(server: Server): Socket {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => {});
  cleanups.push(() => socket.destroy());
  return socket;
}

/** All that it is told until it is closed. */
async function untilClosed(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (bytes: Buffer) => (text += bytes.toString()));
  await once(socket, 'close');
  return text;
}

test('half a head, and half a body, are not waited for longer than their time', async () => {
  const server = await listen({ headersTimeoutMs: 100, requestTimeoutMs: 200, timeoutCheckMs: 20 });
  const head = dial(server);
  head.write('GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ');
  expect(await untilClosed(head)).toContain('408');
  const body = dial(server);
  body.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf');
  expect(await untilClosed(body)).toContain('408');
});

test('one address has its share of connections, and gets them back', async () => {
  const server = await listen({ maxConnectionsOfAddress: 2 });
  const [one, two] = [dial(server), dial(server)];
  await Promise.all([once(one, 'connect'), once(two, 'connect')]);
  expect(await untilClosed(dial(server))).toBe('');
  one.destroy();
  await vi.waitFor(async () => {
    const again = dial(server);
    again.end('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    expect(await untilClosed(again)).toContain('200');
  });
});

test('a trusted proxy has as many as it wants', async () => {
  const server = await listen({ maxConnectionsOfAddress: 1, isTrustedProxy: () => true });
  for (const socket of [dial(server), dial(server), dial(server)]) {
    socket.end('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    expect(await untilClosed(socket)).toContain('200');
  }
});

test('a body that comes drop by drop is cut off by its route, and an upload has longer', async () => {
  const app = Fastify({ logger: false });
  boundBodies(app, 150);
  app.post('/', async () => 'read');
  app.get('/long', async (_request, reply) => {
    reply.hijack();
    reply.raw.write('begun');
    setTimeout(() => reply.raw.end('ended'), 400);
  });
  app.post('/upload', { config: { bodyTimeoutMs: 60_000 } }, async () => 'read');
  await app.listen({ port: 0, host: '127.0.0.1' });
  cleanups.push(async () => app.close());
  const head =
    'HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{';
  const [slow, upload, long] = [dial(app.server), dial(app.server), dial(app.server)];
  long.write('GET /long HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  const longAnswer = untilClosed(long);
  slow.write(`POST / ${head}`);
  upload.write(`POST /upload ${head}`);
  expect(await untilClosed(slow)).toBe('');
  upload.write('}');
  const [answer] = (await once(upload, 'data')) as [Buffer];
  expect(answer.toString()).toContain('200');
  expect(await longAnswer).toContain('ended');
});

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function certificate(folder: string, name: string): { certFile: string; keyFile: string } {
  const files = {
    certFile: join(folder, `${name}-cert.pem`),
    keyFile: join(folder, `${name}-key.pem`),
  };
  const request = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=${name}`;
  execFileSync(
    'openssl',
    [...request.split(' '), '-keyout', files.keyFile, '-out', files.certFile],
    { stdio: 'ignore' },
  );
  return files;
}

function newFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'tls-'));
  cleanups.push(() => rmSync(path, { recursive: true }));
  return path;
}

async function nameOf(server: Server): Promise<string> {
  const { port } = server.address() as AddressInfo;
  const request = get({ port, host: '127.0.0.1', rejectUnauthorized: false, agent: false });
  const [response] = (await once(request, 'response')) as [{ socket: TLSSocket; resume(): void }];
  const name = response.socket.getPeerCertificate().subject.CN;
  response.resume();
  return String(name);
}

describe.skipIf(!hasOpenssl())('TLS (wants openssl)', () => {
  test('serves with the certificate, and with its renewal without a restart', async () => {
    const path = newFolder();
    const [old, renewed] = [certificate(path, 'old'), certificate(path, 'renewed')];
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const seen: unknown[] = [];
    const server = await listen({ tls: old, onCertificate: (outcome) => seen.push(outcome) });
    expect(await nameOf(server)).toBe('old');
    copyFileSync(renewed.certFile, old.certFile);
    utimesSync(old.certFile, new Date(), new Date(Date.now() + 5_000));
    vi.advanceTimersByTime(60_000);
    // The new certificate does not fit the old key yet.
    expect(seen).toMatchObject([{ error: {} }]);
    expect(await nameOf(server)).toBe('old');
    copyFileSync(renewed.keyFile, old.keyFile);
    vi.advanceTimersByTime(60_000);
    expect(seen).toMatchObject([{}, { renewed: true }]);
    expect(await nameOf(server)).toBe('renewed');
  });

  test('files that are not there, or no certificate, are refused by name', () => {
    const path = newFolder();
    const { certFile, keyFile } = certificate(path, 'x');
    const wrong = join(path, 'wrong.pem');
    writeFileSync(wrong, 'no certificate');
    for (const tls of [
      { certFile: join(path, 'none.pem'), keyFile },
      { certFile: wrong, keyFile },
      { certFile, keyFile: wrong },
    ]) {
      expect(() => makeHttpServer(() => {}, { tls, isTrustedProxy: () => false })).toThrow(
        TlsNotUsable,
      );
    }
  });
});
