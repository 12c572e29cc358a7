import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Grant } from '#gateway/auth/actor.ts';
import { registerSurveyCountRoutes } from '#gateway/routes/survey-counts.ts';
import { registerSurveyReturnRoutes } from '#gateway/routes/survey-returns.ts';
import { registerSurveyRoundRoutes } from '#gateway/routes/survey-rounds.ts';
import { startSurvey, type Survey } from '#gateway/survey.ts';
import { newCamera } from '#registry/camera.ts';
import { newLao } from '#registry/lao.ts';
import { openLaos } from '#registry/laos.ts';
import { formXlsx } from '#registry/survey/form-xlsx.ts';
import { surveyForm } from '#registry/survey/form.ts';
import { byTest } from '../registry/cameras-of.ts';
import { formExample } from '../simulator/form-example.ts';
import { ServerRig } from './auth/server-rig.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const province = 'กระบี่';
const lanta = { province, district: 'เกาะลันตา' };
const areas = {
  owner: { level: 'lao', ...lanta, lao: 'ทต.เกาะลันตาใหญ่' },
  neighbour: { level: 'lao', ...lanta, lao: 'อบต.คลองยาง' },
  district: { level: 'district', ...lanta },
  province: { level: 'province', province },
  dla: { level: 'country' },
} as const;
const roleOf = { neighbour: 'owner' } as const;
type Who = keyof typeof areas;

let rig: ServerRig;
let survey: Survey;
let headers: Record<Who, Record<string, string>>;

beforeEach(async () => {
  rig = await ServerRig.start({
    extraRoutes: [
      (app) => {
        survey = startSurvey({
          registry: rig.registry,
          cameras: rig.cameras,
          log: { info: () => {}, error: (...said: unknown[]) => console.error(...said) },
          now: rig.now,
        });
        registerSurveyCountRoutes(app, survey.deps);
        registerSurveyRoundRoutes(app, survey.deps);
        registerSurveyReturnRoutes(app, survey.deps);
      },
    ],
  });
  await rig.app.ready();
  headers = {} as typeof headers;
  for (const who of Object.keys(areas) as Who[]) {
    const role = who in roleOf ? 'owner' : (who as Grant['role']);
    headers[who] = (await rig.signedIn([{ role, area: areas[who] }])).headers;
  }
});

afterEach(async () => {
  await survey.close();
  await rig.close();
});

async function letterExample(): Promise<void> {
  await rig.cameras.createMany(
    formExample((name) => `rtsp://192.168.1.9:8554/${name}`).map((one) => newCamera.parse(one)),
    byTest,
  );
  await new Promise((done) => setTimeout(done, 2));
}

async function ask(
  who: Who,
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  url: string,
  payload?: object,
) {
  return rig.app.inject({
    method,
    url: `/api/v1/survey/${url}`,
    headers: headers[who],
    ...(payload === undefined ? {} : { payload }),
  });
}

interface Told {
  id: string;
  name: string;
  state: string;
  version: number;
  mayDo: string[];
  counts: object;
}

const inDays = (days: number): string => new Date(rig.now() + days * DAY_MS).toISOString();

async function openRound(): Promise<string> {
  const answer = await ask('dla', 'POST', 'rounds', {
    title: 'การสำรวจข้อมูลการใช้งานกล้อง CCTV',
    reference: 'ที่ มท ๐๘๑๖.๓/ว ๑',
    cutOffAt: inDays(0),
    deadlines: {
      lao: { dueAt: inDays(2) },
      district: { dueAt: inDays(3), letterNumber: 'ว ๒' },
      province: { dueAt: inDays(4) },
    },
  });
  expect([answer.statusCode, answer.json<{ state: string }>().state]).toEqual([201, 'frozen']);
  return answer.json<Told>().id;
}

async function returnsOf(who: Who, roundId: string): Promise<Told[]> {
  return (await ask(who, 'GET', `rounds/${roundId}/returns`)).json<{ returns: Told[] }>().returns;
}

