/** A round is due, late, or a return comes back: whoever sends it is told, once. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Grant } from '#gateway/auth/actor.ts';
import { keepNotices, type NoticeKeeper } from '#gateway/notices/keeper.ts';
import { surveyNotices } from '#gateway/survey-notices.ts';
import { parseCameraNetworks } from '#registry/camera-networks.ts';
import { remindDue } from '#registry/survey/reminders.ts';
import { openReturns } from '#registry/survey/returns.ts';
import { newRound, openRounds } from '#registry/survey/rounds.ts';
import { freezeDue } from '#registry/survey/snapshot.ts';
import { thaiDay } from '#registry/thai-day.ts';
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

let rig: ServerRig;
let keeper: NoticeKeeper;

beforeEach(async () => {
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
    surveyNotices: async (sinceMs) => surveyNotices(rig.registry, { sinceMs, nowMs: rig.now() }),
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
    parsed.place.lao ?? parsed.place.district,
    parsed.round?.title,
  ]);

test('the owner is told a day before the deadline and when it has passed, each once', async () => {
  await rig.addCamera(lanta);
  const { id } = await rig.signedIn([owner]);
  await openRound();
  expect(await look(0)).toBe(0);
  expect(await look(25)).toBe(1);
  expect(await told(id)).toEqual([['round-due', lanta.name, 'รอบทดสอบ']]);
  expect(await look(1)).toBe(0);
  await look(23);
  expect(await told(id)).toEqual([
    ['round-late', lanta.name, 'รอบทดสอบ'],
    ['round-due', lanta.name, 'รอบทดสอบ'],
  ]);
  expect(await look(1)).toBe(0);
});

test('what was sent back is told with its reason, to whoever has to send it again', async () => {
  await rig.addCamera(lanta);
  const { id } = await rig.signedIn([owner]);
  const other = await rig.signedIn([district]);
  const roundId = await openRound();
  const returns = openReturns(rig.registry, { now: rig.now, today: () => thaiDay(rig.now()) });
  const of = await rig.registry
    .selectFrom('survey_returns')
    .select(['id', 'version'])
    .where('round_id', '=', roundId)
    .where('level', '=', 'lao')
    .executeTakeFirstOrThrow();
  const signature = { name: 'สมชาย', position: 'ปลัด', date: thaiDay(rig.now()) };
  await returns.submit(
    of.id,
    of.version,
    { signature, acceptProvisional: false, incompleteReason: null },
    tester,
  );
  await returns.sendBack(of.id, of.version, { state: 'submitted', reason: 'ขาดหมายเหตุ' }, tester);
  expect(await look(0)).toBe(1);
  expect(await look(0)).toBe(0);
  expect(await told(id)).toEqual([['return-sent-back', lanta.name, 'รอบทดสอบ']]);
  const { notices } = await keeper.board.list(id, { limit: 1 });
  expect(notices[0]?.parsed.round?.reason).toBe('ขาดหมายเหตุ');
  expect(await told(other.id)).toEqual([]);
});
