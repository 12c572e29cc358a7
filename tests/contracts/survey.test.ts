/** The survey on both databases: what is counted, what a round freezes, and how its returns go up. */
import { beforeEach, describe, expect, test } from 'vitest';
import { country, type Area } from '#registry/area.ts';
import { newCamera, type Camera } from '#registry/camera.ts';
import type { Cameras } from '#registry/cameras.ts';
import type { ObservedState } from '#registry/events/camera-event.ts';
import { openLaos } from '#registry/laos.ts';
import { openRegistry } from '#registry/schema/open-registry.ts';
import type { RegistryDatabase } from '#registry/schema/tables.ts';
import { countedCameras } from '#registry/survey/counted-cameras.ts';
import { surveyCounts, type FormCounts } from '#registry/survey/counts.ts';
import { reconcile } from '#registry/survey/reconciliation.ts';
import { remindDue, remindersOf } from '#registry/survey/reminders.ts';
import { listReturns, progressOf } from '#registry/survey/return-list.ts';
import { camerasOfReturn } from '#registry/survey/return-cameras.ts';
import { rowsOf, totalsOf, type ReturnRow } from '#registry/survey/return-rows.ts';
import {
  AwaitingClassification,
  CamerasNotOfReturn,
  EvidenceMissing,
  PartsMissing,
  ReturnChangedMeanwhile,
  SentOnAlready,
  SnapshotAsRegistered,
} from '#registry/survey/return-refusals.ts';
import { retakesOf, snapshotDifferences } from '#registry/survey/retaken-snapshot.ts';
import { openReturns, type Returns } from '#registry/survey/returns.ts';
import {
  CutOffPast,
  DeadlineNotEarlier,
  newRound,
  openRounds,
  RoundNotOpen,
  type Round,
  type Rounds,
} from '#registry/survey/rounds.ts';
import { freezeDue } from '#registry/survey/snapshot.ts';
import { refreshStatuses } from '#registry/survey/statuses.ts';
import { uuidV7Source } from '#registry/uuid-v7.ts';
import { byTest, camerasOf, tester } from '../registry/cameras-of.ts';
import { krabiCamera } from '../registry/krabi-camera.ts';
import { formExample } from '../simulator/form-example.ts';
import { onEachDatabase } from './each-database.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const signature = { name: 'นายสมชาย ใจดี', position: 'ปลัดเทศบาล', date: '2026-09-20' };
const sentBack = { state: 'submitted' as const, reason: 'จำนวนไม่ตรงกับบัญชี' };
const signed = { signature, acceptProvisional: false, incompleteReason: null };

function numbers({ total, working, underRepair, unrepairable }: FormCounts): number[] {
  return [total, working, underRepair, unrepairable];
}

