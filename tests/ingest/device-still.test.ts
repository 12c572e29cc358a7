/** The picture at a device's snapshot address, from devices of this machine: signed in, led elsewhere, or meant to harm. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { fetchStill, MAX_STILL_BYTES, type StillOrder } from '#ingest/device-still.ts';
import { tinyJpeg } from '../registry/onvif/mock-recorder.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

/** Linux has all of 127.0.0.0/8. */
async function device(handler: Handler, host = '127.0.0.1') {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    handler(request, response);
  });
  server.listen(0, host);
  await once(server, 'listening');
  open.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://${host}:${port}/still?ch=1`, asked };
}

const md5 = (text: string): string => createHash('md5').update(text, 'utf8').digest('hex');
const credentials = { username: 'viewer', password: 'รหัสลับ' };
const fetched = async (
  url: string,
  more: Partial<StillOrder> = {},
  isAllowed: (address: string) => boolean = (address) => address.startsWith('127.0.'),
) =>
  fetchStill(
    { url, isDevice: ({ hostname }) => hostname === '127.0.0.1', credentials, ...more },
    isAllowed,
  );

const picture: Handler = (_request, response) =>
  void response.writeHead(200, { 'content-type': 'image/jpeg' }).end(tinyJpeg);

test('is fetched', async () => {
  const { url, asked } = await device(picture);
  expect(await fetched(url)).toEqual({ result: 'ok', detail: '', still: tinyJpeg });
  // A password is shown to whom asks for one.
  expect(asked.map(({ headers }) => headers.authorization)).toEqual([undefined]);
});

test('wants a digest of the password, with Thai letters as UTF-8', async () => {
  const { url } = await device((request, response) => {
    const { authorization = '' } = request.headers;
    const a1 = md5('viewer:box:รหัสลับ');
    const expected = md5(`${a1}:abc:${md5('GET:/still?ch=1')}`);
    if (authorization.includes(`response="${expected}"`)) picture(request, response);
    else response.writeHead(401, { 'www-authenticate': 'Digest realm="box", nonce="abc"' }).end();
  });
  expect((await fetched(url)).result).toBe('ok');
  expect(await fetched(url, { credentials: { username: 'viewer', password: 'x' } })).toMatchObject({
    result: 'unauthorised',
    still: null,
  });
  expect((await fetched(url, { credentials: null })).result).toBe('unauthorised');
});

test('of another host is fetched without the password', async () => {
  const other = await device(
    (_request, response) =>
      void response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end(),
    '127.0.0.2',
  );
  const { url } = await device(
    (_request, response) => void response.writeHead(302, { location: other.url }).end(),
  );
  expect(await fetched(url)).toMatchObject({ result: 'unauthorised' });
  expect(await fetched(other.url)).toMatchObject({ result: 'unauthorised' });
  expect(other.asked.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined]);
});

test('is fetched nowhere but where cameras may be, by name, and after a redirection', async () => {
  const forbidden = await device(picture, '127.1.0.1');
  const { url } = await device(
    (_request, response) => void response.writeHead(302, { location: forbidden.url }).end(),
  );
  expect(await fetched(url)).toMatchObject({ result: 'address-not-allowed', still: null });
  expect(await fetched(forbidden.url)).toMatchObject({ result: 'address-not-allowed' });
  const named = forbidden.url.replace('127.1.0.1', 'localhost');
  expect(await fetched(named, {}, () => false)).toMatchObject({ result: 'address-not-allowed' });
  expect(forbidden.asked).toEqual([]);
});

test.each<[string, Handler, string]>([
  [
    'a page',
    (_request, response) => void response.writeHead(200).end('<html></html>'),
    'no-picture',
  ],
  ['an error', (_request, response) => void response.writeHead(500).end(), 'no-picture'],
  [
    'a way round and round',
    (_request, response) => void response.writeHead(302, { location: '/again' }).end(),
    'no-picture',
  ],
  [
    'a file of this machine',
    (_request, response) => void response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
    'no-picture',
  ],
  [
    'a picture without end',
    (_request, response) => {
      response.writeHead(200);
      const piece = Buffer.alloc(256 * 1024, 0xff);
      const more = (): void => {
        while (!response.destroyed && response.write(piece));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    },
    'reply-too-large',
  ],
  ['nothing', () => {}, 'timeout'],
])('that is %s ends', async (_name, handler, result) => {
  const { url, asked } = await device(handler);
  const answer = await fetched(url, { withinMs: result === 'timeout' ? 200 : 5_000 });
  expect(answer).toMatchObject({ result, still: null });
  expect(asked.length).toBeLessThanOrEqual(4);
  expect(MAX_STILL_BYTES).toBeLessThan(8 * 1024 * 1024);
});

test('of whom nobody is at home is refused', async () => {
  const { url } = await device(picture);
  for (const close of open.splice(0)) await close();
  expect((await fetched(url)).result).toBe('refused');
});
