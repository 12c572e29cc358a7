/** What people say of a camera's condition, the repair log that feeds it, and the lists of what is broken; on both databases. */
import { beforeEach, describe, expect, test } from 'vitest';
import { brokenCameras, brokenTotals, type BrokenKind } from '#registry/broken-cameras.ts';
import { newCamera } from '#registry/camera.ts';
import { CameraNotFound } from '#registry/camera-refusals.ts';
import { type RegistrationEvent, type Cameras } from '#registry/cameras.ts';
import { checkRegistry } from '#registry/check-registry.ts';
import { DeclaredInFuture, declarationsOf, newDeclaration } from '#registry/declarations.ts';
import { country, type Area } from '#registry/area.ts';
import { newRepair, repairChange } from '#registry/repair.ts';
import {
  openRepairs,
  RepairChangedMeanwhile,
  RepairClosed,
  RepairNotFound,
  RepairOpenAlready,
  type Repairs,
} from '#registry/repairs.ts';
import { openRegistry } from '#registry/schema/open-registry.ts';
import type { ObservedStateTable, RegistryDatabase } from '#registry/schema/tables.ts';
import { byTest, camerasOf, testBox, tester } from '../registry/cameras-of.ts';
import { krabiCamera } from '../registry/krabi-camera.ts';
import { onEachDatabase } from './each-database.ts';

const DAY_MS = 86_400_000;
/** 25 November 2026, 12:00 in Thailand. */
const START_MS = Date.parse('2026-11-25T12:00:00+07:00');
const author = { id: 'somchai', name: 'สมชาย ใจดี', proxyFor: null };
const elsewhere = { name: 'ทม.พังงา', district: 'เมืองพังงา', province: 'พังงา' };

