import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { plainState, type LiveStateBoard } from '#ingest/live-states.ts';
import { outsideThai } from '#registry/camera-networks.ts';
import { closedAreaRule, newCamera } from '#registry/camera.ts';
import type { Cameras, StreamSource } from '#registry/cameras.ts';
import { ConditionBoard } from '#registry/events/condition-board.ts';
import { asAdministrator, ServerRig } from './auth/server-rig.ts';
import { krabiCamera } from '../registry/krabi-camera.ts';

let rig: ServerRig;
let cameras: Cameras;
let liveStates: LiveStateBoard;
let conditions: ConditionBoard;
let app: FastifyInstance;
const { authorization } = asAdministrator;

beforeEach(async () => {
  conditions = new ConditionBoard();
  rig = await ServerRig.start({ conditions });
  ({ app, cameras, liveStates } = rig);
});

afterEach(async () => {
  await rig.close();
});

async function post(body: unknown, headers: Record<string, string> = {}) {
  return app.inject({
    method: 'POST',
    url: '/api/v1/cameras',
    headers: { host: 'localhost:8080', authorization, ...headers },
    payload: body as object,
  });
}

async function postRaw(contentType: string | undefined, payload: string) {
  return app.inject({
    method: 'POST',
    url: '/api/v1/cameras',
    headers: {
      host: 'localhost',
      authorization,
      ...(contentType === undefined ? {} : { 'content-type': contentType }),
    },
    payload,
  });
}

async function get(url: string, headers: Record<string, string> = {}) {
  return app.inject({
    method: 'GET',
    url,
    headers: { host: 'localhost:8080', authorization, ...headers },
  });
}

test('a camera that was posted reads the same, letter for letter, without its password', async () => {
  const posted = krabiCamera();
  const created = await post(posted);
  expect(created.statusCode).toBe(201);
  const { id, ...rest } = created.json<Record<string, unknown>>();
  const { password: _, ...stream } = posted['stream'] as Record<string, unknown>;
  expect(rest).toMatchObject({ ...posted, stream });
  expect(Object.keys(rest).filter((key) => key in posted)).toEqual(Object.keys(posted));
  expect(created.headers['location']).toBe(`/api/v1/cameras/${String(id)}`);
  const read = await get(`/api/v1/cameras/${String(id)}`);
  const list = await get('/api/v1/cameras');
  const { warnings: _given, ...listed } = created.json<Record<string, unknown>>();
  expect(read.json()).toMatchObject({ ...listed, warnings: [] });
  expect(list.json()).toEqual({ cameras: [listed], nextCursor: null });
  for (const answer of [created, read, list]) expect(answer.body).not.toContain('pa55');
});

test('what is not known yet is null, and a stream needs only its address', async () => {
  const answer = await post({
    owningAgency: 'อบต.คลองยาง',
    position: 'ทางแยก',
    purposes: ['traffic'],
    lao: { name: 'อบต.คลองยาง', district: 'เกาะลันตา', province: 'กระบี่' },
    budgetSource: 'อบต.คลองยาง',
    scope: 'adjacent-road',
    declared: 'under-repair',
    stream: { url: 'rtsp://192.168.1.10/live' },
  });
  expect(answer.statusCode).toBe(201);
  expect(answer.json()).toMatchObject({
    linkedAgencies: [],
    brand: null,
    frameRate: null,
    latitude: null,
    site: null,
    stream: {
      url: 'rtsp://192.168.1.10/live',
      username: null,
      transport: 'auto',
      tls: { verify: 'system', fingerprint: null },
      sound: false,
      record: true,
    },
  });
});