async function named(who: Who, roundId: string, name: string): Promise<Told> {
  const found = (await returnsOf(who, roundId)).find((one) => one.name === name);
  if (found === undefined) throw new Error(`${who} sees no return of ${name}`);
  return found;
}

const signature = { name: 'นางสาวสมหญิง รักดี', position: 'ปลัดเทศบาล', date: '2026-01-05' };

async function act(who: Who, id: string, what: string, body: object = {}) {
  return ask(who, 'POST', `returns/${id}/${what}`, { version: 1, ...body });
}

test('a whole round with four people: one return sent back, corrected, and the province’s form accepted by the Department', async () => {
  await letterExample();
  const round = await openRound();
  expect(await returnsOf('owner', round)).toMatchObject([
    {
      name: 'ทต.เกาะลันตาใหญ่',
      state: 'draft',
      counts: { total: 16, working: 11, underRepair: 4, unrepairable: 1 },
      mayDo: ['fill', 'sign'],
    },
  ]);
  const own = await named('owner', round, 'ทต.เกาะลันตาใหญ่');
  expect((await act('owner', own.id, 'submit', { signature })).json()).toMatchObject({
    state: 'submitted',
    mayDo: ['correct'],
  });
  const back = await act('district', own.id, 'send-back', { reason: 'ขาดหมายเหตุ' });
  expect(back.json()).toMatchObject({
    state: 'sent-back',
    version: 2,
    sentBackReason: 'ขาดหมายเหตุ',
  });
  // Nothing was registered since: there is nothing to take anew, and it is the LAO's to do.
  const differs = await ask('owner', 'GET', `returns/${own.id}/snapshot-differences`);
  expect(differs.json()).toMatchObject({ added: { count: 0, cameras: [] }, moved: { count: 0 } });
  const retake = { version: 2, reason: 'กล้องขาด' };
  expect((await act('owner', own.id, 'retake', retake)).json()).toMatchObject({
    error: { code: 'survey_snapshot_as_registered' },
  });
  expect((await act('province', own.id, 'retake', retake)).statusCode).toBe(403);
  const noted = await ask('owner', 'PUT', `returns/${own.id}/notes`, {
    version: 2,
    notes: [{ budgetSource: 'ทต.เกาะลันตาใหญ่', note: 'รออะไหล่' }],
  });
  expect(noted.json<{ rows: { note: string }[] }>().rows.map(({ note }) => note)).toEqual([
    '',
    'รออะไหล่',
  ]);
  const signedNotes = [{ budgetSource: 'กรมส่งเสริมการปกครองท้องถิ่น', note: 'อยู่ในประกัน' }];
  await act('owner', own.id, 'submit', { version: 2, signature, notes: signedNotes });
  expect((await act('district', own.id, 'accept', { version: 2 })).json()).toMatchObject({
    state: 'accepted',
    rows: [{ note: 'อยู่ในประกัน' }, { note: 'รออะไหล่' }],
  });
  // What was sent first is read as it was.
  const first = await ask('owner', 'GET', `returns/${own.id}/versions/1`);
  expect(first.json()).toMatchObject({
    shown: { version: 1, state: 'sent-back', signature, reason: 'ขาดหมายเหตุ' },
    rows: [{ note: '' }, { note: '' }],
  });

  const neighbour = await named('neighbour', round, 'อบต.คลองยาง');
  await act('neighbour', neighbour.id, 'submit', { signature });
  const early = await named('district', round, 'เกาะลันตา');
  expect((await act('district', early.id, 'submit', { signature })).json()).toMatchObject({
    error: { code: 'survey_parts_missing', details: { names: ['อบต.คลองยาง'] } },
  });
  await act('district', neighbour.id, 'accept');
  expect(
    (await act('district', early.id, 'submit', { signature, notes: signedNotes })).json(),
  ).toMatchObject({ error: { code: 'survey_not_of_this_return' } });
  await act('district', early.id, 'submit', { signature });
  expect((await act('province', early.id, 'accept')).statusCode).toBe(200);

  // The provincial organisation's district has nobody here: an administrator of the area stands in.
  const administrator = (
    await rig.signedIn([
      { role: 'administrator', area: { level: 'district', province, district: 'เมืองกระบี่' } },
    ])
  ).headers;
  headers = { ...headers, neighbour: administrator };
  const organisation = await named('neighbour', round, 'อบจ.กระบี่');
  for (const what of ['submit', 'accept']) {
    const body = what === 'submit' ? { signature } : {};
    expect((await act('neighbour', organisation.id, what, body)).statusCode).toBe(200);
  }
  const town = await named('neighbour', round, 'เมืองกระบี่');
  await act('neighbour', town.id, 'submit', { signature });
  await act('province', town.id, 'accept');

  const whole = await named('province', round, province);
  const sent = await act('province', whole.id, 'submit', {
    signature: { ...signature, position: 'ท้องถิ่นจังหวัดกระบี่' },
  });
  expect(sent.json()).toMatchObject({
    state: 'submitted',
    totals: { total: 70, working: 43, underRepair: 18, unrepairable: 9 },
    waitingFor: [],
    stale: false,
  });
  expect((await act('dla', whole.id, 'accept')).json()).toMatchObject({ state: 'accepted' });
  const told = (await ask('dla', 'GET', `rounds/${round}`)).json<{ progress: object }>();
  expect(told.progress).toMatchObject({
    lao: { waiting: 0, accepted: 3, late: 0 },
    district: { accepted: 2 },
    province: { accepted: 1 },
  });
  const reconciled = await ask('province', 'GET', `rounds/${round}/reconciliation`);
  expect(
    reconciled.json<{ agreements: { agrees: boolean }[] }>().agreements.map(({ agrees }) => agrees),
  ).toEqual([true, true, true]);

  const form = await ask('dla', 'GET', `returns/${whole.id}/form`);
  expect(form.json()).toMatchObject({
    kind: 'province',
    total: { label: 'รวมทั้งสิ้น', labelColumns: 5, values: [70, 43, 18, 9] },
    signed: true,
  });
  const file = await ask('dla', 'GET', `returns/${whole.id}/form.xlsx`);
  expect(decodeURIComponent(String(file.headers['content-disposition']).split("''")[1] ?? '')).toBe(
    'การสำรวจข้อมูลการใช้งานกล้อง CCTV จังหวัดกระบี่.xlsx',
  );
  expect(file.rawPayload.subarray(0, 2).toString()).toBe('PK');
  expect(
    rig.audit.entries
      .filter(({ action }) => action.startsWith('survey.'))
      .map(({ action }) => action),
  ).toEqual(
    expect.arrayContaining([
      'survey.open',
      'survey.submit',
      'survey.send-back',
      'survey.accept',
      'survey.export',
    ]),
  );
});

