/** What the survey, the lists and retention want of people: whoever has to act is told, once. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Grant } from '#gateway/auth/actor.ts';
import { keepNotices, type NoticeKeeper } from '#gateway/notices/keeper.ts';
import { approvalNotices } from '#gateway/approval-notices.ts';
import { proposalNotices, surveyNotices } from '#gateway/survey-notices.ts';
import { parseCameraNetworks } from '#registry/camera-networks.ts';
import { remindDue } from '#registry/survey/reminders.ts';
import { openReturns } from '#registry/survey/returns.ts';
import { newRound, openRounds } from '#registry/survey/rounds.ts';
import { freezeDue } from '#registry/survey/snapshot.ts';
import { openLaos } from '#registry/laos.ts';
import { thaiDay } from '#registry/thai-day.ts';
import type { Shortening } from '#storage/catalogue/shortenings.ts';
import { testBox, tester } from '../../registry/cameras-of.ts';
import { ServerRig } from '../auth/server-rig.ts';

const HOUR_MS = 3_600_000;
const lanta = { name: 'ทต.เกาะลันตาใหญ่', district: 'เกาะลันตา', province: 'กระบี่' };
const owner: Grant = {
  role: 'owner',
  area: { level: 'lao', province: 'กระบี่', district: 'เกาะลันตา', lao: lanta.name },
};
const district: Grant = {
  role: 'district',
  area: { level: 'district', province: 'กระบี่', district: 'เกาะลันตา' },
};

const province: Grant = { role: 'province', area: { level: 'province', province: 'กระบี่' } };
const dla: Grant = { role: 'dla', area: { level: 'country' } };

let requested: Shortening[];
let rig: ServerRig;
let keeper: NoticeKeeper;

beforeEach(async () => {
  requested = [];
  rig = await ServerRig.start();
  keeper = keepNotices({
    config: {
      fallenAfterMs: HOUR_MS,
      mail: undefined,
      publicUrl: undefined,
      webhookNetworks: parseCameraNetworks([]),
    },
    registry: rig.registry,
    people: rig.people.database,
    box: testBox,
    saidSince: async (sinceMs) => {
      const look = { sinceMs, nowMs: rig.now() };
      return [
        ...(await surveyNotices(rig.registry, look)),
        ...(await proposalNotices(rig.registry, look)),
        ...(await approvalNotices({ list: async () => requested }, rig.registry, look)),
      ];
    },
    now: rig.now,
    log: { error: (fields) => expect.fail(JSON.stringify(fields)) },
    timers: false,
  });
});

afterEach(async () => {
  await keeper.close();
  await rig.close();
});

/** Cut off now; LAOs in two days, districts in three, provinces in four. */
async function openRound(): Promise<string> {
  // Whom the Department has in its list already, nobody is told of.
  await rig.registry.updateTable('laos').set({ status: 'listed' }).execute();
  const rounds = openRounds(rig.registry, { now: rig.now });
  const inHours = (hours: number) => new Date(rig.now() + hours * HOUR_MS).toISOString();
  const round = await rounds.open(
    newRound.parse({
      title: 'รอบทดสอบ',
      reference: 'มท 1',
      cutOffAt: inHours(0),
      deadlines: {
        lao: { dueAt: inHours(48) },
        district: { dueAt: inHours(72) },
        province: { dueAt: inHours(96) },
      },
    }),
    tester,
  );
  await freezeDue(rig.registry, { now: rig.now });
  return round.id;
}

async function look(hoursLater: number): Promise<number> {
  rig.clock.aheadMs += hoursLater * HOUR_MS;
  await remindDue(rig.registry, { now: rig.now });
  return keeper.sweep();
}

const told = async (accountId: string) =>
  (await keeper.board.list(accountId, { limit: 20 })).notices.map(({ kind, parsed }) => [
    kind,
    parsed.place.lao ?? parsed.place.district ?? parsed.place.province,
    parsed.round?.title,
  ]);

test('the owner is told a day before the deadline and when it has passed, each once', async () => {
  await rig.addCamera(lanta);
  const { id } = await rig.signedIn([owner]);
  await openRound();
  expect(await look(0)).toBe(1);
  expect(await look(25)).toBe(1);
  expect(await told(id)).toEqual([
    ['round-due', lanta.name, 'รอบทดสอบ'],
    ['round-opened', lanta.name, 'รอบทดสอบ'],
  ]);
  expect(await look(1)).toBe(0);
  await look(23);
  expect(await told(id)).toEqual([
    ['round-late', lanta.name, 'รอบทดสอบ'],
    ['round-due', lanta.name, 'รอบทดสอบ'],
    ['round-opened', lanta.name, 'รอบทดสอบ'],
  ]);
  expect(await look(1)).toBe(0);
});

test('a round that was opened is told to each who has a return to send, once, also to a district of LAOs that nobody owns', async () => {
  await rig.addCamera(lanta);
  for (const name of ['อบต.คลองยาง', 'อบต.เกาะกลาง']) await rig.addCamera({ ...lanta, name });
  const people = [];
  for (const grant of [owner, district, province, dla]) {
    people.push((await rig.signedIn([grant])).id);
  }
  await openRound();
  expect(await look(0)).toBe(3);
  expect(await look(0)).toBe(0);
  expect(await Promise.all(people.map(told))).toEqual([
    [['round-opened', lanta.name, 'รอบทดสอบ']],
    [['round-opened', 'เกาะลันตา', 'รอบทดสอบ']],
    [['round-opened', 'กระบี่', 'รอบทดสอบ']],
    [],
  ]);
});