test('credentials within a pasted address are moved to their fields', async () => {
  const sources: (StreamSource | null)[] = [];
  cameras.onChanged(({ source }) => sources.push(source));
  const answer = await post(
    krabiCamera({ stream: { url: 'rtsp://admin:p%40ss@10.0.0.9:8554/ch1?a=b' } }),
  );
  expect(answer.json()).toMatchObject({
    stream: { url: 'rtsp://10.0.0.9:8554/ch1?a=b', username: 'admin' },
  });
  expect(answer.body).not.toContain('p@ss');
  const expected = {
    url: 'rtsp://10.0.0.9:8554/ch1?a=b',
    username: 'admin',
    password: 'p@ss',
    transport: 'auto',
    tls: { verify: 'system', fingerprint: null },
    site: {
      id: expect.any(String),
      maxSessions: null,
      maxSessionsPerBox: null,
      uplinkBitsPerSecond: null,
    },
  };
  expect(sources).toEqual([expect.objectContaining(expected)]);
  expect(await cameras.streams()).toEqual([expect.objectContaining(expected)]);
});

test('a certificate is verified by the system, pinned by its fingerprint, or not at all where somebody says so', async () => {
  const colons = Array.from({ length: 32 }, () => 'AB').join(':');
  const url = 'rtsps://10.0.0.9/live';
  const pinned = await post(
    krabiCamera({
      stream: {
        url,
        tls: { verify: 'pin', fingerprint: colons.replaceAll(':', '').toLowerCase() },
      },
    }),
  );
  expect(pinned.json()).toMatchObject({ stream: { tls: { verify: 'pin', fingerprint: colons } } });
  expect((await cameras.streams())[0]).toMatchObject({
    tls: { verify: 'pin', fingerprint: colons },
  });
  for (const tls of [{ verify: 'pin' }, { verify: 'pin', fingerprint: 'AB' }, { verify: 'no' }]) {
    const refused = await post(krabiCamera({ stream: { url, tls } }));
    expect(refused.statusCode, JSON.stringify(tls)).toBe(400);
  }
});

test('a stream may come over TLS and within HTTP, by no other scheme', async () => {
  for (const scheme of ['rtsp', 'rtsps', 'rtsp+http', 'RTSP+HTTPS']) {
    const answer = await post(krabiCamera({ stream: { url: `${scheme}://10.0.0.9/live` } }));
    expect(answer.json(), scheme).toMatchObject({
      stream: { url: `${scheme.toLowerCase()}://10.0.0.9/live` },
    });
  }
  for (const scheme of ['http', 'rtspx', 'file', 'rtsp+ftp']) {
    const answer = await post(krabiCamera({ stream: { url: `${scheme}://10.0.0.9/live` } }));
    expect(answer.statusCode, scheme).toBe(400);
  }
});

test('a closed-area camera is counted without a stream, and refused with one, in the words of the rule', async () => {
  const refused = await post(krabiCamera({ scope: 'closed-area' }));
  expect(refused.statusCode).toBe(400);
  expect(refused.json()).toMatchObject({ error: { code: 'closed_area_never_linked' } });
  expect(refused.json<{ error: { message: string } }>().error.message).toContain(closedAreaRule);
  for (const said of [{ linkedAgencies: ['สภ.เกาะลันตา'] }, { linkNetwork: 'ใยแก้วนำแสง' }]) {
    const linked = await post(krabiCamera({ scope: 'closed-area', stream: null, ...said }));
    expect(linked.json()).toMatchObject({
      error: {
        code: 'closed_area_never_linked',
        message: expect.stringContaining(closedAreaRule) as string,
        details: { issues: [{ path: `/${Object.keys(said)[0]}` }] },
      },
    });
  }
  expect((await post(krabiCamera({ scope: 'closed-area', stream: null }))).statusCode).toBe(201);
  expect(await cameras.streams()).toEqual([]);
});