const waiting = (changes: object = {}): object => ({
  title: 'การสำรวจ',
  reference: 'ว ๑',
  cutOffAt: new Date(rig.now() + 10 * MINUTE_MS).toISOString(),
  deadlines: {
    lao: { dueAt: inDays(2) },
    district: { dueAt: inDays(3) },
    province: { dueAt: inDays(4) },
  },
  ...changes,
});

test('a cut-off or a deadline of a year that was read in the wrong era is refused', async () => {
  const far = { dueAt: '2570-01-15T16:30:00+07:00' };
  for (const given of [
    waiting({ cutOffAt: far.dueAt, deadlines: { lao: far, district: far, province: far } }),
    waiting({
      deadlines: { lao: { dueAt: inDays(2) }, district: { dueAt: inDays(3) }, province: far },
    }),
  ]) {
    const refused = await ask('dla', 'POST', 'rounds', given);
    expect([refused.statusCode, refused.json()]).toMatchObject([
      400,
      { error: { code: 'day_too_far', message: expect.stringContaining('พ.ศ.') as string } },
    ]);
  }
  const { id } = (await ask('dla', 'POST', 'rounds', waiting())).json<Told>();
  const moved = await ask('dla', 'PATCH', `rounds/${id}`, {
    deadlines: { lao: { dueAt: inDays(2) }, district: { dueAt: inDays(3) }, province: far },
  });
  expect(moved.json()).toMatchObject({ error: { code: 'day_too_far' } });
});