onEachDatabase((rig) => {
  let database: RegistryDatabase;
  let cameras: Cameras;
  let rounds: Rounds;
  let returns: Returns;
  let nowMs: number;
  let nextEventId: () => string;
  let sequence: number;
  const now = (): number => nowMs;
  const inDays = (days: number): string => new Date(nowMs + days * DAY_MS).toISOString();

  beforeEach(async () => {
    database = await openRegistry(rig.open());
    nowMs = Date.parse('2026-09-20T10:00:00Z');
    sequence = 0;
    nextEventId = uuidV7Source(now);
    cameras = camerasOf(database, now);
    rounds = openRounds(database, { now });
    returns = openReturns(database, { now, today: () => '2026-09-22' });
  });

  async function letterExample(): Promise<Camera[]> {
    return cameras.createMany(
      formExample((name) => `rtsp://192.168.1.9:8554/${name}`).map((one) => newCamera.parse(one)),
      byTest,
    );
  }

  /** As the applier writes it. */
  async function see(cameraId: string, state: ObservedState, atMs: number): Promise<void> {
    const before = await database
      .selectFrom('observed_states')
      .select('state')
      .where('camera_id', '=', cameraId)
      .executeTakeFirst();
    const reason = state === 'down' ? ('unreachable' as const) : null;
    const event = {
      event_id: nextEventId(),
      camera_id: cameraId,
      epoch: 1,
      sequence: ++sequence,
      at_ms: atMs,
      state,
      reason: state === 'degraded' ? ('frozen-picture' as const) : reason,
      measured: '{}',
    };
    await database
      .insertInto('camera_events')
      .values({ ...event, previous: before?.state ?? 'unknown', worker: 'test' })
      .execute();
    const { camera_id: _id, ...present } = event;
    const row = { ...present, since_ms: atMs, flapping: 0 };
    await database
      .insertInto('observed_states')
      .values({ camera_id: cameraId, ...row })
      .onConflict((conflict) => conflict.column('camera_id').doUpdateSet(row))
      .execute();
  }

  async function incident(cameraIds: readonly string[], fromMs: number, toMs: number | null) {
    const id = nextEventId();
    await database
      .insertInto('incidents')
      .values({
        id,
        kind: 'site',
        key: 'ตู้',
        from_ms: fromMs,
        to_ms: toMs,
        cameras: cameraIds.length,
      })
      .execute();
    await database
      .insertInto('incident_cameras')
      .values(cameraIds.map((camera_id) => ({ incident_id: id, camera_id })))
      .execute();
  }

  async function openRound(changes: Record<string, unknown> = {}): Promise<Round> {
    const { id } = await rounds.open(
      newRound.parse({
        title: 'การสำรวจ',
        reference: 'มท ๐๘๑๖.๓/ว ๑',
        cutOffAt: inDays(0),
        deadlines: {
          lao: { dueAt: inDays(2) },
          district: { dueAt: inDays(3) },
          province: { dueAt: inDays(4) },
        },
        ...changes,
      }),
      tester,
    );
    return rounds.get(id);
  }

  async function frozen(changes: Record<string, unknown> = {}): Promise<Round> {
    const { id } = await openRound(changes);
    expect(await freezeDue(database, { now })).toEqual([id]);
    return rounds.get(id);
  }

  const all = async (round: Round, within: readonly Area[] = [country]) =>
    listReturns(database, round, { within }, { limit: 500, nowMs });

  async function returnNamed(round: Round, name: string) {
    const found = (await all(round)).find(({ of }) => of.name === name);
    if (found === undefined) throw new Error(`no return of ${name}`);
    return found;
  }

  const rowsOfReturn = async (id: string): Promise<ReturnRow[]> => {
    const of = await returns.get(id);
    const version = (await returns.versions(id)).find((one) => one.version === of.version);
    if (version === undefined) throw new Error('no version');
    return rowsOf(database, of, version);
  };

  /** Signed by its LAO and accepted above. */
  async function through(round: Round, name: string): Promise<void> {
    const { of } = await returnNamed(round, name);
    await returns.submit(of.id, of.version, signed, tester);
    await returns.accept(of.id, of.version, tester);
  }

  describe('counts', () => {
    test("the letter's example by LAO × budget source, in the form's order, and by province", async () => {
      await letterExample();
      const counts = await surveyCounts(database, 'budget-source', { within: [country] });
      expect(
        counts.rows.map(({ district, lao, budgetSource, survey }) => [
          district,
          lao,
          budgetSource,
          survey.total,
          survey.working,
          survey.underRepair,
          survey.unrepairable,
        ]),
      ).toEqual([
        ['เกาะลันตา', 'ทต.เกาะลันตาใหญ่', 'กรมส่งเสริมการปกครองท้องถิ่น', 6, 5, 1, 0],
        ['เกาะลันตา', 'ทต.เกาะลันตาใหญ่', 'ทต.เกาะลันตาใหญ่', 10, 6, 3, 1],
        ['เกาะลันตา', 'อบต.คลองยาง', 'กระทรวงมหาดไทย', 17, 7, 5, 5],
        ['เกาะลันตา', 'อบต.คลองยาง', 'อบต.คลองยาง', 7, 2, 4, 1],
        ['เมืองกระบี่', 'อบจ.กระบี่', 'กรมส่งเสริมการปกครองท้องถิ่น', 5, 4, 0, 1],
        ['เมืองกระบี่', 'อบจ.กระบี่', 'กระทรวงมหาดไทย', 10, 9, 1, 0],
        ['เมืองกระบี่', 'อบจ.กระบี่', 'อบจ.กระบี่', 15, 10, 4, 1],
      ]);
      const byProvince = await surveyCounts(database, 'province', { within: [country] });
      expect(byProvince.rows).toHaveLength(1);
      expect(byProvince.rows[0]).toMatchObject({ province: 'กระบี่', district: null, lao: null });
      expect(byProvince.rows[0]?.survey).toMatchObject({
        total: 70,
        working: 43,
        underRepair: 18,
        unrepairable: 9,
      });
      // Linked, and not yet looked at: counted by declaration, and said.
      expect(byProvince.total.now).toMatchObject({ working: 43, unknown: 43 });
      expect(byProvince.total.now.observed).toMatchObject({ unknown: 43, notLinked: 27 });
      const own: Area = {
        level: 'lao',
        province: 'กระบี่',
        district: 'เกาะลันตา',
        lao: 'ทต.เกาะลันตาใหญ่',
      };
      expect((await surveyCounts(database, 'country', { within: [own] })).total.survey.total).toBe(
        16,
      );
      expect((await surveyCounts(database, 'country', { within: [] })).total.survey.total).toBe(0);
    });

    test('now moves at once, the survey with the window; what is awaiting is behind its number', async () => {
      const made = await letterExample();
      const linked = made.filter(({ stream }) => stream !== null).map(({ id }) => id);
      for (const id of linked) await see(id, 'up', nowMs);
      const [first = '', second = ''] = linked;
      nowMs += DAY_MS;
      await see(first, 'down', nowMs);
      await see(second, 'degraded', nowMs);
      await refreshStatuses(database, nowMs);
      const fresh = (await surveyCounts(database, 'country', { within: [country] })).total;
      expect(fresh.survey).toMatchObject({ working: 43, awaiting: 0 });
      expect(fresh.now).toMatchObject({ total: 70, working: 41, underRepair: 20, awaiting: 2 });
      expect(fresh.now.observed).toEqual({
        up: 41,
        degraded: 1,
        down: 1,
        unknown: 0,
        notLinked: 27,
      });

      // Time alone makes them damaged.
      nowMs += 12 * HOUR_MS + 60_000;
      expect((await refreshStatuses(database, nowMs)).changed.toSorted()).toEqual(
        [first, second].toSorted(),
      );
      expect((await refreshStatuses(database, nowMs)).changed).toEqual([]);
      const later = (await surveyCounts(database, 'country', { within: [country] })).total;
      expect(later.survey).toMatchObject({ working: 41, underRepair: 20, awaiting: 2 });
      const behind = await countedCameras(
        database,
        'survey',
        'awaiting',
        { within: [country] },
        { limit: 10, nowMs },
      );
      expect(behind.map(({ id }) => id).toSorted()).toEqual([first, second].toSorted());
      expect(behind[0]?.survey).toMatchObject({ rule: 'damaged-most-of-window' });

      // Declared anew, it counts as declared from that moment on.
      await cameras.declare([
        {
          cameraId: first,
          declaration: { status: 'unrepairable', reason: 'destroyed', note: null },
          author: tester,
          source: 'survey',
        },
      ]);
      const declared = (await surveyCounts(database, 'country', { within: [country] })).total;
      expect(declared.survey).toMatchObject({ unrepairable: 10, underRepair: 19, awaiting: 1 });

      // Up again for most of a day, the other one works.
      await see(second, 'up', nowMs);
      nowMs += DAY_MS;
      await refreshStatuses(database, nowMs);
      expect(
        (await surveyCounts(database, 'country', { within: [country] })).total.survey,
      ).toMatchObject({
        working: 42,
        awaiting: 0,
      });
    });

    test('a site that fell is an incident, and makes nobody damaged', async () => {
      const made = await letterExample();
      const linked = made.filter(({ stream }) => stream !== null).map(({ id }) => id);
      for (const id of linked) await see(id, 'up', nowMs);
      const fallen = linked.slice(0, 5);
      for (const id of fallen) await see(id, 'down', nowMs + HOUR_MS);
      await incident(fallen, nowMs + HOUR_MS, null);
      nowMs += DAY_MS;
      await refreshStatuses(database, nowMs);
      const { survey, now: present } = (
        await surveyCounts(database, 'country', { within: [country] })
      ).total;
      expect(survey).toMatchObject({ working: 43, awaiting: 0, inIncident: 5 });
      expect(present.observed.down).toBe(5);
    });

    test('every number is the number of cameras behind it', async () => {
      const made = await letterExample();
      const linked = made.filter(({ stream }) => stream !== null).map(({ id }) => id);
      for (const [index, id] of linked.entries()) {
        await see(id, (['up', 'down', 'degraded', 'unknown'] as const)[index % 4] ?? 'up', nowMs);
      }
      nowMs += DAY_MS;
      await refreshStatuses(database, nowMs);
      const { total } = await surveyCounts(database, 'country', { within: [country] });
      const behind = async (kind: 'survey' | 'now', status: Parameters<typeof countedCameras>[2]) =>
        (await countedCameras(database, kind, status, { within: [country] }, { limit: 500, nowMs }))
          .length;
      for (const kind of ['survey', 'now'] as const) {
        expect(await behind(kind, 'all')).toBe(total[kind].total);
        expect(await behind(kind, 'working')).toBe(total[kind].working);
        expect(await behind(kind, 'under-repair')).toBe(total[kind].underRepair);
        expect(await behind(kind, 'unrepairable')).toBe(total[kind].unrepairable);
        expect(await behind(kind, 'awaiting')).toBe(total[kind].awaiting);
        expect(await behind(kind, 'in-incident')).toBe(total[kind].inIncident);
      }
      expect(await behind('now', 'unknown')).toBe(total.now.unknown);
      for (const state of ['up', 'degraded', 'down', 'not-linked'] as const) {
        const counted = total.now.observed[state === 'not-linked' ? 'notLinked' : state];
        expect(await behind('now', state)).toBe(counted);
      }
    });
  });

  describe('a round', () => {
    test('freezes at its cut-off what was true then, also when the gateway comes to it late', async () => {
      const made = await letterExample();
      const working = made.filter(({ declared }) => declared === 'working');
      const [moved, deleted, broken] = working;
      if (moved === undefined || deleted === undefined || broken === undefined) throw new Error();
      nowMs += 1;
      const round = await openRound();
      // Nobody ran at the cut-off; all this came after it.
      nowMs += 3 * HOUR_MS;
      await cameras.change(broken.id, { declared: 'unrepairable' }, { ...byTest, version: 1 });
      await cameras.change(
        moved.id,
        { budgetSource: 'กระทรวงอื่น', lao: { ...moved.lao, name: 'อบต.คลองยาง' } },
        { ...byTest, version: 1 },
      );
      await cameras.remove(deleted.id, { ...byTest, version: 1, reason: 'ย้าย' });
      await cameras.create(newCamera.parse(krabiCamera({ stream: null, site: null })), byTest);
      await see(working[4]?.id ?? '', 'down', nowMs);
      nowMs += 20 * HOUR_MS;
      expect(await freezeDue(database, { now })).toEqual([round.id]);
      expect(await freezeDue(database, { now })).toEqual([]);
      const { of } = await returnNamed(await rounds.get(round.id), 'ทต.เกาะลันตาใหญ่');
      expect((await rowsOfReturn(of.id)).map((row) => [row.budgetSource, ...numbers(row)])).toEqual(
        [
          ['กรมส่งเสริมการปกครองท้องถิ่น', 6, 5, 1, 0],
          ['ทต.เกาะลันตาใหญ่', 10, 6, 3, 1],
        ],
      );
      // The gateway was late, so nobody else is.
      const { deadline } = await returnNamed(await rounds.get(round.id), 'ทต.เกาะลันตาใหญ่');
      expect(deadline.dueMs).toBeGreaterThan(round.deadlines.lao.dueMs + 22 * HOUR_MS);
    });

    test('counts closed areas unless it says otherwise, and only its scope', async () => {
      await cameras.createMany(
        [
          krabiCamera({ stream: null, site: null }),
          krabiCamera({ stream: null, site: null, scope: 'closed-area', position: 'ห้องเซิร์ฟเวอร์' }),
          krabiCamera({
            stream: null,
            site: null,
            lao: { name: 'ทม.พังงา', district: 'เมืองพังงา', province: 'พังงา' },
          }),
        ].map((one) => newCamera.parse(one)),
        byTest,
      );
      const total = async (round: Round): Promise<number> =>
        (await all(round)).reduce(
          (sum, { of, counts }) => sum + (of.level === 'lao' ? counts.total : 0),
          0,
        );
      nowMs += 1;
      expect(await total(await frozen())).toBe(3);
      expect(await total(await frozen({ countsClosedAreas: false }))).toBe(2);
      const scope = [{ level: 'province', province: 'จังหวัดกระบี่' }];
      const krabi = await frozen({ scope });
      expect((await all(krabi)).map(({ of }) => [of.level, of.name])).toEqual([
        ['province', 'กระบี่'],
        ['district', 'เกาะลันตา'],
        ['lao', 'ทต.เกาะลันตาใหญ่'],
      ]);
    });

    test('deadlines: a province may bring its own forward, and not put them off; a cut-off long past is refused', async () => {
      await letterExample();
      const round = await openRound();
      const at = (days: number) => ({
        dueAt: new Date(nowMs + days * DAY_MS).toISOString(),
        letterNumber: 'กบ ๐๐๒๓.๓/ว ๒',
        contact: 'ท้องถิ่นจังหวัด',
      });
      await expect(
        rounds.bringForward(round.id, 'กระบี่', { lao: at(2.5), district: null }),
      ).rejects.toBeInstanceOf(DeadlineNotEarlier);
      await rounds.bringForward(round.id, 'กระบี่', { lao: at(1), district: null });
      await freezeDue(database, { now });
      const { deadline } = await returnNamed(await rounds.get(round.id), 'อบต.คลองยาง');
      expect(deadline).toMatchObject({
        dueMs: nowMs + DAY_MS,
        letterNumber: 'กบ ๐๐๒๓.๓/ว ๒',
      });
      expect((await returnNamed(await rounds.get(round.id), 'เกาะลันตา')).deadline.dueMs).toBe(
        nowMs + 3 * DAY_MS,
      );
      await expect(
        rounds.change(round.id, { cutOffAt: new Date(nowMs + 1).toISOString() }),
      ).rejects.toBeInstanceOf(RoundNotOpen);
      await expect(
        openRound({ cutOffAt: new Date(nowMs - DAY_MS).toISOString() }),
      ).rejects.toBeInstanceOf(CutOffPast);
    });

    test('who is late is visible, and reminded once; those who sent are not', async () => {
      await letterExample();
      nowMs += 1;
      const round = await frozen();
      expect(await remindDue(database, { now })).toEqual([]);
      nowMs += DAY_MS + HOUR_MS;
      const soon = await remindDue(database, { now });
      expect(soon.map(({ kind, of }) => [kind, of.level])).toEqual(
        [1, 2, 3].map(() => ['due-soon', 'lao']),
      );
      await through(round, 'อบจ.กระบี่');
      nowMs += DAY_MS;
      const late = async () =>
        (
          await listReturns(database, round, { within: [country], late: true }, { limit: 9, nowMs })
        ).map(({ of }) => of.name);
      expect((await late()).toSorted()).toEqual(['ทต.เกาะลันตาใหญ่', 'อบต.คลองยาง']);
      expect((await progressOf(database, round, [country], nowMs)).lao).toEqual({
        waiting: 2,
        submitted: 0,
        accepted: 1,
        late: 2,
      });
      const again = await remindDue(database, { now });
      expect(again.filter(({ kind }) => kind === 'late')).toHaveLength(2);
      expect(await remindDue(database, { now })).toEqual([]);
      const district: Area = { level: 'district', province: 'กระบี่', district: 'เกาะลันตา' };
      expect(await remindersOf(database, round.id, [district])).toHaveLength(
        soon.length - 1 + again.filter(({ of }) => of.district === 'เกาะลันตา').length,
      );
    });
  });

  describe('returns', () => {
    test("the letter's example goes up: 16/11/4/1 of the LAO, 70/43/18/9 of the province", async () => {
      await letterExample();
      nowMs += 1;
      const round = await frozen();
      const lao = await returnNamed(round, 'ทต.เกาะลันตาใหญ่');
      expect(numbers(lao.counts)).toEqual([16, 11, 4, 1]);
      for (const name of ['ทต.เกาะลันตาใหญ่', 'อบต.คลองยาง', 'อบจ.กระบี่']) await through(round, name);
      for (const name of ['เกาะลันตา', 'เมืองกระบี่']) await through(round, name);
      const { of } = await returnNamed(round, 'กระบี่');
      await returns.submit(of.id, 1, signed, tester);
      const rows = await rowsOfReturn(of.id);
      expect(rows.map(({ lao: name, budgetSource }) => [name, budgetSource])).toEqual([
        ['ทต.เกาะลันตาใหญ่', 'กรมส่งเสริมการปกครองท้องถิ่น'],
        ['ทต.เกาะลันตาใหญ่', 'ทต.เกาะลันตาใหญ่'],
        ['อบต.คลองยาง', 'กระทรวงมหาดไทย'],
        ['อบต.คลองยาง', 'อบต.คลองยาง'],
        ['อบจ.กระบี่', 'กรมส่งเสริมการปกครองท้องถิ่น'],
        ['อบจ.กระบี่', 'กระทรวงมหาดไทย'],
        ['อบจ.กระบี่', 'อบจ.กระบี่'],
      ]);
      expect(numbers(totalsOf(rows))).toEqual([70, 43, 18, 9]);
      const { agreements } = await reconcile(database, round, [country]);
      expect(agreements.map(({ level, agrees, missing }) => [level, agrees, missing])).toEqual([
        ['province', true, []],
        ['district', true, []],
        ['district', true, []],
      ]);
    });

    test('what was not seen, and not declared lately, wants an inspection; later changes do not block', async () => {
      const [camera] = await cameras.createMany(
        [newCamera.parse(krabiCamera({ site: null }))],
        byTest,
      );
      if (camera === undefined) throw new Error();
      nowMs += 400 * DAY_MS;
      const round = await frozen();
      const { of } = await returnNamed(round, camera.lao.name);
      await expect(returns.submit(of.id, 1, signed, tester)).rejects.toMatchObject({
        constructor: EvidenceMissing,
        details: { count: 1, cameras: [camera.id] },
      });
      await expect(
        returns.classify(
          of.id,
          1,
          { cameras: ['elsewhere'], status: null, reason: null, note: null, inspectedOn: null },
          tester,
        ),
      ).rejects.toBeInstanceOf(CamerasNotOfReturn);
      const inspected = { cameras: [camera.id], status: null, reason: 'inspected', note: null };
      await returns.classify(of.id, 1, { ...inspected, inspectedOn: '2026-09-21' }, tester);
      await cameras.remove(camera.id, { ...byTest, version: 1, reason: 'ย้าย' });
      await returns.submit(of.id, 1, signed, tester);
      expect(numbers((await returnNamed(round, camera.lao.name)).counts)).toEqual([1, 1, 0, 0]);
    });

    test('what awaits classification is classified, or signed knowingly', async () => {
      const [camera] = await cameras.createMany(
        [newCamera.parse(krabiCamera({ site: null }))],
        byTest,
      );
      if (camera === undefined) throw new Error();
      await see(camera.id, 'down', nowMs);
      nowMs += DAY_MS;
      const round = await frozen();
      const listed = await returnNamed(round, camera.lao.name);
      expect(listed.counts).toMatchObject({ total: 1, working: 0, underRepair: 1, awaiting: 1 });
      const { id } = listed.of;
      await expect(returns.submit(id, 1, signed, tester)).rejects.toBeInstanceOf(
        AwaitingClassification,
      );
      await returns.classify(
        id,
        1,
        {
          cameras: [camera.id],
          status: 'unrepairable',
          reason: 'no-spare-parts',
          note: null,
          inspectedOn: null,
        },
        tester,
      );
      expect((await returnNamed(round, camera.lao.name)).counts).toMatchObject({
        underRepair: 0,
        unrepairable: 1,
        awaiting: 0,
      });
      await returns.submit(id, 1, signed, tester);

      const again = await frozen();
      const { of } = await returnNamed(again, camera.lao.name);
      await returns.submit(of.id, 1, { ...signed, acceptProvisional: true }, tester);
      expect((await returnNamed(again, camera.lao.name)).counts).toMatchObject({
        underRepair: 1,
        awaiting: 1,
      });
    });

    test('sent back, it is a new version that begins as the one before; every version stays', async () => {
      await letterExample();
      nowMs += 1;
      const round = await frozen();
      const { of } = await returnNamed(round, 'อบต.คลองยาง');
      await returns.setNotes(
        of.id,
        1,
        [{ budgetSource: 'กระทรวงมหาดไทย', note: 'รออะไหล่' }],
        tester,
      );
      await returns.submit(of.id, 1, signed, tester);
      await returns.sendBack(of.id, 1, sentBack, tester);
      const back = await returnNamed(round, 'อบต.คลองยาง');
      expect(back.of).toMatchObject({ state: 'sent-back', version: 2 });
      expect(back.sentBackReason).toBe('จำนวนไม่ตรงกับบัญชี');
      // Somebody still looks at the version before.
      await expect(returns.submit(of.id, 1, signed, tester)).rejects.toBeInstanceOf(
        ReturnChangedMeanwhile,
      );
      await returns.setNotes(of.id, 2, [{ budgetSource: 'อบต.คลองยาง', note: 'แก้ไขแล้ว' }], tester);
      await returns.submit(of.id, 2, signed, tester);
      await returns.accept(of.id, 2, tester);
      const versions = await returns.versions(of.id);
      expect(
        versions.map(({ version, state, decided_reason }) => [version, state, decided_reason]),
      ).toEqual([
        [1, 'sent-back', 'จำนวนไม่ตรงกับบัญชี'],
        [2, 'accepted', null],
      ]);
      const [first, second] = versions;
      if (first === undefined || second === undefined) throw new Error();
      expect((await rowsOf(database, of, first)).map(({ note }) => note)).toEqual(['รออะไหล่', '']);
      expect((await rowsOf(database, of, second)).map(({ note }) => note)).toEqual([
        'รออะไหล่',
        'แก้ไขแล้ว',
      ]);
    });

    test('sent back for what is missing, it takes its cameras anew; what was sent, and the round’s snapshot, stay', async () => {
      const made = await letterExample();
      nowMs += 1;
      const round = await frozen();
      const own = made.filter(({ lao }) => lao.name === 'ทต.เกาะลันตาใหญ่');
      const [twice, wrong] = own.filter(({ declared }) => declared === 'working');
      if (twice === undefined || wrong === undefined) throw new Error();
      const { of } = await returnNamed(round, 'ทต.เกาะลันตาใหญ่');
      await returns.submit(of.id, 1, signed, tester);
      await returns.sendBack(of.id, 1, { ...sentBack, reason: 'ขาดกล้องหน้าโรงเรียน' }, tester);
      await expect(returns.retake(of.id, 2, 'ยังไม่แก้ทะเบียน', tester)).rejects.toBeInstanceOf(
        SnapshotAsRegistered,
      );
      nowMs += HOUR_MS;
      const missing = await cameras.create(
        newCamera.parse(krabiCamera({ position: 'หน้าโรงเรียน', stream: null })),
        byTest,
      );
      await cameras.remove(twice.id, { ...byTest, version: 1, reason: 'ลงซ้ำ' });
      const moved = { budgetSource: 'กระทรวงมหาดไทย', declared: 'under-repair' as const };
      await cameras.change(wrong.id, moved, { ...byTest, version: 1 });
      const draft = await returns.get(of.id);
      expect(await snapshotDifferences(database, draft)).toMatchObject({
        added: { count: 1, cameras: [{ id: missing.id, position: 'หน้าโรงเรียน' }] },
        removed: { count: 1, cameras: [{ id: twice.id }] },
        moved: {
          count: 1,
          cameras: [{ id: wrong.id, budgetSourceBefore: wrong.budgetSource }],
        },
        elsewhere: { count: 0 },
      });
      expect(numbers((await returnNamed(round, of.name)).counts)).toEqual([16, 11, 4, 1]);
      await returns.retake(of.id, 2, 'ขาดกล้องหน้าโรงเรียน', tester);
      // The one under another budget source is in the condition of the cut-off.
      expect(numbers((await returnNamed(round, of.name)).counts)).toEqual([16, 11, 4, 1]);
      expect(
        (await rowsOfReturn(of.id)).map(({ budgetSource, total }) => [budgetSource, total]),
      ).toEqual([
        ['กรมส่งเสริมการปกครองท้องถิ่น', 5],
        ['กระทรวงมหาดไทย', 1],
        ['ทต.เกาะลันตาใหญ่', 10],
      ]);
      const listed = await camerasOfReturn(database, draft, 2, 'all', { limit: 500 });
      expect(listed.map(({ id }) => id)).toContain(missing.id);
      expect(listed.map(({ id }) => id)).not.toContain(twice.id);
      await returns.classify(
        of.id,
        2,
        {
          cameras: [missing.id],
          status: 'under-repair',
          reason: 'power',
          note: null,
          inspectedOn: null,
        },
        tester,
      );
      await returns.submit(of.id, 2, signed, tester);
      await returns.accept(of.id, 2, tester);
      expect(numbers((await returnNamed(round, of.name)).counts)).toEqual([16, 10, 5, 1]);
      const [first] = await returns.versions(of.id);
      if (first === undefined) throw new Error();
      expect(numbers(totalsOf(await rowsOf(database, of, first)))).toEqual([16, 11, 4, 1]);
      const before = await camerasOfReturn(database, of, 1, 'all', { limit: 500 });
      expect(before.map(({ id }) => id)).toEqual(own.map(({ id }) => id).toSorted());
      expect([...(await retakesOf(database, of.id)).values()]).toMatchObject([
        { snapshot: 1, reason: 'ขาดกล้องหน้าโรงเรียน', added: 1, removed: 1, changed: 1 },
      ]);
    });

    test('a camera that another LAO of the round counts is counted there until that one takes its cameras anew', async () => {
      const made = await letterExample();
      nowMs += 1;
      const round = await frozen();
      const from = made.find(({ lao }) => lao.name === 'อบต.คลองยาง');
      if (from === undefined) throw new Error();
      const lanta = { name: 'ทต.เกาะลันตาใหญ่', district: 'เกาะลันตา', province: 'กระบี่' };
      await cameras.change(from.id, { lao: lanta }, { ...byTest, version: 1 });
      const { of } = await returnNamed(round, lanta.name);
      const other = (await returnNamed(round, 'อบต.คลองยาง')).of;
      expect(await snapshotDifferences(database, of)).toMatchObject({
        added: { count: 0 },
        elsewhere: { count: 1, cameras: [{ id: from.id, countedBy: 'อบต.คลองยาง' }] },
      });
      await returns.retake(other.id, 1, 'กล้องของ ทต.เกาะลันตาใหญ่', tester);
      expect((await returnNamed(round, 'อบต.คลองยาง')).counts.total).toBe(23);
      await returns.retake(of.id, 1, 'กล้องของเรา', tester);
      expect((await returnNamed(round, lanta.name)).counts.total).toBe(17);
    });

    test('an LAO without cameras owes a return too: late, reminded, and confirmed as 0 in a row of its own', async () => {
      await letterExample();
      const laos = openLaos(database, { now });
      const name = 'อบต.เกาะกลาง';
      await laos.add(
        {
          name,
          district: 'เกาะลันตา',
          province: 'กระบี่',
          code: null,
          type: null,
          reportingParent: null,
        },
        { author: tester, listed: true },
      );
      nowMs += 1;
      const round = await frozen();
      nowMs += 2 * DAY_MS + 1;
      expect(await returnNamed(round, name)).toMatchObject({ late: true, counts: { total: 0 } });
      expect((await remindDue(database, { now })).map(({ of }) => of.name)).toContain(name);
      await through(round, name);
      const { of } = await returnNamed(round, 'เกาะลันตา');
      expect(
        (await rowsOfReturn(of.id)).map(({ lao, budgetSource, total }) => [
          lao,
          budgetSource,
          total,
        ]),
      ).toEqual([[name, '-', 0]]);
    });

    test('what was sent on is corrected from above downwards, and a correction makes the level above stale', async () => {
      const made = await letterExample();
      nowMs += 1;
      const round = await frozen();
      await through(round, 'อบต.คลองยาง');
      const district = (await returnNamed(round, 'เกาะลันตา')).of;
      await expect(returns.submit(district.id, 1, signed, tester)).rejects.toMatchObject({
        constructor: PartsMissing,
        details: { names: ['ทต.เกาะลันตาใหญ่'] },
      });
      await returns.submit(
        district.id,
        1,
        { ...signed, incompleteReason: 'ทต.เกาะลันตาใหญ่ น้ำท่วม' },
        tester,
      );
      expect(numbers((await returnNamed(round, 'เกาะลันตา')).counts)).toEqual([24, 9, 9, 6]);
      const lao = (await returnNamed(round, 'อบต.คลองยาง')).of;
      await expect(
        returns.sendBack(lao.id, 1, { ...sentBack, state: 'accepted' }, tester),
      ).rejects.toBeInstanceOf(SentOnAlready);

      await returns.correct(lao.id, 1, 'นับผิด', tester);
      const working = made.find(
        ({ declared, lao: { name } }) => declared === 'working' && name === 'อบต.คลองยาง',
      );
      await returns.classify(
        lao.id,
        2,
        {
          cameras: [working?.id ?? ''],
          status: 'under-repair',
          reason: 'power',
          note: null,
          inspectedOn: null,
        },
        tester,
      );
      // What was accepted stands meanwhile.
      expect(numbers((await returnNamed(round, 'เกาะลันตา')).counts)).toEqual([24, 9, 9, 6]);
      await returns.submit(lao.id, 2, signed, tester);
      await returns.accept(lao.id, 2, tester);
      expect((await reconcile(database, round, [country])).agreements).toContainEqual(
        expect.objectContaining({ level: 'district', district: 'เกาะลันตา', agrees: false }),
      );
      await returns.correct(district.id, 1, 'อปท. แก้ไข', tester);
      await returns.submit(district.id, 2, { ...signed, incompleteReason: 'ยังไม่ครบ' }, tester);
      expect(numbers((await returnNamed(round, 'เกาะลันตา')).counts)).toEqual([24, 8, 10, 6]);
    });

    test('of two who decide at once, one is told', async () => {
      await letterExample();
      nowMs += 1;
      const round = await frozen();
      const { of } = await returnNamed(round, 'อบจ.กระบี่');
      await returns.submit(of.id, 1, signed, tester);
      const both = await Promise.allSettled([
        returns.accept(of.id, 1, tester),
        returns.sendBack(of.id, 1, sentBack, tester),
      ]);
      expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    });

    test('an LAO that reports to the province sends there, past the district', async () => {
      await letterExample();
      const laos = openLaos(database, { now });
      const [provincial] = (await laos.list({})).filter(({ name }) => name === 'อบจ.กระบี่');
      await laos.change(provincial?.id ?? '', { reportingParent: 'province' }, byTest);
      nowMs += 1;
      const round = await frozen();
      const { of } = await returnNamed(round, 'อบจ.กระบี่');
      expect(of).toMatchObject({ reports_to: 'province' });
      expect(of.parent_id).toBe((await returnNamed(round, 'กระบี่')).of.id);
      // Nobody of เมืองกระบี่ reports to it: it has nothing to return.
      expect((await all(round)).some(({ of: one }) => one.name === 'เมืองกระบี่')).toBe(false);
    });

    test('a form brings counts where there are no linked cameras; differences against the last round have reasons', async () => {
      const made = await letterExample();
      nowMs += 1;
      const before = await frozen();
      for (const name of ['ทต.เกาะลันตาใหญ่', 'อบต.คลองยาง']) await through(before, name);
      const [first, second, third] = made.filter(
        ({ lao, declared }) => lao.name === 'ทต.เกาะลันตาใหญ่' && declared === 'working',
      );
      if (first === undefined || second === undefined || third === undefined) throw new Error();
      nowMs += DAY_MS;
      await cameras.change(first.id, { declared: 'under-repair' }, { ...byTest, version: 1 });
      await cameras.remove(second.id, { ...byTest, version: 1, reason: 'รื้อถอน' });
      await cameras.change(third.id, { budgetSource: 'กระทรวงมหาดไทย' }, { ...byTest, version: 1 });
      const repaired = made.find(
        ({ lao, declared }) => lao.name === 'อบต.คลองยาง' && declared === 'under-repair',
      );
      await cameras.change(repaired?.id ?? '', { declared: 'working' }, { ...byTest, version: 1 });
      nowMs += 1;
      const after = await frozen();
      const district: Area = { level: 'district', province: 'กระบี่', district: 'เกาะลันตา' };
      const { previousRoundId, differences } = await reconcile(database, after, [district]);
      expect(previousRoundId).toBe(before.id);
      const none = { new: 0, removed: 0, repaired: 0, fell: 0, reclassified: 0, moved: 0 };
      expect(
        differences.map(({ lao, budgetSource, reasons }) => [lao, budgetSource, reasons]),
      ).toEqual([
        ['ทต.เกาะลันตาใหญ่', 'กรมส่งเสริมการปกครองท้องถิ่น', { ...none, fell: 1, removed: 1, moved: 1 }],
        ['ทต.เกาะลันตาใหญ่', 'กระทรวงมหาดไทย', { ...none, moved: 1 }],
        ['อบต.คลองยาง', 'กระทรวงมหาดไทย', { ...none, repaired: 1 }],
      ]);
    });
  });
}, openRegistry);