test('a camera that breaks a rule is refused, with the field', async () => {
  const broken: [string, Record<string, unknown>][] = [
    ['/purposes', { purposes: [] }],
    ['/purposes', { purposes: ['traffic', 'traffic'] }],
    ['/purposes/0', { purposes: ['spying'] }],
    ['/retentionDays', { retentionDays: 0 }],
    ['/retentionDays', { retentionDays: 1.5 }],
    ['/frameRate', { frameRate: 0 }],
    ['/recordedResolution', { recordedResolution: '1920*1080' }],
    ['/owningAgency', { owningAgency: '   ' }],
    ['/position', { position: 'a\u0000b' }],
    ['/position', { position: 'a\u202eb' }],
    ['/position', { position: '\u200b\u00ad' }],
    ['/position', { position: 'a\uffff' }],
    ['/site', { site: '\u2800' }],
    ['/linkedAgencies/0', { linkedAgencies: ['\u2060'] }],
    ['/linkedAgencies', { linkedAgencies: ['สภ.เกาะลันตา', 'สภ. เกาะลันตา'] }],
    ['/lao/name', { lao: { name: '...', district: 'เกาะลันตา', province: 'กระบี่' } }],
    ['/lao/name', { lao: { name: 'ทต.', district: 'เกาะลันตา', province: 'กระบี่' } }],
    ['/budgetSource', { budgetSource: 'เทศบาล ตำบล' }],
    ['/brand', { brand: 'x'.repeat(201) }],
    ['/latitude', { latitude: 91 }],
    ['/longitude', { longitude: null }],
    ['/scope', { scope: 'office' }],
    ['/declared', { declared: null }],
    ['/stream/url', { stream: { url: 'http://10.0.0.1/' } }],
    ['/stream/url', { stream: { url: 'rtsp://10.0.0.1/a b' } }],
    ['/stream/password', { stream: { url: 'rtsp://a:one@10.0.0.1/', password: 'two' } }],
    ['', { colour: 'red' }],
  ];
  for (const [path, change] of broken) {
    const answer = await post(krabiCamera(change));
    expect([answer.statusCode, path]).toEqual([400, path]);
    const { error } = answer.json<{
      error: { code: string; details: { issues: { path: string }[] } };
    }>();
    expect(error.code).toBe('request_not_valid');
    expect(error.details.issues.map((issue) => issue.path)).toContain(path);
  }
  expect((await get('/api/v1/cameras')).json()).toEqual({ cameras: [], nextCursor: null });
});

test('a refusal never repeats a password', async () => {
  const answers = await Promise.all([
    post(krabiCamera({ stream: { url: 'rtsp://admin:s3cret@@10.0.0.1:99999/' } })),
    post(krabiCamera({ stream: { url: 'rtsp://a:s3cret@10.0.0.1/', password: 'two' } })),
    post(krabiCamera({ stream: { url: 'rtsp://10.0.0.1/', password: 's3cret\n' } })),
  ]);
  for (const answer of answers) {
    expect(answer.statusCode).toBe(400);
    expect(answer.body).not.toContain('s3cret');
  }
});

test('pages follow one another to the end, each camera once, oldest first', async () => {
  const ids: string[] = [];
  for (let i = 0; i < 5; i++) {
    ids.push((await post(krabiCamera({ position: `เสา ${i}` }))).json<{ id: string }>().id);
  }
  const seen: string[] = [];
  let cursor: string | null = null;
  let pages = 0;
  do {
    const url: string = `/api/v1/cameras?limit=2${cursor === null ? '' : `&cursor=${cursor}`}`;
    const page: { cameras: { id: string }[]; nextCursor: string | null } = (await get(url)).json();
    seen.push(...page.cameras.map(({ id }) => id));
    cursor = page.nextCursor;
    pages++;
  } while (cursor !== null);
  expect(seen).toEqual(ids);
  expect(pages).toBe(3);
  expect((await get('/api/v1/cameras?limit=501')).statusCode).toBe(400);
  expect((await get('/api/v1/cameras?limit=0')).statusCode).toBe(400);
  expect((await get('/api/v1/cameras?cursor=elsewhere')).statusCode).toBe(400);
});

test('an unknown camera and an unknown path are 404 in JSON, also for a browser', async () => {
  const camera = await get('/api/v1/cameras/nobody');
  expect(camera.statusCode).toBe(404);
  expect(camera.json()).toMatchObject({ error: { code: 'camera_not_found' } });
  for (const url of ['/api/v1/nothing', '/assets/gone.js']) {
    const path = await get(url, { accept: 'text/html' });
    expect(path.statusCode).toBe(404);
    expect(path.json()).toMatchObject({ error: { code: 'not_found' } });
  }
});

