/** What runs for somebody ends with their right to it: a blocked playlist, a part being sent, an event stream. */
import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RECHECK_MS } from '#gateway/auth/admission.ts';
import { trackViews, type LiveViews } from '#gateway/audit/views.ts';
import { plainState } from '#ingest/live-states.ts';
import { CHUNK_BYTES } from '#ingest/memory/chunk-pool.ts';
import { country, type Area, type Place } from '#registry/area.ts';
import { WindowRig } from '#tests/ingest/hls/rig.ts';
import { WAIT_MS } from '#tests/wait-bound.ts';
import { byTest } from '../../registry/cameras-of.ts';
import { ServerRig } from './server-rig.ts';

/** The bound. */
const BOUND_MS = 5_000;
/** Parts of a segment that no socket buffer holds. */
const LARGE = Math.round(25_000_000 / CHUNK_BYTES);
const lanta: Place = { name: 'ทต.เกาะลันตาใหญ่', district: 'เกาะลันตา', province: 'กระบี่' };
const phangnga: Place = { name: 'ทม.พังงา', district: 'เมืองพังงา', province: 'พังงา' };
const krabi: Area = { level: 'province', province: 'กระบี่' };

let rig: ServerRig;
let views: LiveViews;
let window: WindowRig;
let cameraId: string;
let port: number;
let opening: number;
const sockets: Socket[] = [];

beforeEach(async () => {
  window = new WindowRig();
  rig = await ServerRig.start(
    {
      views: {
        touch: (view) => views.touch(view),
        end: (of, reason) => views.end(of, reason),
      },
      window: (id) => (id === cameraId ? window.window : undefined),
    },
    { recheckMs: 100 },
  );
  views = trackViews({ audit: rig.audit, now: () => performance.now(), onLost: () => {} });
  cameraId = await rig.addCamera(lanta);
  opening = window.window.openMediaSequence;
  await rig.app.listen({ host: '127.0.0.1', port: 0 });
  ({ port } = rig.app.server.address() as AddressInfo);
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await rig.close();
  await views.close();
});

/** A request on a connection of its own, with what has come of the answer. */
async function open(path: string, headers: Record<string, string>) {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => {});
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
  await once(socket, 'connect');
  const lines = Object.entries({ ...headers, host: 'localhost' }).map(([n, v]) => `${n}: ${v}`);
  socket.write(`GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
  return { socket, text: () => text, closed: once(socket, 'close') };
}

type Opened = Awaited<ReturnType<typeof open>>;

/** By the looks of this rig, which are twenty times as many as the gateway's. */
async function ends({ closed }: Opened): Promise<void> {
  const late = new Promise<'late'>((resolve) => setTimeout(resolve, WAIT_MS, 'late').unref());
  expect(await Promise.race([closed.then(() => 'ended'), late])).toBe('ended');
}

/** A playlist that waits for a segment that does not come. */
async function blocked(headers: Record<string, string>): Promise<Opened> {
  if (window.window.openMediaSequence === opening) window.segments(3);
  const before = window.window.waiting;
  const opened = await open(
    `/live/${cameraId}/media.m3u8?_HLS_msn=${window.window.openMediaSequence}`,
    headers,
  );
  await expect.poll(() => window.window.waiting).toBe(before + 1);
  return opened;
}

type SignedIn = Awaited<ReturnType<ServerRig['signedIn']>>;

/** Ways in which a right ends, as another gateway on the same database would bring them about: nobody tells this one. */
const waysToEnd: [string, (who: SignedIn) => Promise<unknown>][] = [
  ['they sign out', async ({ id, sessionId }) => rig.people.sessions.endOne(id, sessionId)],
  ['the account is closed', async ({ id }) => rig.people.accounts.change(id, { disabled: true })],
  [
    'the role is another',
    async ({ id }) =>
      rig.people.accounts.change(id, { grants: [{ role: 'auditor', area: country }] }),
  ],
  [
    'the area is another',
    async ({ id }) =>
      rig.people.accounts.change(id, {
        grants: [{ role: 'operator', area: { level: 'province', province: 'พังงา' } }],
      }),
  ],
  [
    'the camera moves to another province',
    async () => rig.cameras.change(cameraId, { lao: phangnga }, { ...byTest, version: 1 }),
  ],
];

describe('a blocked playlist ends with the next look at rights when', () => {
  test.for(waysToEnd)('%s', async ([, end]) => {
    const who = await rig.signedIn([{ role: 'operator', area: krabi }]);
    const opened = await blocked(who.headers);
    await end(who);
    await ends(opened);
    expect(opened.text()).toBe('');
    // And the next is not begun.
    const next = await fetch(`http://127.0.0.1:${port}/live/${cameraId}/index.m3u8`, {
      headers: who.headers,
    });
    expect([401, 403, 404]).toContain(next.status);
    await expect
      .poll(() => rig.audit.acts)
      .toEqual(expect.arrayContaining([`camera.watch.start done ${cameraId}`]));
  });
});

