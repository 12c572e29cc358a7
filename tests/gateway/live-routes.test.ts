import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { liveHandler } from '#gateway/routes/live.ts';
import { LiveStateBoard, plainState } from '#ingest/live-states.ts';
import { CHUNK_BYTES } from '#ingest/memory/chunk-pool.ts';
import { WindowRig } from '#tests/ingest/hls/rig.ts';

/** How long a viewer may take for one answer. */
const MAX_SEND_MS = 15_000;
/** Parts of a segment that no socket buffer holds: about 25 MB. */
const LARGE = Math.round(25_000_000 / CHUNK_BYTES);

let server: Server;
let address: string;
let rig: WindowRig;
let states: LiveStateBoard;
const sockets: Socket[] = [];

beforeEach(async () => {
  rig = new WindowRig();
  states = new LiveStateBoard();
  states.set({ ...plainState('camera', 'down', 0), reason: 'silent' });
  states.set(plainState('unlinked', 'not-linked', 0));
  const handle = liveHandler({
    window: (cameraId) => (cameraId === 'camera' ? rig.window : undefined),
    liveStates: states,
    permit: () => ({ allowed: true, whileAllowed: () => () => {} }),
    refuse: ({ headers }) =>
      headers['x-stranger'] === undefined
        ? undefined
        : { status: 403, code: 'not_allowed', message: 'not for strangers' },
  });
  server = createServer((request, response) => {
    if (!handle(request, response)) response.writeHead(418).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/live`;
});

afterEach(async () => {
  vi.useRealTimers();
  for (const socket of sockets.splice(0)) socket.destroy();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

/** Sends a request by hand; the answer is left unread until somebody reads it. */
async function request(path: string): Promise<Socket> {
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.pause();
  socket.write(`GET /live/${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
  return socket;
}

async function until(fact: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 400; i++) {
    if (fact()) return;
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => process.nextTick(resolve));
    if (i > 100) await pause();
  }
  throw new Error(`never came true: ${what}`);
}

/** Real time even where timers are faked. */
function pause(): Promise<void> {
  return new Promise((resolve) => {
    const ended = new Int32Array(new SharedArrayBuffer(4));
    const waiting = Atomics.waitAsync(ended, 0, 0, 10);
    void Promise.resolve(waiting.value).then(() => resolve());
  });
}

describe('answers', () => {
  test('a camera that nobody knows is 404', async () => {
    const response = await fetch(`${address}/nobody/index.m3u8`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { code: 'camera_not_found' } });
  });

  test('a camera without a picture is 503 with its state, its reason and when to ask again', async () => {
    const response = await fetch(`${address}/camera/index.m3u8`);
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('2');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.json()).toMatchObject({
      error: { code: 'no_picture_yet', details: { state: 'down', reason: 'silent' } },
    });
    const unlinked = await fetch(`${address}/unlinked/index.m3u8`);
    expect(unlinked.status).toBe(503);
    expect(unlinked.headers.get('retry-after')).toBe('2');
    expect(await unlinked.json()).toMatchObject({
      error: { code: 'no_picture_yet', details: { state: 'not-linked' } },
    });
  });

  test('playlists, init, parts and segments are the window’s bytes', async () => {
    rig.segments(3);
    const last = rig.window.openMediaSequence - 1;
    const files: [string, string, string, string][] = [
      ['index.m3u8', 'application/vnd.apple.mpegurl', 'no-cache', rig.playlist({}, 'index.m3u8')],
      ['media.m3u8', 'application/vnd.apple.mpegurl', 'no-cache', rig.playlist()],
      [
        'media.m3u8?latency=normal',
        'application/vnd.apple.mpegurl',
        'no-cache',
        rig.playlist({ latency: 'normal' }),
      ],
      ['run1/init-0.mp4', 'video/mp4', 'private, max-age=60', 'init run1 0'],
      [`run1/${last}.2.m4s`, 'video/mp4', 'private, max-age=60', '10:'.padEnd(1000, '0')],
      [
        `run1/${last}.m4s`,
        'video/mp4',
        'private, max-age=60',
        ['8:', '9:', '10:', '11:'].map((o) => o.padEnd(1000, '0')).join(''),
      ],
    ];
    for (const [path, type, caching, body] of files) {
      const response = await fetch(`${address}/camera/${path}`);
      expect(response.status, path).toBe(200);
      expect(response.headers.get('content-type')).toBe(type);
      expect(response.headers.get('cache-control')).toBe(caching);
      expect(response.headers.get('content-length')).toBe(String(body.length));
      expect(await response.text()).toBe(body);

      const head = await fetch(`${address}/camera/${path}`, { method: 'HEAD' });
      expect(head.status, path).toBe(200);
      expect(head.headers.get('content-length')).toBe(String(body.length));
      expect(await head.text()).toBe('');
    }
    await until(() => rig.leases === 12, 'leases of answers given back');
  });

  test('a bad directive is 400, a part that left the window 404', async () => {
    rig.segments(2);
    const bad = await fetch(`${address}/camera/media.m3u8?_HLS_part=1`);
    expect(bad.status).toBe(400);
    expect(await bad.json()).toMatchObject({ error: { code: 'bad_request' } });
    const gone = await fetch(`${address}/camera/run1/5.0.m4s`);
    expect(gone.status).toBe(404);
    expect(await gone.json()).toMatchObject({ error: { code: 'not_found' } });
  });

  test('other addresses are left to others, other methods are 405', async () => {
    rig.segments(2);
    expect((await fetch(address.replace('/live', '/api'))).status).toBe(418);
    expect((await fetch(`${address}/camera`)).status).toBe(418);
    const response = await fetch(`${address}/camera/media.m3u8`, { method: 'POST' });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD');
  });

  test('who is refused gets nothing of a camera, not even whether there is one', async () => {
    rig.segments(2);
    for (const path of ['camera/media.m3u8', 'camera/run1/init-0.mp4', 'nobody/index.m3u8']) {
      const response = await fetch(`${address}/${path}`, { headers: { 'x-stranger': 'yes' } });
      expect(response.status).toBe(403);
      expect(await response.json()).toEqual({
        error: { code: 'not_allowed', message: 'not for strangers' },
      });
    }
  });

  test('a blocked playlist comes when its part does', async () => {
    rig.segments(2);
    const open = rig.window.openMediaSequence;
    const asked = fetch(`${address}/camera/media.m3u8?_HLS_msn=${open}&_HLS_part=0`);
    await until(() => rig.window.waiting === 1, 'the request waits');
    rig.part({ starts: true });
    const response = await asked;
    expect(response.status).toBe(200);
    expect(await response.text()).toContain(`URI="run1/${open}.0.m4s"`);
    expect(rig.window.waiting).toBe(0);
  });

  test('what was waited for in vain is 503 with when to ask again', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    rig.segments(2);
    const socket = await request(
      `camera/media.m3u8?_HLS_msn=${rig.window.openMediaSequence}&_HLS_part=0`,
    );
    await until(() => rig.window.waiting === 1, 'the request waits');
    vi.advanceTimersByTime(12_000);
    const [answer] = (await once(socket.resume(), 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 503 .*retry-after: 2\r\n.*nothing_new/is);
    expect(rig.window.waiting).toBe(0);
  });
});