test('how many LAOs a round will ask is told before it is opened, and so many are asked', async () => {
  const laos = openLaos(rig.registry, { now: rig.now });
  const listed = async (name: string, place: object = lanta) =>
    laos.add(newLao.parse({ name, ...place }), { ...byTest, listed: true });
  const asks = async (query = '') => (await ask('dla', 'GET', `asked${query}`)).json<unknown>();
  // Those that somebody has a role for are proposed.
  expect(await asks()).toEqual({ listed: 0, proposed: 2 });
  const { id } = (await laos.list({ q: 'ทต.เกาะลันตาใหญ่' }))[0] ?? { id: '' };
  await laos.change(id, { status: 'listed' }, byTest);
  await laos.merge((await listed('ทต.เกาะลันตาใหย่')).id, id, byTest);
  await listed('ทน.ตรัง', { province: 'ตรัง', district: 'เมืองตรัง' });
  expect(await asks()).toEqual({ listed: 2, proposed: 1 });
  const krabi = encodeURIComponent('จ.กระบี่');
  expect(await asks(`?province=${krabi}`)).toEqual({ listed: 1, proposed: 1 });
  const both = `?province=${krabi}&province=${encodeURIComponent('ตรัง')}`;
  expect(await asks(both)).toEqual({ listed: 2, proposed: 1 });
  expect((await ask('province', 'GET', 'asked')).statusCode).toBe(403);
  const sent = (await returnsOf('dla', await openRound())).filter(({ name }) =>
    /^[ทอ]/u.test(name),
  );
  expect(sent.map(({ name }) => name).toSorted()).toEqual([
    'ทต.เกาะลันตาใหญ่',
    'ทน.ตรัง',
    'อบต.คลองยาง',
  ]);
});

test('a round is cancelled before its cut-off, by who may open one, with the reason, and is never frozen', async () => {
  const opened = await ask('dla', 'POST', 'rounds', waiting());
  const { id, state } = opened.json<Told>();
  expect(state).toBe('open');
  const why = { reason: 'กรอกปีผิด' };
  expect((await ask('province', 'POST', `rounds/${id}/cancel`, why)).statusCode).toBe(403);
  // Closed is what was cut off.
  expect((await ask('dla', 'POST', `rounds/${id}/close`)).statusCode).toBe(409);
  const cancelled = await ask('dla', 'POST', `rounds/${id}/cancel`, why);
  expect([cancelled.statusCode, cancelled.json()]).toMatchObject([
    200,
    { state: 'cancelled', cancelledReason: why.reason, frozenAt: null, cameras: null },
  ]);
  expect(rig.audit.entries.find(({ action }) => action === 'survey.cancel')).toMatchObject({
    why: why.reason,
    object: { id },
  });
  rig.clock.aheadMs += 20 * MINUTE_MS;
  for (const [method, url, body] of [
    ['POST', `rounds/${id}/cancel`, why],
    ['PATCH', `rounds/${id}`, { title: 'อื่น' }],
  ] as const) {
    expect((await ask('dla', method, url, body)).json()).toMatchObject({
      error: { code: 'survey_round_not_open' },
    });
  }
  // One whose cut-off has come is not cancelled, and the next is compared with none that was.
  const frozen = await openRound();
  expect((await ask('dla', 'POST', `rounds/${frozen}/cancel`, why)).statusCode).toBe(409);
  expect((await ask('dla', 'GET', `rounds/${frozen}/reconciliation`)).json()).toMatchObject({
    previousRoundId: null,
  });
  expect((await ask('dla', 'GET', `rounds/${id}`)).json()).toMatchObject({ state: 'cancelled' });

  // Nor is it compared with one before it: it counted nothing, and all would look removed.
  await letterExample();
  await openRound();
  const again = (await ask('dla', 'POST', 'rounds', waiting())).json<Told>();
  await ask('dla', 'POST', `rounds/${again.id}/cancel`, why);
  expect((await ask('dla', 'GET', `rounds/${again.id}/reconciliation`)).json()).toMatchObject({
    previousRoundId: null,
    differences: [],
  });
});

