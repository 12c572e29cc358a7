/** How long recordings are kept (storage/shortening.ts, legal-hold.ts, retention.ts): what holds on both databases. */
import { beforeEach, expect, test } from 'vitest';
import { listDeletions } from '#storage/catalogue/deletion.ts';
import { openCatalogue } from '#storage/catalogue/open-catalogue.ts';
import { recordingsBetween } from '#storage/catalogue/recordings.ts';
import { daysOf, lengthenRetention } from '#storage/catalogue/retentions.ts';
import { applyShortenings } from '#storage/catalogue/shortenings.ts';
import type { Catalogue } from '#storage/catalogue/tables.ts';
import { LegalHolds } from '#storage/legal-hold.ts';
import {
  ObjectHeld,
  ObjectMissing,
  ObjectStoreUnavailable,
  type ObjectStore,
} from '#storage/objects/object-store.ts';
import { isToldOf, MOST_PER_SWEEP_MS, retentionClock } from '#storage/retention-clock.ts';
import { sweep } from '#storage/retention.ts';
import { expiryMs, Shortenings } from '#storage/shortening.ts';
import { onEachDatabase } from './each-database.ts';
import { CAMERA, keep, MINUTE, newId, SHA, T0 } from './recorded-minutes.ts';

const DAY = 86_400_000;
const asker = { id: 'asker', name: 'สมชาย' };
const approver = { id: 'approver', name: 'สมหญิง' };

/** Holds objects as a bucket with object lock does. */
class LockingStore implements Pick<ObjectStore, 'hold' | 'delete' | 'stat'> {
  readonly held = new Set<string>();
  readonly deleted: string[] = [];
  readonly missing = new Set<string>();
  away = false;
  deletesNothing = false;
  async hold({ key }: { key: string }, held: boolean): Promise<{ guarded: boolean }> {
    if (this.away) throw new ObjectStoreUnavailable('away');
    if (this.missing.has(key)) throw new ObjectMissing(key);
    if (held) this.held.add(key);
    else this.held.delete(key);
    return { guarded: true };
  }
  async stat({ key }: { key: string }): Promise<{ byteLength: number; versionId: null }> {
    if (this.missing.has(key)) throw new ObjectMissing(key);
    return { byteLength: 6_000, versionId: null };
  }
  async delete({ key }: { key: string }): Promise<void> {
    if (this.deletesNothing) throw new ObjectStoreUnavailable('away');
    if (this.held.has(key)) throw new ObjectHeld(key);
    this.deleted.push(key);
  }
}