test('live state: from ingest, else not linked since it was registered', async () => {
  const { id } = (await post(krabiCamera({ stream: null }))).json<{ id: string }>();
  const unlinked = (await get(`/api/v1/cameras/${id}/live`)).json<{ since: string }>();
  expect(unlinked).toMatchObject({ cameraId: id, state: 'not-linked', reason: null });
  expect(Math.abs(Date.parse(unlinked.since) - Date.now())).toBeLessThan(60_000);
  liveStates.set({
    ...plainState(id, 'down', Date.UTC(2026, 0, 1)),
    reason: 'timeout',
    retryAtMs: Date.UTC(2026, 0, 2),
  });
  expect((await get(`/api/v1/cameras/${id}/live`)).json()).toMatchObject({
    state: 'down',
    since: '2026-01-01T00:00:00.000Z',
    reason: 'timeout',
    retryAt: '2026-01-02T00:00:00.000Z',
  });
  expect((await get('/api/v1/cameras/nobody/live')).statusCode).toBe(404);
});

test('a request for another host name is refused, whatever its path', async () => {
  for (const host of ['evil.example', 'evil.example:8080', 'localhost.evil.example', '10.0.0.1']) {
    for (const url of ['/api/v1/cameras', '/', '/nothing', '/healthz']) {
      const answer = await get(url, { host });
      expect(answer.statusCode).toBe(403);
      expect(answer.json()).toMatchObject({ error: { code: 'host_not_allowed' } });
    }
  }
  for (const host of ['localhost', '127.0.0.1:1234', '[::1]:8080', 'LOCALHOST:80']) {
    expect((await get('/api/v1/cameras', { host })).statusCode).toBe(200);
  }
});

test('an address with U+0000 in it is refused in words, whatever is asked for', async () => {
  for (const url of ['/api/v1/cameras?q=%00', '/api/v1/cameras/%00', '/live/%00/index.m3u8']) {
    const answer = await get(url);
    expect([url, answer.statusCode]).toEqual([url, 400]);
    expect(answer.json()).toMatchObject({ error: { code: 'address_not_valid' } });
  }
  const signIn = await app.inject({
    method: 'POST',
    url: '/api/v1/session',
    headers: { host: 'localhost' },
    payload: { email: 'a\0b', password: 'x' },
  });
  expect(signIn.statusCode).toBe(400);
});

test('a page of another site changes nothing', async () => {
  for (const origin of ['http://evil.example', 'http://localhost:5555', 'null']) {
    const answer = await post(krabiCamera(), { origin });
    expect(answer.statusCode).toBe(403);
    expect(answer.json()).toMatchObject({ error: { code: 'origin_not_allowed' } });
  }
  expect((await post(krabiCamera(), { 'sec-fetch-site': 'cross-site' })).statusCode).toBe(403);
  expect((await post(krabiCamera(), { origin: 'http://localhost:8080' })).statusCode).toBe(201);
});

test('a body that is not JSON, or too large, is refused in words', async () => {
  const json = JSON.stringify(krabiCamera());
  for (const contentType of ['text/plain', 'application/x-www-form-urlencoded', undefined]) {
    const answer = await postRaw(contentType, json);
    expect([contentType, answer.statusCode]).toEqual([contentType, 415]);
    expect(answer.json()).toMatchObject({ error: { code: 'content_type_not_json' } });
  }
  expect((await postRaw('application/json', '{"a":')).json()).toMatchObject({
    error: { code: 'body_not_json' },
  });
  const tooLarge = await postRaw('application/json', JSON.stringify({ a: 'x'.repeat(70_000) }));
  expect(tooLarge.statusCode).toBe(413);
  expect(tooLarge.json()).toMatchObject({ error: { code: 'body_too_large' } });
});

test('ready while the registry answers', async () => {
  expect((await get('/healthz')).json()).toEqual({ status: 'ok' });
  expect((await get('/readyz')).json()).toEqual({ status: 'ready' });
  await rig.databases.close();
  const answer = await get('/readyz');
  expect(answer.statusCode).toBe(503);
  expect(answer.json()).toMatchObject({ error: { code: 'not_ready' } });
});