test('a part that is being sent is cut off, and its memory given back', async () => {
  const who = await rig.signedIn([{ role: 'operator', area: krabi }]);
  for (let i = 0; i < LARGE; i++) {
    window.part({ starts: i === 0, ends: i === LARGE - 1, bytes: CHUNK_BYTES });
  }
  const large = window.window.openMediaSequence - 1;
  const opened = await open(`/live/${cameraId}/run1/${large}.m4s`, who.headers);
  opened.socket.pause();
  await expect.poll(() => window.leases).toBe(2 * LARGE);
  await rig.people.sessions.endOne(who.id, who.sessionId);
  await rig.people.admission.recheck();
  await expect.poll(() => window.leases).toBe(LARGE);
  opened.socket.resume();
  await ends(opened);
  expect(opened.text().length).toBeLessThan(25_000_000);
});

test('a token that is revoked ends what its machine watches; another of the same person goes on', async () => {
  const { id } = await rig.signedIn([{ role: 'operator', area: krabi }]);
  const make = async () =>
    rig.people.tokens.create(id, {
      name: 'จอ',
      scopes: ['live'],
      expiresMs: rig.now() + 60_000,
      secondFactor: true,
    });
  const [one, other] = [await make(), await make()];
  const first = await blocked({ authorization: `Bearer ${one.token}` });
  const second = await blocked({ authorization: `Bearer ${other.token}` });
  await rig.people.tokens.revoke(id, one.id);
  await ends(first);
  expect(second.socket.destroyed).toBe(false);
});

test('an event stream tells of cameras in scope, and ends when the role changes', async () => {
  const away = await rig.addCamera(phangnga);
  rig.liveStates.set(plainState(cameraId, 'up', 0));
  rig.liveStates.set(plainState(away, 'up', 0));
  const who = await rig.signedIn([{ role: 'operator', area: krabi }]);
  const opened = await open('/api/v1/events', who.headers);
  await expect.poll(opened.text).toContain('snapshot');
  expect(opened.text()).toContain(cameraId);
  rig.liveStates.set(plainState(away, 'down', 1));
  const added = await rig.addCamera(phangnga);
  const near = await rig.addCamera(lanta);
  rig.liveStates.set(plainState(near, 'up', 1));
  await expect.poll(opened.text).toContain(`"cameraId":"${near}"`);
  // It moves away: for those who saw it there it is gone, and no more is told of it.
  await rig.cameras.change(near, { lao: phangnga }, { ...byTest, version: 1 });
  await expect.poll(opened.text).toContain(`event: camera-deleted\ndata: {"id":"${near}"}`);
  rig.liveStates.set(plainState(near, 'down', 2));
  rig.liveStates.set(plainState(cameraId, 'down', 2));
  await expect.poll(opened.text).toContain('"state":"down"');
  expect(opened.text()).not.toContain(away);
  expect(opened.text()).not.toContain(added);
  await rig.people.accounts.change(who.id, { grants: [{ role: 'owner', area: country }] });
  // The last chunk: the answer is over, and the tab comes back to see what it may now.
  await expect.poll(opened.text).toMatch(/\r\n0\r\n\r\n$/);
});

test('the bound holds by the interval at which rights are read again', () => {
  // What began just after a look is seen at the next, which takes its time: twice the interval, and a second to spare.
  expect(2 * RECHECK_MS + 1_000).toBeLessThanOrEqual(BOUND_MS);
});

test('live bytes of a camera out of scope do not exist, and nobody is asked to sign in', async () => {
  const status = async (headers: Record<string, string>): Promise<[number, string]> => {
    const reply = await fetch(`http://127.0.0.1:${port}/live/${cameraId}/index.m3u8`, { headers });
    const { error } = (await reply.json()) as { error: { code: string } };
    return [reply.status, error.code];
  };
  const other = await rig.signedIn([{ role: 'owner', area: { ...krabi, province: 'พังงา' } }]);
  const district = await rig.signedIn([
    { role: 'district', area: { level: 'district', province: 'กระบี่', district: 'เกาะลันตา' } },
  ]);
  expect(await status({})).toEqual([401, 'sign_in_needed']);
  expect(await status(other.headers)).toEqual([404, 'camera_not_found']);
  expect(await status(district.headers)).toEqual([403, 'not_allowed']);
  expect(rig.audit.acts).toEqual([
    `access.refused refused ${cameraId}`,
    `access.refused refused ${cameraId}`,
  ]);
  // A view that cannot be recorded is not begun.
  const operator = await rig.signedIn([{ role: 'operator', area: country }]);
  rig.audit.full = true;
  expect(await status(operator.headers)).toEqual([503, 'audit_unavailable']);
});