onEachDatabase((rig) => {
  let catalogue: Catalogue;
  let store: LockingStore;
  let nowMs: number;
  let inventoryDays: number;
  let holds: LegalHolds;
  let shortenings: Shortenings;
  const now = (): number => nowMs;

  beforeEach(async () => {
    catalogue = await openCatalogue(rig.open());
    store = new LockingStore();
    nowMs = T0;
    inventoryDays = 30;
    holds = new LegalHolds({ catalogue, store, newId, now, log: () => {} });
    shortenings = new Shortenings({
      catalogue,
      inventoryDays: async () => inventoryDays,
      graceMs: 7 * DAY,
      newId,
      now,
    });
  });

  const sweepNow = (): Promise<number> =>
    sweep({ catalogue, store, now, log: () => {} }, [
      { cameraId: CAMERA, retentionDays: inventoryDays },
    ]);
  const left = async (): Promise<number[]> =>
    (await recordingsBetween(catalogue, CAMERA, T0 - 99 * DAY, T0 + 99 * DAY)).map(
      ({ startMs }) => (startMs - T0) / DAY,
    );

  test('a clock that is set a year forward deletes an hour of footage in a sweep, and nothing once it is right again', async () => {
    const HOUR = MOST_PER_SWEEP_MS;
    const countedSweep = async (): Promise<number> => {
      const { nowMs: countedToMs } = await retentionClock(catalogue, nowMs);
      return sweep({ catalogue, store, now, countedToMs, log: () => {} }, [
        { cameraId: CAMERA, retentionDays: 30 },
      ]);
    };
    for (let hour = 0; hour < 5; hour++) await keep(catalogue, T0 + hour * HOUR);
    nowMs = T0 + 30 * DAY - HOUR;
    expect(await countedSweep()).toBe(0);
    nowMs += 365 * DAY;
    expect(await countedSweep()).toBe(0);
    expect(await countedSweep()).toBe(1);
    expect(await countedSweep()).toBe(1);
    const { nowMs: countedMs, behindMs } = await retentionClock(catalogue, nowMs);
    expect(nowMs - countedMs).toBe(behindMs);
    expect(isToldOf({ nowMs: countedMs, behindMs })).toBe(true);
    nowMs -= 365 * DAY;
    expect(await countedSweep()).toBe(0);
    expect(isToldOf(await retentionClock(catalogue, nowMs))).toBe(false);
    expect(await left()).toHaveLength(3);
    // Set back for a while, deleting goes on from where it was as soon as the clock is right.
    nowMs -= 365 * DAY;
    expect(await countedSweep()).toBe(0);
    nowMs += 365 * DAY + 3 * HOUR;
    expect((await retentionClock(catalogue, nowMs)).behindMs).toBeLessThan(2 * HOUR);
  });

  test('a shortening deletes what its preview named, under its own name, once its grace is over', async () => {
    for (const day of [-20, -12, -5]) await keep(catalogue, T0 + day * DAY);
    expect(await sweepNow()).toBe(0);
    inventoryDays = 15;
    // The edit alone deletes nothing.
    expect(await sweepNow()).toBe(0);
    const { id } = await shortenings.request({
      cameraIds: [CAMERA],
      days: 15,
      reason: 'มติ 3/2569',
      by: asker,
    });
    const [preview] = await shortenings.previewOf(await shortenings.get(id));
    // As of the end of the grace: twelve days old now, nineteen then.
    expect(preview).toEqual({
      cameraId: CAMERA,
      fromDays: 30,
      recordings: 2,
      byteLength: 12_000,
      oldestMs: T0 - 20 * DAY,
      newestMs: T0 - 12 * DAY + MINUTE,
      heldRecordings: 0,
    });
    await expect(shortenings.approve(id, { by: asker, reason: null })).rejects.toMatchObject({
      code: 'another_person_needed',
    });
    const token = { id: 'admin-token', name: 'ADMIN_TOKEN', isPerson: false };
    await expect(shortenings.approve(id, { by: token, reason: null })).rejects.toMatchObject({
      code: 'another_person_needed',
    });
    nowMs += DAY;
    await shortenings.approve(id, { by: approver, reason: null });
    const retention = await shortenings.retention(CAMERA);
    expect(retention).toMatchObject({ days: 30, pending: { state: 'approved' } });
    expect(expiryMs(T0 - 20 * DAY, retention)).toBe(T0 + 8 * DAY);
    expect(expiryMs(T0, retention)).toBe(T0 + 15 * DAY);
    // Field ๙ was raised within the grace.
    expect(expiryMs(T0, { ...retention, inventoryDays: 20 })).toBe(T0 + 20 * DAY);
    nowMs += 7 * DAY - 1;
    expect(await sweepNow()).toBe(0);
    nowMs += 1;
    expect(await sweepNow()).toBe(2);
    expect(await left()).toEqual([-5]);
    expect(await shortenings.retention(CAMERA)).toMatchObject({ days: 15, pending: null });
    await expect(shortenings.cancel(id, { by: approver, reason: 'x' })).rejects.toMatchObject({
      code: 'shortening_decided',
    });
    const gone = await listDeletions(catalogue, { fromMs: 0, toMs: nowMs + 1 }, { limit: 1 });
    expect(gone).toMatchObject([
      { policy: `retention 15 days, shortened by ${id}`, sha256: SHA, deletedMs: nowMs },
    ]);
    const next = await listDeletions(
      catalogue,
      { fromMs: 0, toMs: nowMs + 1, cameraId: CAMERA },
      { after: gone[0], limit: 9 },
    );
    expect(next).toHaveLength(1);
  });

  test('what was lengthened meanwhile is not shortened; what was cancelled is not done', async () => {
    await keep(catalogue, T0 - 20 * DAY);
    await sweepNow();
    inventoryDays = 10;
    const order = { cameraIds: [CAMERA], days: 10, reason: 'r', by: asker };
    const first = await shortenings.request(order);
    await expect(shortenings.request(order)).rejects.toMatchObject({ code: 'shortening_pending' });
    await shortenings.approve(first.id, { by: approver, reason: null });
    await shortenings.cancel(first.id, { by: asker, reason: 'เปลี่ยนใจ' });
    nowMs += 8 * DAY;
    expect(await sweepNow()).toBe(0);
    const second = await shortenings.request(order);
    await shortenings.approve(second.id, { by: approver, reason: null });
    inventoryDays = 60;
    expect(await sweepNow()).toBe(0);
    inventoryDays = 10;
    nowMs += 8 * DAY;
    expect(await sweepNow()).toBe(0);
    expect(await shortenings.retention(CAMERA)).toMatchObject({ days: 60, pending: null });
  });

  test('of acts on one camera that are asked for at once one waits, and says what is kept when it is entered', async () => {
    const order = { cameraIds: [CAMERA], days: 10, reason: 'r', by: asker };
    await lengthenRetention(catalogue, CAMERA, 30);
    inventoryDays = 10;
    // On connections that are open already, or one would be done before the next begins.
    await Promise.all(Array.from({ length: 4 }, async () => shortenings.list({}, { limit: 1 })));
    const asked = await Promise.allSettled(
      Array.from({ length: 4 }, async () => shortenings.request(order)),
    );
    const [only, ...others] = await shortenings.list({ state: 'requested' }, { limit: 9 });
    expect(others).toEqual([]);
    expect(only?.cameras).toEqual([{ cameraId: CAMERA, fromDays: 30 }]);
    const refused = asked.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    expect(refused).toMatchObject(
      Array.from({ length: 3 }, () => ({ code: 'shortening_pending' })),
    );
    await shortenings.approve(only?.id ?? '', { by: approver, reason: null });
    // The field was read, and then what was approved is done: twelve days are no fewer than the ten that are kept now.
    const late = new Shortenings({
      catalogue,
      inventoryDays: async () => {
        nowMs += 7 * DAY;
        await applyShortenings(catalogue, nowMs);
        return 10;
      },
      graceMs: 7 * DAY,
      newId,
      now,
    });
    await expect(late.request({ ...order, days: 12 })).rejects.toMatchObject({
      code: 'not_shorter',
      details: { days: 10 },
    });
  });

  test('of two lengthenings at once the longer counts, whichever is written last', async () => {
    const cameras = Array.from({ length: 8 }, () => newId());
    const lengthen = async (days: number) =>
      Promise.all(cameras.map(async (id) => lengthenRetention(catalogue, id, days)));
    await Promise.all([lengthen(60), lengthen(45)]);
    const kept = await daysOf(catalogue, cameras);
    expect([...kept.values()]).toEqual(cameras.map(() => 60));
  });

  test('a hold reaches the store when the store answers, and leaves it with the release', async () => {
    const id = await keep(catalogue, T0 - 40 * DAY);
    await keep(catalogue, T0 - 40 * DAY + MINUTE);
    store.away = true;
    const [hold] = await holds.place({
      cameraIds: [CAMERA],
      fromMs: T0 - 40 * DAY,
      toMs: T0 - 40 * DAY + 30_000,
      reason: 'คดี',
      by: asker,
    });
    await holds.tellStore();
    expect([hold?.recordings, hold?.guarded, store.held.size]).toEqual([1, 0, 0]);
    // The catalogue keeps it all the same.
    expect(await sweepNow()).toBe(1);
    store.away = false;
    await holds.tellStore();
    expect([...store.held]).toEqual([expect.stringContaining(id)]);
    expect(await holds.get(hold?.id ?? '')).toMatchObject({ guarded: 1, released: null });
    expect(await sweepNow()).toBe(0);
    await expect(holds.release(hold?.id ?? '', { by: asker, reason: 'x' })).rejects.toMatchObject({
      code: 'another_person_needed',
    });
    await holds.release(hold?.id ?? '', { by: approver, reason: 'คดีถึงที่สุด' });
    await holds.tellStore();
    expect(store.held.size).toBe(0);
    expect(await sweepNow()).toBe(1);
    await holds.stop();
  });

  test('what the store has not let go of is kept after all, where a hold or more days say so when it is asked again', async () => {
    for (const day of [-80, -50, -45, -40]) await keep(catalogue, T0 + day * DAY);
    store.deletesNothing = true;
    await expect(sweepNow()).rejects.toMatchObject({ code: 'object_store_unavailable' });
    expect(await left()).toEqual([]);
    // Of one the object went with the answer: it cannot be kept.
    const rows = await catalogue.selectFrom('recordings').selectAll().orderBy('start_ms').execute();
    store.missing.add(rows[2]?.object_key ?? '');
    const [hold] = await holds.place({
      cameraIds: [CAMERA],
      fromMs: T0 - 80 * DAY,
      toMs: T0 - 80 * DAY + 1,
      reason: 'คดี',
      by: asker,
    });
    expect(hold?.recordings).toBe(0);
    inventoryDays = 46;
    await lengthenRetention(catalogue, CAMERA, inventoryDays);
    store.deletesNothing = false;
    expect(await sweepNow()).toBe(2);
    expect(await left()).toEqual([-80, -40]);
    expect(store.deleted).toEqual([rows[1]?.object_key, rows[2]?.object_key]);
    await holds.tellStore();
    expect([...store.held]).toEqual([rows[0]?.object_key]);
    await holds.stop();
  });

  test('what one hold of two lets go stays held; an object that is gone stops nobody', async () => {
    const ids = [await keep(catalogue, T0), await keep(catalogue, T0 + MINUTE)];
    const [lost] = await recordingsBetween(catalogue, CAMERA, T0 + MINUTE, T0 + MINUTE + 1);
    store.missing.add(lost?.objectKey ?? '');
    const both = { cameraIds: [CAMERA], fromMs: T0, toMs: T0 + 2 * MINUTE, reason: 'r', by: asker };
    const [one] = await holds.place(both);
    await holds.place({ ...both, toMs: T0 + 10_000 });
    await holds.tellStore();
    expect([...store.held]).toEqual([expect.stringContaining(ids[0] ?? '')]);
    await holds.release(one?.id ?? '', { by: approver, reason: 'r' });
    await holds.tellStore();
    expect(store.held.size).toBe(1);
    await holds.stop();
  });
}, openCatalogue);
