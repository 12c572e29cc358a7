/** Whose cameras are whose, through every spelling, renaming and merge of an LAO: over HTTP, as its owner and its neighbour ask. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { registerPlaceRoutes } from '#gateway/routes/places.ts';
import type { Area, Place } from '#registry/area.ts';
import { openBudgetSources } from '#registry/budget-sources.ts';
import { newLao } from '#registry/lao.ts';
import { openLaos, type Laos } from '#registry/laos.ts';
import { openSites } from '#registry/sites.ts';
import { tester } from '../registry/cameras-of.ts';
import { krabiCamera } from '../registry/krabi-camera.ts';
import { ServerRig } from '../gateway/auth/server-rig.ts';

const krabi = { district: 'เกาะลันตา', province: 'กระบี่' };
const lanta: Place = { ...krabi, name: 'ทต.เกาะลันตาใหญ่' };
const klongyang: Place = { ...krabi, name: 'อบต.คลองยาง' };
const byDepartment = { author: tester, listed: true };

let rig: ServerRig;
let laos: Laos;

beforeEach(async () => {
  rig = await ServerRig.start({
    extraRoutes: [
      (app) =>
        registerPlaceRoutes(app, {
          laos: openLaos(rig.registry, { now: rig.now }),
          budgetSources: openBudgetSources(rig.registry, { now: rig.now }),
          sites: openSites(rig.registry, { now: rig.now }),
          countPeople: async (lao) => rig.people.accounts.countOf(lao),
        }),
    ],
  });
  await rig.app.ready();
  laos = openLaos(rig.registry, { now: rig.now });
});
afterEach(async () => rig.close());

type Person = Awaited<ReturnType<ServerRig['signedIn']>>;

async function owner(name: string): Promise<Person> {
  const area: Area = { level: 'lao', ...krabi, lao: name };
  return rig.signedIn([{ role: 'owner', area }]);
}

/** As often as everybody's rights are read again anyway. */
async function seen(who: Person): Promise<string[]> {
  await rig.people.admission.recheck();
  const answer = await rig.app.inject({ url: '/api/v1/cameras', headers: who.headers });
  return answer.json<{ cameras: { id: string }[] }>().cameras.map(({ id }) => id);
}

async function statusOf(who: Person, cameraId: string): Promise<number> {
  const url = `/api/v1/cameras/${cameraId}`;
  return (await rig.app.inject({ url, headers: who.headers })).statusCode;
}

async function register(who: Person, lao: Place): Promise<number> {
  const answer = await rig.app.inject({
    method: 'POST',
    url: '/api/v1/cameras?confirm=duplicate',
    headers: who.headers,
    payload: krabiCamera({ lao, stream: null }),
  });
  return answer.statusCode;
}

async function idOf(name: string): Promise<string> {
  return (await laos.list({})).find((one) => one.name === name)?.id ?? '';
}

test('an owner by one spelling keeps the cameras of the LAO by any other, and no neighbour’s', async () => {
  const camera = await rig.addCamera(lanta);
  const neighbours = await rig.addCamera(klongyang);
  for (const spelling of [
    'เทศบาลตำบลเกาะลันตาใหญ่',
    'ทต. เกาะลันตาใหญ่',
    'ทต.เกาะลันตาใหญ่',
    'ทตเกาะลันตาใหญ่',
    'อบต.เกาะลันตาใหญ่',
    'ทต.เกาะลันตา',
  ]) {
    const who = await owner(spelling);
    // Without a dot, of another type, or shorter it is another name: proposed, and empty.
    const own = ['เทศบาลตำบลเกาะลันตาใหญ่', 'ทต. เกาะลันตาใหญ่', 'ทต.เกาะลันตาใหญ่'].includes(spelling);
    expect([spelling, await seen(who)]).toEqual([spelling, own ? [camera] : []]);
    expect([spelling, await statusOf(who, camera)]).toEqual([spelling, own ? 200 : 404]);
    expect([spelling, await statusOf(who, neighbours)]).toEqual([spelling, 404]);
    const registered = await register(who, { ...lanta, name: 'เทศบาลตำบล เกาะลันตาใหญ่' });
    expect([spelling, registered]).toEqual([spelling, own ? 201 : 403]);
    if (own) {
      const [added = ''] = (await seen(who)).filter((id) => id !== camera);
      await rig.cameras.remove(added, { author: tester, version: 1, reason: 'ทดสอบ' });
    }
  }
});

test('a new name takes the owner along, and leaves nobody a way in by the old one', async () => {
  const camera = await rig.addCamera(lanta);
  const who = await owner(lanta.name);
  await laos.change(await idOf(lanta.name), { name: 'ทม.ลันตา' }, { author: tester });
  expect(await seen(who)).toEqual([camera]);
  const heir = await owner(lanta.name);
  const theirs = await rig.addCamera(lanta);
  expect(await seen(heir)).toEqual([theirs]);
  expect(await seen(who)).toEqual([camera]);
  expect([await statusOf(who, theirs), await statusOf(heir, camera)]).toEqual([404, 404]);
});

