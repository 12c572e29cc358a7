import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { directReader, NOTHING } from '#ingest/rtsp/direct-read.ts';

let server: Server;
let near: Socket;
let far: Socket;
const into = Buffer.alloc(1024);

beforeEach(async () => {
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  near = connect({
    port: (server.address() as AddressInfo).port,
    host: '127.0.0.1',
    onread: { buffer: Buffer.alloc(1024), callback: () => true },
  });
  [[far]] = (await Promise.all([once(server, 'connection'), once(near, 'connect')])) as [
    [Socket],
    [],
  ];
});

afterEach(() => {
  near.destroy();
  far.destroy();
  server.close();
});

function reader(): (into: Buffer) => number {
  const read = directReader(near);
  if (read === undefined) throw new Error('no direct reading here');
  return read;
}

/** Tries until something other than NOTHING comes. */
async function readSoon(read: (into: Buffer) => number): Promise<number> {
  for (let i = 0; i < 2_000; i++) {
    const length = read(into);
    if (length !== NOTHING) return length;
    await sleep(10);
  }
  return NOTHING;
}

test('takes what came, and says when nothing has', async () => {
  const read = reader();
  expect(read(into)).toBe(NOTHING);
  far.write('abc');
  expect(await readSoon(read)).toBe(3);
  expect(into.toString('latin1', 0, 3)).toBe('abc');
  expect(read(into)).toBe(NOTHING);
});

test('leaves the bytes to it, not to the event loop', async () => {
  let seen = 0;
  near.on('data', () => seen++);
  const read = reader();
  far.write('abc');
  await sleep(50);
  expect(seen).toBe(0);
  expect(await readSoon(read)).toBe(3);
});

test('gives all that was sent before the end, then 0', async () => {
  const read = reader();
  far.end('last');
  expect(await readSoon(read)).toBe(4);
  expect(await readSoon(read)).toBe(0);
});

test('reads nothing of a destroyed socket, whoever has its descriptor now', async () => {
  const read = reader();
  near.destroy();
  // The next connection takes the lowest free descriptor.
  const other = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [otherFar] = (await once(server, 'connection')) as [Socket];
  otherFar.write('not yours');
  await sleep(50);
  expect(read(into)).toBe(NOTHING);
  other.destroy();
  otherFar.destroy();
});

test('throws what a connection that broke says', async () => {
  const read = reader();
  far.resetAndDestroy();
  await expect(readSoon(read)).rejects.toMatchObject({ code: 'ECONNRESET' });
});

test('writing goes on through the socket', async () => {
  reader();
  near.write('GET_PARAMETER');
  const [bytes] = (await once(far, 'data')) as [Buffer];
  expect(bytes.toString()).toBe('GET_PARAMETER');
});