test('a failure inside tells the client nothing of itself', async () => {
  await rig.databases.close();
  const answer = await get('/api/v1/cameras');
  expect([500, 503]).toContain(answer.statusCode);
  expect(answer.body).not.toMatch(/sqlite|driver|\.ts/i);
});

async function send(
  method: 'PATCH' | 'DELETE' | 'POST',
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
) {
  return app.inject({
    method,
    url,
    headers: { host: 'localhost:8080', authorization, ...headers },
    ...(body === undefined ? {} : { payload: body as object }),
  });
}

test('a camera is changed upon the ETag that it was read with; a stale one gets both versions', async () => {
  const { id } = (await post(krabiCamera())).json<{ id: string }>();
  const url = `/api/v1/cameras/${id}`;
  const etag = String((await get(url)).headers['etag']);
  expect((await get(url, { 'if-none-match': etag })).statusCode).toBe(304);
  expect((await send('PATCH', url, { brand: 'ข' })).statusCode).toBe(428);
  const changed = await send('PATCH', url, { brand: 'ข' }, { 'if-match': etag });
  expect(changed.statusCode).toBe(200);
  expect(changed.json()).toMatchObject({ brand: 'ข', version: 2 });
  expect((await get(url, { 'if-none-match': etag })).statusCode).toBe(200);
  const stale = await send('PATCH', url, { brand: 'ค' }, { 'if-match': etag });
  expect(stale.statusCode).toBe(409);
  expect(stale.json()).toMatchObject({
    error: {
      code: 'camera_changed_meanwhile',
      details: { current: { brand: 'ข' }, yours: { brand: 'ค' }, changedSince: ['brand'] },
    },
  });
  for (const bad of [
    {},
    { brands: 'x' },
    { retentionDays: 0 },
    { scope: 'closed-area', stream: {} },
    { scope: 'closed-area', linkedAgencies: ['ก'] },
  ]) {
    expect((await send('PATCH', url, bad, { 'if-match': '"2"' })).statusCode).toBe(400);
  }
  const history = await get(`${url}/history`);
  expect(history.json()).toMatchObject({
    versions: [
      { version: 2, action: 'changed', changes: [{ field: 'brand', before: 'ยี่ห้อ ก', after: 'ข' }] },
      { version: 1, action: 'created', changes: [] },
    ],
  });
  expect((await get(url)).json()).toMatchObject({
    provenance: { brand: { source: 'declared', by: { id: 'admin-token' } } },
    observed: [],
    findings: [],
    deleted: null,
  });
});

test('a camera that was stored before a rule of texts was made is told, and changed in all else', async () => {
  const { id } = await cameras.create(
    newCamera.parse(krabiCamera({ position: '\u200b', stream: null })),
    { author: { id: 'a', name: 'ก', proxyFor: null } },
  );
  expect((await get(`/api/v1/cameras/${id}`)).json()).toMatchObject({ position: '\u200b' });
  const change = async (payload: object) =>
    app.inject({
      method: 'PATCH',
      url: `/api/v1/cameras/${id}`,
      headers: { host: 'localhost', authorization, 'if-match': '"1"' },
      payload,
    });
  expect((await change({ position: '\u00ad' })).statusCode).toBe(400);
  expect((await change({ brand: 'ยี่ห้อ ข' })).statusCode).toBe(200);
});

test('the refusal of a closed-area camera has the words of the rule, in a change too', async () => {
  const { id } = (await post(krabiCamera({ scope: 'closed-area', stream: null }))).json<{
    id: string;
  }>();
  const refused = await send(
    'PATCH',
    `/api/v1/cameras/${id}`,
    { stream: { url: 'rtsp://10.0.0.1/a' } },
    { 'if-match': '1' },
  );
  expect(refused.statusCode).toBe(400);
  expect(refused.json()).toMatchObject({
    error: {
      code: 'closed_area_never_linked',
      message: expect.stringContaining(closedAreaRule) as string,
    },
  });
});