describe('clients that misbehave', () => {
  test('one that goes away while it waits leaves no waiter', async () => {
    rig.segments(2);
    const open = rig.window.openMediaSequence;
    const clients = await Promise.all(
      [0, 1, 2].map(() => request(`camera/media.m3u8?_HLS_msn=${open}&_HLS_part=0`)),
    );
    const hinted = await request(`camera/run1/${open}.0.m4s`);
    await until(() => rig.window.waiting === 4, 'all wait');
    clients[0]?.destroy();
    hinted.destroy();
    await until(() => rig.window.waiting === 2, 'two have left');
    rig.part({ starts: true });
    expect(rig.window.waiting).toBe(0);
    await until(() => rig.leases === 9, 'no lease of who left');
  });

  test('one that goes away in the middle of a segment gives its leases back', async () => {
    for (let i = 0; i < LARGE; i++)
      rig.part({ starts: i === 0, ends: i === LARGE - 1, bytes: CHUNK_BYTES });
    const sequence = rig.window.openMediaSequence - 1;
    const socket = await request(`camera/run1/${sequence}.m4s`);
    await until(() => rig.leases === 2 * LARGE, 'the answer holds its parts');
    socket.destroy();
    await until(() => rig.leases === LARGE, 'leases given back');
  });

  test('media asked for behind a playlist that blocks is given back when the connection closes', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    rig.segments(3);
    const open = rig.window.openMediaSequence;
    const socket = await request(`camera/media.m3u8?_HLS_msn=${open}&_HLS_part=0`);
    socket.write(`GET /live/camera/run1/${open - 1}.m4s HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(2));
    await until(() => rig.leases === 12 + 2 * 4, 'the answers that queue hold their parts');
    socket.destroy();
    await until(() => rig.window.waiting === 0, 'the playlist is not waited for any more');
    vi.advanceTimersByTime(MAX_SEND_MS);
    await until(
      () => rig.leases === 12,
      'the leases of answers that were never sent are given back',
    );
  });

  test('one that reads too slowly loses its own connection, and nobody else anything', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    for (let i = 0; i < LARGE; i++)
      rig.part({ starts: i === 0, ends: i === LARGE - 1, bytes: CHUNK_BYTES });
    const sequence = rig.window.openMediaSequence - 1;
    const slow = await request(`camera/run1/${sequence}.m4s`);
    await until(() => rig.leases === 2 * LARGE, 'the slow answer holds its parts');
    vi.advanceTimersByTime(MAX_SEND_MS - 1);
    await pause();
    expect(rig.leases).toBe(2 * LARGE);

    const other = await request(`camera/run1/${sequence}.7.m4s`);
    const [part] = (await once(other.resume(), 'data')) as [Buffer];
    expect(part.toString('latin1')).toMatch(/^HTTP\/1\.1 200 /);

    vi.advanceTimersByTime(1);
    await until(() => rig.leases <= LARGE + 1, 'the slow client’s leases are given back');
    const closed = once(slow, 'close');
    slow.resume();
    await closed;
    expect(other.destroyed).toBe(false);
  });
});