test('nobody acts past their level: an LAO sends to its district, and sees no other’s return', async () => {
  await letterExample();
  const round = await openRound();
  const own = await named('owner', round, 'ทต.เกาะลันตาใหญ่');
  const other = await named('neighbour', round, 'อบต.คลองยาง');
  expect((await ask('owner', 'GET', `returns/${other.id}`)).json()).toMatchObject({
    error: { code: 'survey_return_not_found' },
  });
  expect((await act('owner', other.id, 'submit', { signature })).statusCode).toBe(404);
  await act('owner', own.id, 'submit', { signature });
  for (const who of ['owner', 'province', 'dla'] as const) {
    expect([who, (await act(who, own.id, 'accept')).statusCode]).toEqual([who, 403]);
  }
  for (const who of ['province', 'dla'] as const) {
    expect([who, (await act(who, other.id, 'submit', { signature })).statusCode]).toEqual([
      who,
      403,
    ]);
  }
  const district = await named('district', round, 'เกาะลันตา');
  expect((await act('province', district.id, 'submit', { signature })).statusCode).toBe(403);
  for (const who of ['owner', 'district', 'province'] as const) {
    const answer = await ask(who, 'POST', 'rounds', {
      title: 'x',
      reference: 'x',
      cutOffAt: inDays(0),
      deadlines: {
        lao: { dueAt: inDays(1) },
        district: { dueAt: inDays(1) },
        province: { dueAt: inDays(1) },
      },
    });
    expect([who, answer.statusCode]).toEqual([who, 403]);
  }
  // A district may fill in for an LAO that cannot, and it is told as such.
  const filled = await act('district', other.id, 'submit', { signature });
  expect(
    filled.json<{ versions: { submittedBy: object }[] }>().versions[0]?.submittedBy,
  ).toMatchObject({
    proxyFor: 'อบต.คลองยาง',
  });
  // Another province's deadlines are not its business.
  const url = (name: string): string => `rounds/${round}/deadlines/${encodeURIComponent(name)}`;
  const forward = { lao: { dueAt: inDays(1) } };
  expect((await ask('province', 'PUT', url('พังงา'), forward)).statusCode).toBe(403);
  expect((await ask('province', 'PUT', url('กระบี่'), forward)).json()).toMatchObject({
    provinceDeadlines: [{ province: 'กระบี่' }],
  });
  expect(
    (await ask('province', 'PUT', url('กระบี่'), { lao: { dueAt: inDays(2.1) } })).json(),
  ).toMatchObject({
    error: { code: 'survey_deadline_not_earlier' },
  });
});

test('cameras are classified with the reasons of declarations, and declared so, unless somebody declared them since', async () => {
  await letterExample();
  const round = await openRound();
  const { id } = await named('owner', round, 'ทต.เกาะลันตาใหญ่');
  const listed = (await ask('owner', 'GET', `returns/${id}/cameras?show=all&limit=2`)).json<{
    cameras: { id: string }[];
    nextAfter: string;
  }>();
  expect(listed.nextAfter).toBe(listed.cameras[1]?.id);
  const [first, second] = listed.cameras.map((camera) => camera.id);
  const said = { cameras: [first, second], status: 'unrepairable' };
  expect((await act('owner', id, 'classify', { ...said, reason: 'power' })).json()).toMatchObject({
    error: { code: 'reason_not_of_status' },
  });
  await rig.cameras.declare([
    {
      cameraId: second ?? '',
      declaration: { status: 'working', reason: 'repaired', note: null },
      author: byTest.author,
      source: 'repair',
    },
  ]);
  const answer = await act('owner', id, 'classify', { ...said, reason: 'no-spare-parts' });
  expect(answer.json()).toMatchObject({ totals: { total: 16, unrepairable: 3 } });
  expect((await rig.cameras.get(first ?? ''))?.declared).toBe('unrepairable');
  expect((await rig.cameras.get(second ?? ''))?.declared).toBe('working');
  const inspected = await act('owner', id, 'inspected', { cameras: [first], on: '2999-01-01' });
  expect(inspected.json()).toMatchObject({ error: { code: 'declared_in_future' } });
  const seen = await act('owner', id, 'inspected', {
    cameras: [first],
    on: '2026-01-05',
    status: 'working',
  });
  expect(seen.json()).toMatchObject({ totals: { unrepairable: 2, working: 10 } });
});