test('a camera that stands twice is told of once: 409, and confirmed it is registered', async () => {
  const first = (await post(krabiCamera())).json<{ id: string }>();
  const again = await post(krabiCamera());
  expect(again.statusCode).toBe(409);
  expect(again.json()).toMatchObject({
    error: { code: 'camera_twice', details: { cameras: [{ id: first.id }] } },
  });
  const confirmed = await send('POST', '/api/v1/cameras?confirm=duplicate', krabiCamera());
  expect(confirmed.statusCode).toBe(201);
});

test('an owner may write their LAO by any spelling of its name, and no other', async () => {
  const lanta = { name: 'ทต.เกาะลันตาใหญ่', district: 'เกาะลันตา', province: 'กระบี่' };
  const { name, ...rest } = lanta;
  await rig.addCamera(lanta);
  const { headers } = await rig.signedIn([
    { role: 'owner', area: { level: 'lao', ...rest, lao: name } },
  ]);
  const written = {
    name: 'เทศบาลตำบล เกาะลันตาใหญ่',
    district: 'อ.เกาะลันตา',
    province: 'จังหวัดกระบี่',
  };
  const add = async (lao: object) =>
    app.inject({
      method: 'POST',
      url: '/api/v1/cameras',
      headers,
      payload: krabiCamera({ lao, position: 'ท่าเรือ' }),
    });
  const created = await add(written);
  expect(created.json()).toMatchObject({ lao: lanta });
  expect(created.statusCode).toBe(201);
  const { id } = created.json<{ id: string }>();
  const change = async (lao: object) =>
    app.inject({
      method: 'PATCH',
      url: `/api/v1/cameras/${id}`,
      headers: { ...headers, 'if-match': '"1"' },
      payload: { lao },
    });
  expect((await change(written)).json()).toMatchObject({ lao: lanta, version: 1 });
  const elsewhere = { ...written, name: 'เทศบาลตำบลเกาะลันตาน้อย' };
  expect((await change(elsewhere)).statusCode).toBe(403);
  expect((await add(elsewhere)).statusCode).toBe(403);
});

test('a name that the list does not have is warned of when it is given, and proposed', async () => {
  const warned = async (answer: ReturnType<typeof post>): Promise<string[]> =>
    (await answer)
      .json<{ warnings: { code: string; path: string }[] }>()
      .warnings.filter(({ code }) => code === 'name_not_listed')
      .map(({ path }) => path);
  const lanta = { name: 'ทต.เกาะลันตาใหญ่', district: 'เกาะลันตา', province: 'กระบี่' };
  const first = post(krabiCamera({ lao: lanta, budgetSource: 'กระทรวงมหาดไทย', position: 'ก' }));
  expect(await warned(first)).toEqual(['/lao', '/budgetSource']);
  const spelt = { ...lanta, name: 'เทศบาลตำบลเกาะลันตาใหญ่' };
  const second = post(krabiCamera({ lao: spelt, budgetSource: 'กระทรวง มหาดไทย', position: 'ข' }));
  expect(await warned(second)).toEqual([]);
  const url = `/api/v1/cameras/${(await second).json<{ id: string }>().id}`;
  const wrong = send('PATCH', url, { budgetSource: 'กระทรวงมหาดไท' }, { 'if-match': '1' });
  expect(await warned(wrong)).toEqual(['/budgetSource']);
  // Once it is saved it is of the list, proposed: looked at again it is no news.
  const again = send('PATCH', url, { position: 'ค' }, { 'if-match': '2' });
  expect(await warned(again)).toEqual([]);
});