onEachDatabase((rig) => {
  let database: RegistryDatabase;
  let cameras: Cameras;
  let repairs: Repairs;
  let nowMs: number;
  let told: RegistrationEvent[];

  beforeEach(async () => {
    database = await openRegistry(rig.open());
    nowMs = START_MS;
    cameras = camerasOf(database, () => nowMs);
    repairs = openRepairs(database, { cameras, now: () => nowMs });
    told = [];
    cameras.onChanged((event) => told.push(event));
  });

  const add = async (changes: Record<string, unknown> = {}): Promise<string> => {
    const given = newCamera.parse(krabiCamera({ stream: null, ...changes }));
    return (await cameras.create(given, byTest)).id;
  };
  const declare = async (cameraId: string, given: Record<string, unknown>) =>
    cameras.declare([
      { cameraId, declaration: newDeclaration.parse(given), author, source: 'register' },
    ]);
  const statuses = async (cameraId: string): Promise<string[]> =>
    (await declarationsOf(database, cameraId)).map(
      ({ status, reason, source }) => `${status} ${reason} ${source}`,
    );

  const report = async (cameraId: string, given: Record<string, unknown> = {}) =>
    repairs.open(cameraId, newRepair.parse(given), { author });

  const go = async (cameraId: string, id: string, version: number, given: object) =>
    repairs.change(cameraId, id, repairChange.parse(given), { author, version });

  const see = async (
    cameraId: string,
    state: ObservedStateTable['state'],
    sinceMs: number,
    incidentId: string | null = null,
  ): Promise<void> => {
    await database
      .insertInto('observed_states')
      .values({
        camera_id: cameraId,
        state,
        reason: state === 'down' ? 'unreachable' : null,
        since_ms: sinceMs,
        at_ms: sinceMs,
        epoch: 1,
        sequence: 1,
        event_id: cameraId,
        flapping: 0,
        measured: '{}',
        incident_id: incidentId,
      })
      .execute();
  };

  const listed = async (kind: BrokenKind, within: readonly Area[] = [country]) =>
    (await brokenCameras(database, { kind, within }, { limit: 50, nowMs })).cameras.map(
      ({ position, sinceMs }) => [position, (nowMs - sinceMs) / DAY_MS],
    );

  describe('a declaration', () => {
    test('is the camera’s newest, with the day it was seen, and the ones before it stay', async () => {
      const id = await add();
      nowMs += DAY_MS;
      const [declared] = await declare(id, {
        status: 'unrepairable',
        reason: 'no-spare-parts',
        note: 'รุ่นเลิกผลิต',
        on: '2026-11-20',
      });
      expect(declared).toMatchObject({
        declared: 'unrepairable',
        declaredReason: 'กล้องเก่า ไม่มีอะไหล่: รุ่นเลิกผลิต',
        declaredAt: new Date(nowMs).toISOString(),
        version: 2,
      });
      expect(await declarationsOf(database, id)).toMatchObject([
        { status: 'unrepairable', on: '2026-11-20', by: author, source: 'register' },
        {
          status: 'working',
          reason: 'not-given',
          on: '2026-11-25',
          by: tester,
          source: 'register',
        },
      ]);
      expect(told.at(-1)).toMatchObject({ kind: 'changed', streamChanged: false });
      expect((await cameras.history(id))?.[0]?.changes).toEqual([
        ['declared', 'working', 'unrepairable'],
        ['declaredReason', null, 'กล้องเก่า ไม่มีอะไหล่: รุ่นเลิกผลิต'],
      ]);
      expect((await checkRegistry(database, testBox)).broken.withoutHistory).toBe(0);
    });

    test('of a form, a file or another system makes one too, when it says something new', async () => {
      const id = await add();
      await cameras.change(id, { brand: 'ยี่ห้อ ข' }, { ...byTest, version: 1 });
      expect(await statuses(id)).toEqual(['working not-given register']);
      await cameras.change(
        id,
        { declared: 'under-repair', declaredReason: 'เลนส์แตก' },
        { ...byTest, version: 2, source: 'import' },
      );
      expect(await statuses(id)).toEqual([
        'under-repair other import',
        'working not-given register',
      ]);
    });

    test('said again the same day is one more, with its date', async () => {
      const id = await add();
      await declare(id, { status: 'working', reason: 'inspected' });
      await declare(id, { status: 'working', reason: 'inspected' });
      expect((await statuses(id)).length).toBe(3);
      expect((await cameras.get(id))?.version).toBe(3);
    });

    test('is refused for a day that has not come, without the reason of its status, and without a note for another', async () => {
      const id = await add();
      await expect(
        declare(id, { status: 'working', reason: 'inspected', on: '2026-11-26' }),
      ).rejects.toBeInstanceOf(DeclaredInFuture);
      expect(newDeclaration.safeParse({ status: 'unrepairable' }).success).toBe(false);
      expect(
        newDeclaration.safeParse({ status: 'unrepairable', reason: 'inspected' }).success,
      ).toBe(false);
      expect(newDeclaration.safeParse({ status: 'working', reason: 'other' }).success).toBe(false);
      expect(await statuses(id)).toHaveLength(1);
    });

    test('of several cameras is all or none, and of none that was deleted', async () => {
      const [one, gone] = [await add(), await add({ position: 'หลังตลาด' })];
      await cameras.remove(gone, { ...byTest, version: 1, reason: 'ย้าย' });
      const declaration = newDeclaration.parse({ status: 'working', reason: 'inspected' });
      await expect(
        cameras.declare(
          [one, gone].map((cameraId) => ({ cameraId, declaration, author, source: 'survey' })),
        ),
      ).rejects.toBeInstanceOf(CameraNotFound);
      expect(await statuses(one)).toHaveLength(1);
    });

    test('of the same cameras by several at once, in whatever order, is each written', async () => {
      const ids = [
        await add(),
        await add({ position: 'หลังตลาด' }),
        await add({ position: 'ท่าเรือ' }),
      ];
      const declaration = newDeclaration.parse({ status: 'working', reason: 'inspected' });
      const TIMES = 12;
      await Promise.all(
        Array.from({ length: TIMES }, async (_, i) =>
          cameras.declare(
            (i % 2 === 0 ? ids : ids.toReversed()).map((cameraId) => ({
              cameraId,
              declaration,
              author,
              source: 'survey' as const,
            })),
          ),
        ),
      );
      for (const id of ids) expect(await statuses(id)).toHaveLength(1 + TIMES);
    });
  });

  describe('a repair', () => {
    test('declares its camera as it goes on: reported, with the contractor, back in service', async () => {
      const id = await add();
      const opened = await report(id, {
        cause: 'power',
        reportedOn: '2026-11-24',
        dueOn: '2026-12-01',
      });
      expect(opened).toMatchObject({ state: 'reported', reportedBy: 'สมชาย ใจดี', version: 1 });
      nowMs += DAY_MS;
      await go(id, opened.id, 1, { state: 'in-repair', contractor: 'หจก.อันดามัน' });
      nowMs += DAY_MS;
      const closed = await go(id, opened.id, 2, {
        state: 'back-in-service',
        backOn: '2026-11-26',
        cost: 4500.5,
      });
      expect(closed).toMatchObject({
        state: 'back-in-service',
        contractor: 'หจก.อันดามัน',
        backOn: '2026-11-26',
        cost: 4500.5,
        closedAt: new Date(nowMs).toISOString(),
        overdueDays: 0,
      });
      expect(await statuses(id)).toEqual([
        'working repaired repair',
        'under-repair at-contractor repair',
        'under-repair power repair',
        'working not-given register',
      ]);
      expect((await declarationsOf(database, id)).map(({ on }) => on)).toEqual([
        '2026-11-26',
        '2026-11-26',
        '2026-11-24',
        '2026-11-25',
      ]);
      expect(await repairs.of(id)).toEqual([closed]);
      expect((await repairs.history(id, opened.id)).map(({ changes }) => changes)).toEqual([
        [
          ['state', 'in-repair', 'back-in-service'],
          ['cost', null, 4500.5],
          ['backOn', null, '2026-11-26'],
        ],
        [
          ['state', 'reported', 'in-repair'],
          ['contractor', null, 'หจก.อันดามัน'],
        ],
        [],
      ]);
    });

    test('given up declares unrepairable, with its reason, which it wants', async () => {
      const id = await add();
      const opened = await report(id);
      expect(repairChange.safeParse({ state: 'unrepairable' }).success).toBe(false);
      await go(id, opened.id, 1, { state: 'unrepairable', unrepairableReason: 'not-worth-repair' });
      expect((await statuses(id))[0]).toBe('unrepairable not-worth-repair repair');
      expect((await cameras.get(id))?.declared).toBe('unrepairable');
    });

    test('is not changed by what is declared beside it', async () => {
      const id = await add();
      await report(id);
      await declare(id, { status: 'working', reason: 'inspected' });
      expect(await repairs.of(id)).toMatchObject([{ state: 'reported', closedAt: null }]);
    });

    test('there is one at a time; the second is told of the first, and nothing is declared', async () => {
      const id = await add();
      const both = await Promise.allSettled([report(id), report(id)]);
      const refused = both.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
      expect(refused).toEqual([expect.any(RepairOpenAlready)]);
      expect(await repairs.of(id)).toHaveLength(1);
      expect(await statuses(id)).toHaveLength(2);
    });

    test('a stale change is refused with what stands there, a closed one keeps its state, another camera’s is not there', async () => {
      const [id, other] = [await add(), await add({ position: 'หลังตลาด' })];
      const opened = await report(id);
      await go(id, opened.id, 1, { note: 'รออะไหล่' });
      await expect(go(id, opened.id, 1, { state: 'no-fault' })).rejects.toBeInstanceOf(
        RepairChangedMeanwhile,
      );
      expect(await statuses(id)).toHaveLength(2);
      await expect(go(other, opened.id, 2, { note: 'ก' })).rejects.toBeInstanceOf(RepairNotFound);
      await go(id, opened.id, 2, { state: 'no-fault' });
      await expect(go(id, opened.id, 3, { state: 'in-repair' })).rejects.toBeInstanceOf(
        RepairClosed,
      );
      expect(await go(id, opened.id, 3, { cost: 300 })).toMatchObject({ cost: 300, version: 4 });
      expect((await statuses(id)).length).toBe(3);
    });
  });

  describe('the list of broken cameras', () => {
    beforeEach(async () => {
      await database
        .insertInto('incidents')
        .values({ id: 'i', kind: 'site', key: 's', from_ms: 0, to_ms: null, cameras: 9 })
        .execute();
      const declared = await add({ position: 'แจ้งซ่อม', declared: 'under-repair' });
      const overdue = await add({ position: 'เกินกำหนด' });
      await repairs.open(overdue, newRepair.parse({ dueOn: '2026-11-28' }), { author });
      await add({ position: 'ซ่อมไม่ได้', declared: 'unrepairable' });
      await see(await add({ position: 'เห็นว่าดับ', lao: elsewhere }), 'down', START_MS - 2 * DAY_MS);
      await see(await add({ position: 'ไฟดับทั้งจุด' }), 'down', START_MS - 3 * DAY_MS, 'i');
      await see(await add({ position: 'ปกติ' }), 'up', START_MS - 9 * DAY_MS);
      await see(declared, 'down', START_MS - 4 * DAY_MS);
      nowMs = START_MS + 5 * DAY_MS;
    });

    test('holds what is declared, seen or in repair, longest first; an incident is nobody’s fault', async () => {
      expect(await listed('to-repair')).toEqual([
        ['แจ้งซ่อม', 9],
        ['เห็นว่าดับ', 7],
        ['เกินกำหนด', 5],
      ]);
      expect(await listed('undeclared')).toEqual([['เห็นว่าดับ', 7]]);
      expect(await listed('without-repair')).toEqual([
        ['แจ้งซ่อม', 9],
        ['เห็นว่าดับ', 7],
      ]);
      expect(await listed('unrepairable')).toEqual([['ซ่อมไม่ได้', 5]]);
      expect(await listed('overdue')).toEqual([['เกินกำหนด', 5]]);
      const { cameras: late } = await brokenCameras(
        database,
        { kind: 'overdue', within: [country] },
        { limit: 1, nowMs },
      );
      expect(late[0]?.repair).toMatchObject({ state: 'reported', overdueDays: 2 });
    });

    test('tells nothing of other areas, and pages without a hole', async () => {
      expect(await listed('to-repair', [{ level: 'province', province: 'พังงา' }])).toEqual([
        ['เห็นว่าดับ', 7],
      ]);
      expect(await listed('to-repair', [])).toEqual([]);
      const seen: string[] = [];
      let after: string | undefined;
      do {
        const page = await brokenCameras(
          database,
          { kind: 'to-repair', within: [country] },
          { limit: 1, nowMs, after },
        );
        seen.push(...page.cameras.map(({ position }) => position));
        after = page.nextCursor ?? undefined;
      } while (after !== undefined);
      expect(seen).toEqual(['แจ้งซ่อม', 'เห็นว่าดับ', 'เกินกำหนด']);
    });

    test('is counted by province, district and LAO, with the longest of each', async () => {
      expect(
        await brokenTotals(database, { within: [country] }, { level: 'province', nowMs }),
      ).toEqual([
        {
          province: 'กระบี่',
          district: null,
          lao: null,
          toRepair: 2,
          undeclared: 0,
          withoutRepair: 1,
          overdue: 1,
          unrepairable: 1,
          longestSinceMs: START_MS - 4 * DAY_MS,
        },
        {
          province: 'พังงา',
          district: null,
          lao: null,
          toRepair: 1,
          undeclared: 1,
          withoutRepair: 1,
          overdue: 0,
          unrepairable: 0,
          longestSinceMs: START_MS - 2 * DAY_MS,
        },
      ]);
      const byLao = await brokenTotals(
        database,
        { within: [country], province: 'พังงา' },
        { level: 'lao', nowMs },
      );
      expect(byLao.map(({ district, lao }) => [district, lao])).toEqual([['เมืองพังงา', 'ทม.พังงา']]);
    });
  });
}, openRegistry);