test('a merge takes owners and cameras along; nobody else’s', async () => {
  const misspelt = { ...lanta, name: 'ทต.เกาะลันตาใหย่' };
  const [right, wrong, other] = [
    await rig.addCamera(lanta),
    await rig.addCamera(misspelt),
    await rig.addCamera(klongyang),
  ];
  const ofRight = await owner(lanta.name);
  const ofWrong = await owner(misspelt.name);
  const ofOther = await owner(klongyang.name);
  expect([await seen(ofRight), await seen(ofWrong)]).toEqual([[right], [wrong]]);
  const { headers } = await rig.signedIn([{ role: 'dla', area: { level: 'country' } }]);
  const url = `/api/v1/laos/${await idOf(misspelt.name)}/merge`;
  const into = await idOf(lanta.name);
  const asked = { url: `${url}?into=${into}`, headers };
  expect((await rig.app.inject(asked)).json()).toEqual({
    cameras: 1,
    deletedCameras: 0,
    sites: [{ name: 'ตู้เทศบาล', joins: true }],
    people: 1,
  });
  expect((await rig.app.inject({ ...asked, headers: ofWrong.headers })).statusCode).toBe(403);
  const merged = await rig.app.inject({ method: 'POST', url, headers, payload: { into } });
  expect(merged.json()).toEqual({ cameras: 1 });
  expect([await seen(ofRight), await seen(ofWrong)]).toEqual([
    [right, wrong],
    [right, wrong],
  ]);
  expect(await seen(ofOther)).toEqual([other]);
  expect(await register(ofWrong, misspelt)).toBe(201);
  expect(await register(ofOther, misspelt)).toBe(403);
  const session = await rig.app.inject({ url: '/api/v1/session', headers: ofWrong.headers });
  expect(session.json()).toMatchObject({
    person: { grants: [{ role: 'owner', area: { lao: lanta.name } }] },
  });
});

test('who keeps people of an LAO keeps them through its new name, and nobody of the next LAO of the old one', async () => {
  await laos.add(newLao.parse(lanta), byDepartment);
  const area: Area = { level: 'lao', ...krabi, lao: lanta.name };
  const keeper = await rig.signedIn([{ role: 'administrator', area }]);
  const kept = await owner('เทศบาลตำบลเกาะลันตาใหญ่');
  await laos.change(await idOf(lanta.name), { name: 'ทม.ลันตา' }, { author: tester });
  const stranger = await owner(lanta.name);
  await rig.people.admission.recheck();
  const listed = await rig.app.inject({ url: '/api/v1/people', headers: keeper.headers });
  const ids = listed.json<{ people: { id: string }[] }>().people.map(({ id }) => id);
  expect(ids).toEqual([keeper.id, kept.id]);
  const asked = await rig.app.inject({
    url: `/api/v1/people/${stranger.id}`,
    headers: keeper.headers,
  });
  expect(asked.statusCode).toBe(404);
  const given = await rig.app.inject({
    method: 'POST',
    url: '/api/v1/people',
    headers: keeper.headers,
    payload: { name: 'ใคร', email: 'who@example.go.th', grants: [{ role: 'owner', area }] },
  });
  expect(given.statusCode).toBe(403);
});

test('the session tells where each thing may be done: less than where cameras are seen', async () => {
  const district: Area = { level: 'district', ...krabi };
  const own: Area = { level: 'lao', ...krabi, lao: lanta.name };
  const who = await rig.signedIn([
    { role: 'district', area: district },
    { role: 'owner', area: own },
  ]);
  const mine = await rig.addCamera(lanta);
  const other = await rig.addCamera(klongyang);
  expect(await seen(who)).toEqual([mine, other]);
  const session = await rig.app.inject({ url: '/api/v1/session', headers: who.headers });
  expect(session.json()).toMatchObject({
    areas: { 'camera.list': [district], 'camera.watch': [own], 'footage.play': [own] },
  });
  const stranger = await rig.app.inject({
    url: '/api/v1/session',
    headers: { host: 'localhost' },
  });
  expect(stranger.json()).toMatchObject({ actions: [] });
  expect(Object.keys(stranger.json().areas)).toEqual([]);
});

test('a row of the list is changed upon the version that was read; its history is read where it lies', async () => {
  await rig.addCamera(lanta);
  const [one] = await laos.list({});
  const url = `/api/v1/laos/${one?.id}`;
  const department = await rig.signedIn([{ role: 'dla', area: { level: 'country' } }]);
  const change = async (headers: Record<string, string>) =>
    rig.app.inject({
      method: 'PATCH',
      url,
      headers: { ...department.headers, ...headers },
      payload: { reportingParent: 'province' },
    });
  expect((await change({})).statusCode).toBe(428);
  expect((await change({ 'if-match': 'stale' })).statusCode).toBe(428);
  expect((await change({ 'if-match': `"${(one?.version ?? 0) + 1}"` })).statusCode).toBe(409);
  const changed = await change({ 'if-match': `"${one?.version}"` });
  expect(changed.json()).toMatchObject({ version: (one?.version ?? 0) + 1 });
  expect(changed.headers['etag']).toMatch(new RegExp(`^"${(one?.version ?? 0) + 1}\\.`));
  const historyFor = async (headers: Record<string, string>) =>
    rig.app.inject({ url: `${url}/history`, headers });
  expect((await historyFor(department.headers)).json()).toMatchObject({
    versions: [{ changes: [{ field: 'reportingParent', before: 'district', after: 'province' }] }],
  });
  const area = { level: 'province', province: 'เชียงราย' } as const;
  const elsewhere = await rig.signedIn([{ role: 'administrator', area }]);
  expect((await historyFor(elsewhere.headers)).statusCode).toBe(404);
});