test('a camera lies in a province and a district that there are, by any name that they have', async () => {
  const lao = { name: 'ทต.เกาะลันตาใหญ่', district: 'เกาะลันตา', province: 'กระบี่' };
  for (const [part, wrong] of [
    ['province', 'แอตแลนติส'],
    ['district', 'ไม่มีจริง'],
  ] as const) {
    const refused = await post(krabiCamera({ lao: { ...lao, [part]: wrong } }));
    expect(refused.statusCode).toBe(400);
    expect(refused.json()).toMatchObject({
      error: { code: 'area_unknown', details: { issues: [{ path: `/lao/${part}` }] } },
    });
  }
  const bangkok = { name: 'กรุงเทพมหานคร', district: 'เขตพระนคร' };
  const created = await post(krabiCamera({ lao: { ...bangkok, province: 'กทม.' } }));
  expect(created.json()).toMatchObject({
    lao: { ...bangkok, district: 'พระนคร', province: 'กรุงเทพมหานคร' },
  });
  const url = `/api/v1/cameras/${created.json<{ id: string }>().id}`;
  const moved = await send('PATCH', url, { lao: { ...lao, province: 'กรบี่' } }, { 'if-match': '1' });
  expect(moved.statusCode).toBe(400);
});

test('a camera is deleted with a reason and brought back, by who has read it as it is', async () => {
  const { id } = (await post(krabiCamera())).json<{ id: string }>();
  const url = `/api/v1/cameras/${id}`;
  const remove = async (body: object, ifMatch?: string) =>
    send('DELETE', url, body, ifMatch === undefined ? {} : { 'if-match': ifMatch });
  await send('PATCH', url, { brand: 'ข' }, { 'if-match': '"1"' });
  const why = { reason: 'ซ้ำ' };
  expect((await remove({}, '"2"')).statusCode).toBe(400);
  for (const unread of [undefined, 'abc', '*']) {
    expect((await remove(why, unread)).statusCode).toBe(428);
  }
  expect((await remove(why, '"1"')).json()).toMatchObject({
    error: { code: 'camera_changed_meanwhile', details: { current: { version: 2, brand: 'ข' } } },
  });
  expect((await remove(why, '"2"')).statusCode).toBe(204);
  expect((await get('/api/v1/cameras')).json()).toMatchObject({ cameras: [] });
  expect((await get('/api/v1/cameras?deleted=true')).json()).toMatchObject({ cameras: [{ id }] });
  expect((await get(url)).json()).toMatchObject({ deleted: { reason: 'ซ้ำ' } });
  expect((await remove(why, '"3"')).statusCode).toBe(404);
  const restore = async (headers: Record<string, string>) =>
    send('POST', `${url}/restore`, undefined, headers);
  expect((await restore({})).statusCode).toBe(428);
  expect((await restore({ 'if-match': '"2"' })).statusCode).toBe(409);
  const restored = await restore({ 'if-match': '"3"' });
  expect(restored.json()).toMatchObject({ id, version: 4 });
  expect(restored.headers['etag']).toMatch(/^"4\./);
  expect((await get(url)).json()).toMatchObject({ deleted: null });
});

test('the list is filtered by what the stream is now, and by text', async () => {
  const up = (await post(krabiCamera({ position: 'ตลาดเช้า' }))).json<{ id: string }>();
  const down = (await post(krabiCamera({ position: 'ตลาดเย็น' }))).json<{ id: string }>();
  liveStates.set(plainState(up.id, 'up', 0));
  liveStates.set(plainState(down.id, 'down', 0));
  const positions = async (query: string) =>
    (await get(`/api/v1/cameras?${query}`))
      .json<{ cameras: { position: string }[] }>()
      .cameras.map(({ position }) => position);
  expect(await positions('observed=down')).toEqual(['ตลาดเย็น']);
  expect(await positions('observed=not-linked')).toEqual([]);
  expect(await positions(`q=${encodeURIComponent('ตลาด')}`)).toEqual(['ตลาดเช้า', 'ตลาดเย็น']);
  expect(await positions(`q=${encodeURIComponent('เช้า')}&observed=up`)).toEqual(['ตลาดเช้า']);
  expect(await positions('observed=degraded')).toEqual([]);
  conditions.take({
    cameraId: up.id,
    state: 'degraded',
    reason: 'low-frame-rate',
    sinceMs: 0,
    atMs: 0,
    epoch: 1,
    sequence: 1,
    eventId: 'e',
    flapping: false,
    measured: {},
  });
  expect(await positions('observed=degraded')).toEqual(['ตลาดเช้า']);
  expect(await positions('observed=unknown')).toEqual([]);
  expect((await get('/api/v1/cameras?declared=broken')).statusCode).toBe(400);
});

test('openapi.json is OpenAPI 3.1, names every path, and marks the password as write only', async () => {
  const document = (await get('/api/v1/openapi.json')).json<{
    openapi: string;
    paths: Record<string, object>;
    components: { schemas: Record<string, { properties: Record<string, object> }> };
  }>();
  expect(document.openapi).toBe('3.1.0');
  expect(
    Object.keys(document.paths)
      .filter((path) => !/people|profile|session/.test(path))
      .toSorted(),
  ).toEqual([
    '/api/v1/cameras',
    '/api/v1/cameras/address-check',
    '/api/v1/cameras/{id}',
    '/api/v1/cameras/{id}/history',
    '/api/v1/cameras/{id}/live',
    '/api/v1/cameras/{id}/restore',
    '/api/v1/events',
    '/api/v1/invitations/{token}',
    '/api/v1/setup',
  ]);
  expect(Object.keys(document.components.schemas)).toEqual(
    expect.arrayContaining([
      'Camera',
      'CameraPage',
      'CameraDetail',
      'Error',
      'LiveState',
      'Person',
      'Session',
    ]),
  );
  expect(JSON.stringify(document.paths['/api/v1/cameras'])).toContain('"writeOnly":true');
  // Also of a body that is transformed as it is read.
  expect(JSON.stringify(document.paths['/api/v1/cameras'])).toContain('"example":{"owningAgency"');
  expect(document.paths['/api/v1/cameras/{id}']).toMatchObject({
    get: { responses: { 200: { headers: { ETag: {} } } } },
    patch: { responses: { 200: { headers: { ETag: {} } } } },
  });
  expect(
    Object.keys(document.components.schemas['Camera']?.properties['stream'] ?? {}),
  ).not.toContain('password');
});

test('every answer carries a content security policy that lets hls.js play', async () => {
  const policy = String((await get('/')).headers['content-security-policy']);
  expect(policy).toContain("script-src 'self'");
  expect(policy).toContain("media-src 'self' blob:");
  expect(policy).toContain("worker-src 'self' blob:");
});

test('screens that are not built: the page says how to build them', async () => {
  const answer = await get('/', { accept: 'text/html' });
  expect(answer.statusCode).toBe(503);
  expect(answer.body).toContain('npm run build:web');
});

test('an address outside of the networks of cameras is taken, and each answer says that it is not connected', async () => {
  const { stream } = krabiCamera() as { stream: object };
  const away = { ...stream, url: 'rtsp://203.0.113.9/stream1' };
  const warned = [{ path: '/stream/url', code: 'address_outside_networks', thai: outsideThai }];
  const created = await post(krabiCamera({ stream: away }));
  expect(created.statusCode).toBe(201);
  expect(created.json<{ warnings: unknown[] }>().warnings).toEqual(
    expect.arrayContaining(warned.map((one) => expect.objectContaining(one) as unknown)),
  );
  const { id } = created.json<{ id: string }>();
  const address = `/api/v1/cameras/${id}`;
  expect((await get(address)).json()).toMatchObject({ warnings: warned });
  const moved = await app.inject({
    method: 'PATCH',
    url: address,
    headers: { host: 'localhost', authorization, 'if-match': '"1"' },
    payload: { stream },
  });
  expect([moved.statusCode, moved.json<{ warnings: unknown }>().warnings]).toEqual([200, []]);
  const check = async (url: string): Promise<unknown> => {
    const headers = { host: 'localhost', authorization };
    const asked = { method: 'POST', url: '/api/v1/cameras/address-check', headers } as const;
    return (await app.inject({ ...asked, payload: { url } })).json<unknown>();
  };
  expect(await check('rtsp://203.0.113.9/')).toEqual({ outsideNetworks: true });
  expect(await check('rtsp://camera.example/')).toEqual({ outsideNetworks: false });
});