test('a filled form of an LAO without linked cameras, refused by its cells, then taken', async () => {
  await letterExample();
  const [lao] = await rig.registry
    .selectFrom('laos')
    .selectAll()
    .where('name', '=', 'อบต.คลองยาง')
    .execute();
  await rig.registry
    .insertInto('laos')
    .values({
      id: 'x',
      name: 'อบต.เกาะกลาง',
      district: 'เกาะลันตา',
      province,
      match_key: 'x',
      district_code: lao?.district_code ?? null,
    })
    .execute();
  const round = await openRound();
  const { id } = await named('district', round, 'อบต.เกาะกลาง');
  const row = {
    province,
    district: 'เกาะลันตา',
    lao: 'อบต.เกาะกลาง',
    laoId: 'x',
    budgetSource: 'อบต.เกาะกลาง',
    budgetSourceId: null,
    total: 5,
    working: 3,
    underRepair: 1,
    unrepairable: 1,
    awaiting: 0,
    note: '',
  };
  const upload = async (of: string, total: number) =>
    rig.app.inject({
      method: 'POST',
      url: `/api/v1/survey/returns/${of}/form?version=1`,
      headers: { ...headers['district'], 'content-type': 'application/octet-stream' },
      payload: Buffer.from(
        await formXlsx(
          surveyForm('lao', [{ ...row, total }], { province, district: null, lao: row.lao }, null),
        ),
      ),
    });
  const refused = await upload(id, 6);
  expect(refused.statusCode).toBe(422);
  expect(refused.json()).toMatchObject({
    error: { code: 'survey_form_refused', details: { problems: [{ cell: 'D5' }] } },
  });
  expect((await upload(id, 5)).json()).toMatchObject({
    shown: { source: 'form' },
    totals: { total: 5, working: 3, underRepair: 1, unrepairable: 1 },
  });
  // Counted by what is linked already.
  const linked = await named('district', round, 'อบต.คลองยาง');
  expect((await upload(linked.id, 5)).statusCode).toBe(422);
  const notes = [{ budgetSource: row.budgetSource, note: 'รอเสา' }];
  expect((await act('district', id, 'submit', { signature, notes })).json()).toMatchObject({
    state: 'submitted',
    rows: [{ budgetSource: row.budgetSource, note: 'รอเสา' }],
  });
});

test('counts are of one’s own area, answered anew only when they changed, and told by event', async () => {
  const told: (readonly string[] | null)[] = [];
  survey.feed.subscribe((provinces) => told.push(provinces));
  await letterExample();
  const own = await ask('owner', 'GET', 'counts');
  expect(own.json()).toMatchObject({
    rows: [{ budgetSource: 'กรมส่งเสริมการปกครองท้องถิ่น' }, { budgetSource: 'ทต.เกาะลันตาใหญ่' }],
    total: { survey: { total: 16, working: 11, underRepair: 4, unrepairable: 1 } },
  });
  const again = await rig.app.inject({
    url: '/api/v1/survey/counts',
    headers: { ...headers['owner'], 'if-none-match': String(own.headers['etag']) },
  });
  expect(again.statusCode).toBe(304);
  const behind = await ask('dla', 'GET', `counts?by=country`);
  expect(behind.json()).toMatchObject({ rows: [{ survey: { total: 70 } }] });
  const page = await ask('district', 'GET', 'cameras?status=unrepairable&limit=5');
  expect(page.json<{ cameras: unknown[] }>().cameras).toHaveLength(5);
  await expect.poll(() => told).toEqual([['กระบี่']]);
});