test('a return is told to whose turn it is, level by level, and comes back with its reason', async () => {
  await rig.addCamera(lanta);
  const ids: string[] = [];
  for (const grant of [owner, district, province, dla]) ids.push((await rig.signedIn([grant])).id);
  const [ofOwner = '', ofDistrict = '', ofProvince = '', ofDla = ''] = ids;
  const roundId = await openRound();
  await look(0);
  const returns = openReturns(rig.registry, { now: rig.now, today: () => thaiDay(rig.now()) });
  const signature = { name: 'สมชาย', position: 'ปลัด', date: thaiDay(rig.now()) };
  const signed = { signature, acceptProvisional: false, incompleteReason: null };
  const idOf = async (level: 'lao' | 'district' | 'province'): Promise<string> =>
    (
      await rig.registry
        .selectFrom('survey_returns')
        .select('id')
        .where('round_id', '=', roundId)
        .where('level', '=', level)
        .executeTakeFirstOrThrow()
    ).id;
  const lao = await idOf('lao');
  await returns.submit(lao, 1, signed, tester);
  expect(await look(0)).toBe(1);
  expect((await told(ofDistrict))[0]).toEqual(['return-waiting', lanta.name, 'รอบทดสอบ']);
  await returns.sendBack(lao, 1, { state: 'submitted', reason: 'ขาดหมายเหตุ' }, tester);
  expect(await look(0)).toBe(1);
  expect(await look(0)).toBe(0);
  const [back] = (await keeper.board.list(ofOwner, { limit: 1 })).notices;
  expect(back).toMatchObject({
    kind: 'return-sent-back',
    parsed: { round: { returnId: lao, reason: 'ขาดหมายเหตุ' } },
  });
  await returns.submit(lao, 2, signed, tester);
  await returns.accept(lao, 2, tester);
  // It was looked at before anybody was told that it waits.
  expect(await look(0)).toBe(0);
  await returns.submit(await idOf('district'), 1, signed, tester);
  await look(0);
  expect((await told(ofProvince))[0]).toEqual(['return-waiting', 'เกาะลันตา', 'รอบทดสอบ']);
  await returns.accept(await idOf('district'), 1, tester);
  await returns.submit(await idOf('province'), 1, signed, tester);
  await look(0);
  expect(await told(ofDla)).toEqual([['return-waiting', 'กระบี่', 'รอบทดสอบ']]);
});

test('a shortening waits for who may approve it for all of its cameras, and not for who asked', async () => {
  const cameraId = await rig.addCamera(lanta);
  const approver: Grant = { role: 'approver', area: { level: 'country' } };
  const asked = (await rig.signedIn([approver, dla])).id;
  const second = (await rig.signedIn([approver])).id;
  const elsewhere = { level: 'province', province: 'ตรัง' } as const;
  const other = (await rig.signedIn([{ role: 'approver', area: elsewhere }])).id;
  const administrator = (
    await rig.signedIn([{ role: 'administrator', area: { level: 'country' } }])
  ).id;
  requested = [
    {
      id: '019ec1a0-0000-7000-8000-000000000001',
      state: 'requested',
      days: 7,
      reason: 'พื้นที่ไม่พอ',
      requested: { by: asked, name: 'ผู้ขอ', ms: rig.now() },
      decided: null,
      effectiveMs: null,
      cameras: [{ cameraId, fromDays: 30 }],
    },
  ];
  expect(await look(0)).toBe(1);
  expect(await look(0)).toBe(0);
  const { notices } = await keeper.board.list(second, { limit: 5 });
  expect(notices).toMatchObject([
    {
      kind: 'approval-waiting',
      parsed: { count: 1, approval: { days: 7, requestedBy: 'ผู้ขอ', reason: 'พื้นที่ไม่พอ' } },
    },
  ]);
  for (const id of [asked, other, administrator]) expect(await told(id)).toEqual([]);
});

test('LAOs that were proposed are told to the Department, one notice a province and hour', async () => {
  const { id } = await rig.signedIn([dla]);
  const laos = openLaos(rig.registry, { now: rig.now });
  const propose = async (name: string): Promise<void> => {
    await laos.add(
      { ...lanta, name, code: null, type: null, reportingParent: null },
      { author: tester, listed: false },
    );
  };
  rig.clock.aheadMs += HOUR_MS - (rig.now() % HOUR_MS);
  await propose('ทต.ใหม่');
  await propose('ทต.ใหม่กว่า');
  expect(await look(0)).toBe(0);
  expect(await look(1)).toBe(1);
  await propose('ทต.ใหม่ที่สุด');
  expect(await look(0)).toBe(0);
  expect(await look(1)).toBe(1);
  expect(await look(1)).toBe(0);
  const { notices } = await keeper.board.list(id, { limit: 5 });
  expect(notices.map(({ kind, parsed }) => [kind, parsed.place.province, parsed.count])).toEqual([
    ['lao-proposed', 'กระบี่', 1],
    ['lao-proposed', 'กระบี่', 2],
  ]);
});
