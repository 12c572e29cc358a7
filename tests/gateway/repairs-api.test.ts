/** Declared conditions and repairs over HTTP: who may, what is recorded, what is refused and how. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Grant } from '#gateway/auth/actor.ts';
import { registerDeclarationRoutes } from '#gateway/routes/declarations.ts';
import { registerRepairRoutes } from '#gateway/routes/repairs.ts';
import { readPlaces } from '#registry/camera-places.ts';
import { declarationsOf } from '#registry/declarations.ts';
import { openRepairs } from '#registry/repairs.ts';
import { ServerRig } from './auth/server-rig.ts';

const lanta = { name: 'ทต.เกาะลันตาใหญ่', district: 'เกาะลันตา', province: 'กระบี่' };
const elsewhere = { name: 'อบต.บ้านดู่', district: 'เมืองเชียงราย', province: 'เชียงราย' };
const grants = {
  owner: {
    role: 'owner',
    area: { level: 'lao', province: 'กระบี่', district: 'เกาะลันตา', lao: lanta.name },
  },
  district: {
    role: 'district',
    area: { level: 'district', province: 'กระบี่', district: 'เกาะลันตา' },
  },
  province: { role: 'province', area: { level: 'province', province: 'กระบี่' } },
} as const satisfies Record<string, Grant>;

let rig: ServerRig;

beforeAll(async () => {
  rig = await ServerRig.start({
    extraRoutes: [
      (app) => {
        const placesOf = async (ids: readonly string[]) => readPlaces(rig.registry, ids);
        registerDeclarationRoutes(app, {
          cameras: rig.cameras,
          readPlaces: placesOf,
          declarationsOf: async (id) => declarationsOf(rig.registry, id),
        });
        registerRepairRoutes(app, {
          repairs: openRepairs(rig.registry, { cameras: rig.cameras, now: rig.now }),
          registry: rig.registry,
          readPlaces: placesOf,
          now: rig.now,
        });
      },
    ],
  });
});

afterAll(async () => rig.close());

async function ask(
  role: keyof typeof grants,
  method: 'GET' | 'POST' | 'PATCH',
  url: string,
  payload?: object,
  version?: number,
): Promise<{ status: number; json: Record<string, unknown> }> {
  const { headers } = await rig.signedIn([grants[role]]);
  const answer = await rig.app.inject({
    method,
    url: `/api/v1${url}`,
    headers: { ...headers, ...(version === undefined ? {} : { 'if-match': `"${version}"` }) },
    ...(payload === undefined ? {} : { payload }),
  });
  return { status: answer.statusCode, json: answer.json() };
}

const broken = { status: 'under-repair', reason: 'power', note: null };

test('an owner declares, a district does so as the owner’s proxy, and a province reads it', async () => {
  const id = await rig.addCamera(lanta);
  const at = `/cameras/${id}/declarations`;
  expect(await ask('owner', 'POST', at, broken)).toMatchObject({
    status: 201,
    json: { declared: 'under-repair', declaredReason: 'ระบบไฟฟ้าขัดข้อง', version: 2 },
  });
  await ask('district', 'POST', at, { status: 'working', reason: 'inspected' });
  expect(await ask('province', 'GET', at)).toMatchObject({
    status: 200,
    json: {
      declarations: [
        { status: 'working', by: { proxyFor: lanta.name }, source: 'register' },
        { status: 'under-repair', by: { proxyFor: null } },
        { reason: 'not-given' },
      ],
    },
  });
  expect((await ask('province', 'POST', at, broken)).status).toBe(403);
  expect(
    rig.audit.entries.filter(
      ({ action, object }) => action === 'camera.declare' && object.id === id,
    ),
  ).toMatchObject([{ outcome: 'done' }, { outcome: 'done' }]);
});

test('a reason of another status is refused by its name, a day that has not come by its own', async () => {
  const id = await rig.addCamera(lanta);
  const at = `/cameras/${id}/declarations`;
  for (const [given, code] of [
    [{ status: 'unrepairable', reason: 'power' }, 'reason_not_of_status'],
    [{ status: 'working', reason: 'other' }, 'note_needed'],
    [{ ...broken, on: '2999-01-01' }, 'declared_in_future'],
  ] as const) {
    const { status, json } = await ask('owner', 'POST', at, given);
    expect([status, json]).toMatchObject([400, { error: { code } }]);
  }
});

test('a day on which a repair is due, of a year that was read in the wrong era, is refused by its name', async () => {
  const id = await rig.addCamera(lanta);
  const far = { dueOn: '2569-12-10' };
  const opened = { state: 'reported', cause: 'power', reportedBy: 'สมชาย' };
  for (const given of [far, { warrantyUntil: '2569-12-10' }]) {
    const refused = await ask('owner', 'POST', `/cameras/${id}/repairs`, { ...opened, ...given });
    expect([refused.status, refused.json]).toMatchObject([400, { error: { code: 'day_too_far' } }]);
  }
});

test('a repair and a right that were stored before a rule of texts was made are told as they stand', async () => {
  const at = `/cameras/${await rig.addCamera(lanta)}/repairs`;
  const opened = await ask('owner', 'POST', at, { cause: 'power' });
  const unseen = { reported_by: '\u200b', note: '\u00ad', contractor: '\ufffe' };
  await rig.registry
    .updateTable('repairs')
    .set(unseen)
    .where('id', '=', String(opened.json['id']))
    .execute();
  expect(await ask('owner', 'GET', at)).toMatchObject({
    status: 200,
    json: { repairs: [{ reportedBy: '\u200b', note: '\u00ad', contractor: '\ufffe' }] },
  });
  const nameless = { ...grants.owner.area, lao: '\u200b' };
  const { headers } = await rig.signedIn([{ role: 'owner', area: nameless }]);
  const session = await rig.app.inject({ url: '/api/v1/session', headers });
  expect([session.statusCode, session.json()]).toMatchObject([
    200,
    { person: { grants: [{ area: nameless }] } },
  ]);
  for (const contractor of ['\u200b', 'ก\ufffe']) {
    expect((await ask('owner', 'POST', at, { contractor })).status).toBe(400);
  }
});

test('a broken camera is reported in one step, and its repair goes on to the end', async () => {
  const id = await rig.addCamera(lanta);
  const at = `/cameras/${id}/repairs`;
  const opened = await ask('owner', 'POST', at, { cause: 'lightning', dueOn: '2026-01-01' });
  expect(opened).toMatchObject({ status: 201, json: { state: 'reported', version: 1 } });
  expect(await ask('owner', 'POST', at, {})).toMatchObject({
    status: 409,
    json: { error: { code: 'repair_open_already', details: { repairId: opened.json['id'] } } },
  });
  const one = `${at}/${String(opened.json['id'])}`;
  expect((await ask('owner', 'PATCH', one, { cost: 100 })).status).toBe(428);
  expect((await ask('province', 'PATCH', one, { cost: 100 }, 1)).status).toBe(403);
  const closing = { state: 'back-in-service', cost: 1200.5 };
  expect(await ask('owner', 'PATCH', one, closing, 1)).toMatchObject({
    status: 200,
    json: { state: 'back-in-service', cost: 1200.5, version: 2 },
  });
  expect(await ask('owner', 'PATCH', one, { note: 'ช้า' }, 1)).toMatchObject({
    status: 409,
    json: { error: { code: 'repair_changed_meanwhile', details: { current: { version: 2 } } } },
  });
  expect((await rig.cameras.get(id))?.declared).toBe('working');
  expect((await ask('province', 'GET', `${one}/history`)).json).toMatchObject({
    versions: [{ version: 2 }, { version: 1, changes: [] }],
  });
});

test('of another area neither the camera, its repairs nor its place in a list is told', async () => {
  const id = await rig.addCamera(elsewhere);
  for (const url of [`/cameras/${id}/declarations`, `/cameras/${id}/repairs`]) {
    expect((await ask('owner', 'GET', url)).status).toBe(404);
    expect((await ask('owner', 'POST', url, {})).status).toBe(404);
  }
  await rig.cameras.declare([
    {
      cameraId: id,
      declaration: { status: 'under-repair', reason: 'power', note: null },
      author: { id: 'a', name: 'ก', proxyFor: null },
      source: 'register',
    },
  ]);
  const { json } = await ask('province', 'GET', '/repairs?kind=to-repair');
  const listed = json['cameras'] as { cameraId: string; lao: { province: string } }[];
  expect(listed.filter(({ lao }) => lao.province !== 'กระบี่')).toEqual([]);
  const totals = (await ask('province', 'GET', '/repairs/totals?by=province')).json['totals'];
  expect(totals as unknown[]).not.toContainEqual(expect.objectContaining({ province: 'เชียงราย' }));
});