test('an LAO that is called otherwise since the round froze fills in and signs its return; the next of its old name does not see it', async () => {
  await letterExample();
  const round = await openRound();
  const own = await named('owner', round, 'ทต.เกาะลันตาใหญ่');
  const laos = openLaos(rig.registry, { now: rig.now });
  const listed = (await laos.list({ q: 'เกาะลันตาใหญ่' }))[0];
  await laos.change(listed?.id ?? '', { name: 'ทม.ลันตา' }, byTest);
  const heir = await rig.signedIn([{ role: 'owner', area: areas.owner }]);
  await rig.people.admission.recheck();
  expect(await returnsOf('owner', round)).toMatchObject([
    { id: own.id, name: 'ทต.เกาะลันตาใหญ่', mayDo: ['fill', 'sign'] },
  ]);
  const asHeir = async (url: string) =>
    rig.app.inject({ url: `/api/v1/survey/${url}`, headers: heir.headers });
  expect((await asHeir(`rounds/${round}/returns`)).json()).toMatchObject({ returns: [] });
  expect((await asHeir(`returns/${own.id}`)).statusCode).toBe(404);
  expect((await act('owner', own.id, 'submit', { signature })).json()).toMatchObject({
    state: 'submitted',
  });
});

test('a return whose LAO’s district was corrected goes to the district that it was frozen under, which reminds, looks and accepts', async () => {
  await letterExample();
  const round = await openRound();
  const own = await named('owner', round, 'ทต.เกาะลันตาใหญ่');
  const laos = openLaos(rig.registry, { now: rig.now });
  const listed = (await laos.list({ q: 'เกาะลันตาใหญ่' }))[0];
  await laos.change(listed?.id ?? '', { district: 'คลองท่อม' }, byTest);
  const asHeir = await rig.signedIn([{ role: 'owner', area: areas.owner }]);
  const asNewDistrict = await rig.signedIn([
    { role: 'district', area: { level: 'district', province, district: 'คลองท่อม' } },
  ]);
  await rig.people.admission.recheck();

  const reminded = await ask('district', 'POST', `rounds/${round}/reminders`, {
    returns: [own.id],
  });
  expect(reminded.json()).toMatchObject({ reminders: [{ returnId: own.id }] });
  expect((await act('owner', own.id, 'submit', { signature })).statusCode).toBe(200);
  expect(await named('district', round, 'ทต.เกาะลันตาใหญ่')).toMatchObject({
    mayDo: ['accept', 'send-back'],
  });
  expect((await ask('district', 'GET', `returns/${own.id}/cameras`)).statusCode).toBe(200);
  expect((await act('district', own.id, 'accept')).json()).toMatchObject({ state: 'accepted' });

  // Its district now finds and reads it, and does not review it; an LAO of its old name and place is another.
  const url = `/api/v1/survey/returns/${own.id}`;
  const { headers: newDistrict } = asNewDistrict;
  const asked = async (of: string, headers: Record<string, string>) =>
    (await rig.app.inject({ url: `/api/v1/survey/rounds/${round}${of}`, headers })).json<object>();
  expect(await asked('/returns', newDistrict)).toMatchObject({
    returns: [{ id: own.id, mayDo: ['correct'] }],
  });
  expect(await asked('', newDistrict)).toMatchObject({ progress: { lao: { accepted: 1 } } });
  expect(await asked('/reminders', newDistrict)).toMatchObject({
    reminders: [{ returnId: own.id }],
  });
  expect(await asked('/returns', asHeir.headers)).toEqual({ returns: [], nextAfter: null });
  expect((await rig.app.inject({ url, headers: newDistrict })).statusCode).toBe(200);
  const back = await rig.app.inject({
    method: 'POST',
    url: `${url}/send-back`,
    headers: newDistrict,
    payload: { version: 1, reason: 'x', state: 'accepted' },
  });
  expect(back.statusCode).toBe(403);
  expect((await rig.app.inject({ url, headers: asHeir.headers })).statusCode).toBe(404);
});
