/** The catalogue of recordings (storage/catalogue): what holds on both databases. */
import { beforeEach, expect, test } from 'vitest';
import { garbage, markGarbage, noteDeletion } from '#storage/catalogue/deletion.ts';
import {
  changeGap,
  closeGap,
  cutGaps,
  gapsBetween,
  insertGap,
  openGap,
} from '#storage/catalogue/gaps.ts';
import { noteAlive } from '#storage/catalogue/recording-process.ts';
import { accountForAbsence } from '#storage/absence.ts';
import { holdsBetween, placeHolds, releaseHold } from '#storage/catalogue/holds.ts';
import { openCatalogue } from '#storage/catalogue/open-catalogue.ts';
import { lengthenRetention, retentionIn } from '#storage/catalogue/retentions.ts';
import {
  fragmentIndexes,
  insertOpened,
  lastEndMs,
  markSpooled,
  markStored,
  recordingsBetween,
  recordingsIn,
} from '#storage/catalogue/recordings.ts';
import { spooledUse } from '#storage/catalogue/spooled.ts';
import { nameSpool, otherSpools, takeIntoSpool } from '#storage/catalogue/spools.ts';
import type { Catalogue } from '#storage/catalogue/tables.ts';
import { OpenRecordings } from '#storage/open-recordings.ts';
import type { ObjectStore } from '#storage/objects/object-store.ts';
import { sweep } from '#storage/retention.ts';
import { timeline } from '#storage/timeline.ts';
import { onEachDatabase } from './each-database.ts';
import { holdAgainstSweep } from './hold-against-sweep.ts';
import {
  CAMERA,
  finished,
  keep,
  MINUTE,
  newId,
  opened,
  SHA,
  stat,
  T0,
} from './recorded-minutes.ts';

const HOLD_AND_SWEEP_MS = 60_000;
const relative = (ms: number): number => ms - T0;

/** As the sweep notes it. */
function deletion(minute: number, policy: string, deletedMs: number) {
  return {
    recording_id: newId(),
    camera_id: CAMERA,
    run_id: null,
    start_ms: T0 + minute * MINUTE,
    end_ms: T0 + (minute + 1) * MINUTE,
    byte_length: 1,
    sha256: SHA,
    previous_sha256: null,
    policy,
    deleted_ms: deletedMs,
  };
}

onEachDatabase((rig) => {
  let catalogue: Catalogue;
  beforeEach(async () => {
    catalogue = await openCatalogue(rig.open());
  });

  test('a recording goes from open to spooled to stored, and never back', async () => {
    const recording = opened(T0);
    const named = { id: recording.recordingId, startMs: T0 };
    await insertOpened(catalogue, [recording]);
    await insertOpened(catalogue, [recording]);
    expect(await recordingsIn(catalogue, 'open', 10)).toHaveLength(1);
    await markStored(catalogue, [{ ...named, versionId: 'too-early' }]);
    expect(await recordingsIn(catalogue, 'open', 10)).toHaveLength(1);
    const whole = finished(recording, T0 + MINUTE);
    await markSpooled(catalogue, [whole]);
    const [spooled] = await recordingsIn(catalogue, 'spooled', 10);
    expect(spooled).toMatchObject({ id: recording.recordingId, endMs: T0 + MINUTE, sha256: SHA });
    await markStored(catalogue, [{ ...named, versionId: 'v1' }]);
    await markSpooled(catalogue, [{ ...whole, sha256: 'cd'.repeat(32) }]);
    const [stored] = await recordingsBetween(catalogue, CAMERA, T0, T0 + 1);
    expect(stored).toMatchObject({ state: 'stored', versionId: 'v1', sha256: SHA });
    const index = (await fragmentIndexes(catalogue, [named])).get(named.id);
    expect(Buffer.from(index ?? []).equals(whole.fragmentIndex as Buffer)).toBe(true);
    expect(await lastEndMs(catalogue, CAMERA)).toBe(T0 + MINUTE);
  });

  test('of recordings that end together, only those that were open are marked and counted', async () => {
    const [first, second, third] = [opened(T0), opened(T0 + MINUTE), opened(T0 + 2 * MINUTE)];
    await insertOpened(catalogue, [first, second]);
    await markSpooled(catalogue, [finished(second, T0 + 2 * MINUTE)]);
    const all = [first, second, third].map((of) => finished(of, of.startMs + MINUTE));
    await markSpooled(catalogue, all);
    expect(await recordingsIn(catalogue, 'spooled', 10)).toMatchObject([
      { id: first.recordingId, endMs: T0 + MINUTE },
      { id: second.recordingId, endMs: T0 + 2 * MINUTE },
    ]);
    const names = all.map(({ recordingId: id, startMs }) => ({ id, startMs, versionId: null }));
    const indexed = await fragmentIndexes(catalogue, names);
    expect(indexed.keys().toArray().toSorted()).toEqual(
      [first.recordingId, second.recordingId].toSorted(),
    );
    const day = await catalogue.selectFrom('camera_days').select(['made', 'recordings']).execute();
    expect(day).toEqual([{ made: 2, recordings: 2 }]);
    // One that is not whole, and one that has no row, are not stored.
    expect(await markStored(catalogue, names.slice(1))).toBe(1);
    expect(await markStored(catalogue, names)).toBe(1);
    expect(await recordingsIn(catalogue, 'spooled', 10)).toEqual([]);
  });

  test('a range finds the recordings that overlap it, and no others', async () => {
    for (let i = 0; i < 5; i++) await keep(catalogue, T0 + i * MINUTE);
    await keep(catalogue, T0, '019e0000-0000-7000-8000-000000000002');
    const found = await recordingsBetween(catalogue, CAMERA, T0 + 90_000, T0 + 3 * MINUTE);
    expect(found.map(({ startMs }) => (startMs - T0) / MINUTE)).toEqual([1, 2]);
  });

  test('every ms of a timeline is in a span or in a gap with its cause', async () => {
    await keep(catalogue, T0);
    await keep(catalogue, T0 + MINUTE + 400);
    await openGap(catalogue, newId(), {
      cameraId: CAMERA,
      startMs: T0 + 2 * MINUTE + 400,
      cause: 'network',
      detail: 'unreachable',
    });
    // It lasts already: its first cause counts.
    await openGap(catalogue, newId(), {
      cameraId: CAMERA,
      startMs: T0 + 2 * MINUTE + 900,
      cause: 'gateway',
      detail: null,
    });
    await closeGap(catalogue, CAMERA, T0 + 4 * MINUTE);
    const recordingId = await keep(catalogue, T0 + 4 * MINUTE);
    await insertGap(catalogue, newId(), {
      cameraId: CAMERA,
      startMs: T0 + 4 * MINUTE + 10_000,
      endMs: T0 + 4 * MINUTE + 12_000,
      cause: 'network',
      detail: 'lost-pictures',
      recordingId,
    });
    const shown = await timeline(catalogue, new OpenRecordings(), CAMERA, {
      fromMs: T0 - MINUTE,
      toMs: T0 + 6 * MINUTE,
    });
    expect(shown.spans.map((s) => [relative(s.startMs), relative(s.endMs)])).toEqual([
      [0, 120_400],
      [240_000, 250_000],
      [252_000, 300_000],
    ]);
    expect(shown.gaps.map((g) => [relative(g.startMs), relative(g.endMs), g.cause])).toEqual([
      [-60_000, 0, 'unknown'],
      [120_400, 240_000, 'network'],
      [250_000, 252_000, 'network'],
      [300_000, 360_000, 'unknown'],
    ]);
  });

  test('where pictures are found after all a gap is cut, whatever it was called; holes, what lasts, and what tells of damage stay', async () => {
    const within = await keep(catalogue, T0 + 100_000);
    const gaps: [number, number | null, string | null, string?][] = [
      [-5_000, 1_000, null],
      [10_000, 90_000, 'stopped'],
      [100_000, 104_000, 'lost-pictures', within],
      [110_000, 120_000, 'object-corrupt', within],
      [150_000, null, 'unreachable'],
    ];
    for (const [from, to, detail, recordingId = null] of gaps) {
      await insertGap(catalogue, newId(), {
        cameraId: CAMERA,
        startMs: T0 + from,
        endMs: to === null ? null : T0 + to,
        cause: 'gateway',
        detail,
        recordingId,
      });
    }
    await cutGaps(catalogue, CAMERA, [
      { startMs: T0, endMs: T0 + 5_000 },
      { startMs: T0 + 30_000, endMs: T0 + 40_000 },
      { startMs: T0 + 50_000, endMs: T0 + 100_000 },
      { startMs: T0 + 104_000, endMs: T0 + 160_000 },
    ]);
    const left = await gapsBetween(catalogue, CAMERA, T0 - MINUTE, T0 + 6 * MINUTE);
    expect(
      left.map((g) => [relative(g.startMs), g.endMs && relative(g.endMs), g.cause, g.detail]),
    ).toEqual([
      [-5_000, 0, 'gateway', null],
      [10_000, 30_000, 'gateway', 'stopped'],
      [40_000, 50_000, 'gateway', 'stopped'],
      [100_000, 104_000, 'gateway', 'lost-pictures'],
      [110_000, 120_000, 'gateway', 'object-corrupt'],
      [150_000, null, 'gateway', 'unreachable'],
    ]);
  });

  test('a gap goes on with another cause, from its beginning where the cause is as old', async () => {
    const change = async (startMs: number, detail: string): Promise<void> =>
      changeGap(catalogue, newId(), { cameraId: CAMERA, startMs, cause: 'camera', detail });
    await change(T0, 'none lasted');
    await change(T0 + MINUTE, 'the next');
    await change(T0 - MINUTE, 'of all of it');
    const found = await gapsBetween(catalogue, CAMERA, T0 - MINUTE, T0 + 2 * MINUTE);
    expect(found.map((g) => [relative(g.startMs), g.endMs && relative(g.endMs), g.detail])).toEqual(
      [
        [0, MINUTE, 'none lasted'],
        [MINUTE, null, 'of all of it'],
      ],
    );
  });

  test('what an absence leaves: each gap of before ends, where the process was last known to run or with it', async () => {
    const [silent, stopped] = [CAMERA, '019e0000-0000-7000-8000-000000000002'];
    const begins = { startMs: T0, cause: 'camera', detail: 'silent' } as const;
    await openGap(catalogue, newId(), { cameraId: silent, ...begins });
    const atStop = { startMs: T0 + MINUTE, cause: 'gateway', detail: 'stopped' } as const;
    await openGap(catalogue, newId(), { cameraId: stopped, ...atStop });
    await noteAlive(catalogue, T0);
    await noteAlive(catalogue, T0 + 2 * MINUTE);
    const nowMs = T0 + 3 * MINUTE;
    await accountForAbsence(catalogue, new Set([silent, stopped]), { newId, nowMs });
    const told = async (cameraId: string) =>
      (await gapsBetween(catalogue, cameraId, T0, nowMs)).map((gap) => [
        relative(gap.startMs) / MINUTE,
        gap.endMs && relative(gap.endMs) / MINUTE,
        gap.detail,
      ]);
    expect(await told(silent)).toEqual([
      [0, 2, 'silent'],
      [2, 3, 'stopped'],
    ]);
    expect(await told(stopped)).toEqual([[1, 3, 'stopped']]);
  });

  test('footage is never told as a gap: a hole is one of its own recording, and a gap between recordings yields to all', async () => {
    // Noted for a time that was then recorded, by a clock that was set back.
    const stopped = { cameraId: CAMERA, cause: 'gateway', detail: 'stopped' } as const;
    await insertGap(catalogue, newId(), { ...stopped, startMs: T0 + 10_000, endMs: T0 + 40_000 });
    const recordingId = await keep(catalogue, T0);
    const other = await keep(catalogue, T0 + 50_000);
    const lost = { cameraId: CAMERA, cause: 'network', detail: 'lost-pictures' } as const;
    for (const [from, to, id] of [
      [20_000, 30_000, recordingId],
      // Of the time from 50 s on the other has pictures, but for its own hole.
      [45_000, 58_000, recordingId],
      [52_000, 55_000, other],
      [70_000, 80_000, other],
    ] as const) {
      const hole = { ...lost, startMs: T0 + from, endMs: T0 + to, recordingId: id };
      await insertGap(catalogue, newId(), hole);
    }
    const range = { fromMs: T0, toMs: T0 + 110_000 };
    const shown = await timeline(catalogue, new OpenRecordings(), CAMERA, range);
    expect(shown.spans.map((s) => [relative(s.startMs), relative(s.endMs)])).toEqual([
      [0, 20_000],
      [30_000, 45_000],
      [50_000, 52_000],
      [55_000, 70_000],
      [80_000, 110_000],
    ]);
  });

  test('a gap that began before the range is found, whatever came before it', async () => {
    for (let i = 0; i < 20; i++) {
      await insertGap(catalogue, newId(), {
        cameraId: CAMERA,
        startMs: T0 + i * MINUTE,
        endMs: T0 + i * MINUTE + 30_000,
        cause: 'camera',
        detail: null,
      });
    }
    const gaps = await gapsBetween(
      catalogue,
      CAMERA,
      T0 + 5 * MINUTE + 10_000,
      T0 + 6 * MINUTE + 1,
    );
    expect(gaps.map(({ startMs }) => (startMs - T0) / MINUTE)).toEqual([5, 6]);
  });

  test('an open recording is as long as its recorder says, also before its row is there; what comes next is not written yet', async () => {
    const recording = opened(T0);
    await insertOpened(catalogue, [recording]);
    const open = new OpenRecordings();
    open.opened(recording);
    const { fragmentIndex } = finished(recording, T0 + 7_000);
    open.grown({ ...recording, endMs: T0 + 7_000, fragmentIndex });
    const range = { fromMs: T0, toMs: T0 + MINUTE };
    const latest = { cause: 'unknown', detail: 'latest' };
    expect(await timeline(catalogue, open, CAMERA, range)).toMatchObject({
      spans: [{ startMs: T0, endMs: T0 + 7_000 }],
      gaps: [{ startMs: T0 + 7_000, endMs: T0 + MINUTE, ...latest }],
    });
    // The next one of its run: its row waits for the database, and the first for its disk.
    const next = opened(T0 + 7_000);
    open.opened(next);
    open.grown({
      ...next,
      endMs: T0 + 9_000,
      fragmentIndex: finished(next, T0 + 9_000).fragmentIndex,
    });
    expect(await timeline(catalogue, open, CAMERA, range)).toMatchObject({
      spans: [{ startMs: T0, endMs: T0 + 9_000 }],
      gaps: [{ startMs: T0 + 9_000, endMs: T0 + MINUTE, ...latest }],
    });
  });

  test('what waits in the spool of another gateway is found, is none of ours, and is nobodys once it is stored', async () => {
    const [old, open, ours] = [opened(T0), opened(T0 + 2 * MINUTE), opened(T0 + 3 * MINUTE)];
    await nameSpool(catalogue, { id: 'there', name: 'before' });
    await nameSpool(catalogue, { id: 'there', name: 'there:/spool' });
    await insertOpened(catalogue, [old, open], 'there');
    await insertOpened(catalogue, [ours], 'here');
    await markSpooled(catalogue, [finished(old, T0 + MINUTE), finished(ours, T0 + 4 * MINUTE)]);
    const waiting = await recordingsIn(catalogue, 'spooled', 10, { spoolId: 'here' });
    expect(waiting.map(({ id }) => id)).toEqual([ours.recordingId]);
    expect(await spooledUse(catalogue, 0, 'here')).toMatchObject({ recordings: 1 });
    expect(await otherSpools(catalogue, 'here')).toEqual([
      {
        spoolId: 'there',
        name: 'there:/spool',
        recordings: 2,
        byteLength: 6_000,
        oldestStartMs: T0,
      },
    ]);
    const told = async () => {
      const range = { fromMs: T0, toMs: T0 + 2 * MINUTE + 100 };
      const { spans, elsewhere } = await timeline(
        catalogue,
        new OpenRecordings(),
        CAMERA,
        range,
        'here',
      );
      return [spans, elsewhere].map((of) => of.map((span) => relative(span.startMs)));
    };
    expect(await told()).toEqual([[0], [0, 2 * MINUTE]]);
    await markStored(catalogue, [{ id: old.recordingId, startMs: T0, versionId: null }]);
    expect(await told()).toEqual([[0], [2 * MINUTE]]);
    await takeIntoSpool(catalogue, 'here', { id: open.recordingId, startMs: open.startMs });
    expect(await otherSpools(catalogue, 'here')).toEqual([]);
  });

  test('what is held is not deleted; what is deleted stays known', async () => {
    const held = await keep(catalogue, T0);
    const old = await keep(catalogue, T0 + MINUTE);
    const young = await keep(catalogue, T0 + 10 * MINUTE);
    const hold = {
      id: newId(),
      cameraId: CAMERA,
      fromMs: T0 + 10_000,
      toMs: T0 + 20_000,
      reason: 'คดี 1/2569',
      placed: { by: 'officer', name: 'สมชาย', ms: T0 },
    };
    expect(await placeHolds(catalogue, [hold])).toEqual([
      { recordings: 1, byteLength: 6_000, guarded: 0 },
    ]);
    expect(await markGarbage(catalogue, CAMERA, T0 + 5 * MINUTE)).toBe(1);
    const [gone] = await garbage(catalogue, 10);
    expect(gone?.id).toBe(old);
    if (gone === undefined) throw new Error('nothing marked');
    const deletion = { policy: 'retention 1 day', deletedMs: T0 + 9 * MINUTE };
    await noteDeletion(catalogue, gone, deletion);
    await noteDeletion(catalogue, gone, deletion);
    const left = await recordingsBetween(catalogue, CAMERA, T0, T0 + 20 * MINUTE);
    expect(left.map(({ id }) => id)).toEqual([held, young]);
    const noted = await catalogue.selectFrom('deletions').selectAll().execute();
    expect(noted).toMatchObject([{ recording_id: old, sha256: SHA, policy: 'retention 1 day' }]);
    const release = { by: 'another', name: 'สมหญิง', ms: T0, reason: 'คดีถึงที่สุด' };
    expect((await releaseHold(catalogue, hold.id, release)).released).toEqual(release);
    expect(await holdsBetween(catalogue, CAMERA, T0, T0 + MINUTE)).toEqual([]);
    expect(await markGarbage(catalogue, CAMERA, T0 + 5 * MINUTE)).toBe(1);
  });

  test('a sweep deletes what is past its days, and a shorter inventory deletes nothing', async () => {
    const day = 86_400_000;
    const old = await keep(catalogue, T0);
    const young = await keep(catalogue, T0 + 5 * day);
    const removed: string[] = [];
    const store: Pick<ObjectStore, 'delete' | 'stat'> = {
      stat,
      delete: async ({ key }) => void removed.push(key),
    };
    const sweepWith = (retentionDays: number, atMs: number) =>
      sweep({ catalogue, store, now: () => atMs, log: () => {} }, [
        { cameraId: CAMERA, retentionDays },
      ]);
    expect(await sweepWith(30, T0 + 6 * day)).toBe(0);
    expect(await sweepWith(1, T0 + 20 * day)).toBe(0);
    expect(await sweepWith(1, T0 + 30 * day + MINUTE)).toBe(1);
    expect(removed).toEqual([`${CAMERA}/${new Date(T0).toISOString().slice(0, 10)}/${old}.mp4`]);
    const left = await recordingsBetween(catalogue, CAMERA, T0, T0 + 9 * day);
    expect(left.map(({ id }) => id)).toEqual([young]);
    const noted = await catalogue.selectFrom('deletions').select('policy').execute();
    expect(noted).toEqual([{ policy: 'retention 30 days' }]);
  });

  test('the timeline tells what was deleted, when and by which rule, and not of what is a gap for another cause', async () => {
    const shortened = 'retention 5 days, shortened by 019e';
    await catalogue
      .insertInto('deletions')
      .values([
        deletion(0, 'retention 30 days', 1_000),
        deletion(1, 'retention 30 days', 3_000),
        deletion(2, shortened, 2_000),
        // Given up, and lost: gaps of the storage tell of them.
        deletion(4, 'spool-full', 2_000),
        deletion(5, 'object-missing', 2_000),
        // What was entered again is there.
        deletion(7, 'retention 30 days', 1_000),
      ])
      .execute();
    const storage = { cameraId: CAMERA, cause: 'storage' as const };
    for (const [minute, detail] of [
      [4, 'spool-full'],
      [5, 'object-missing'],
    ] as const) {
      const startMs = T0 + minute * MINUTE;
      await insertGap(catalogue, newId(), {
        ...storage,
        startMs,
        endMs: startMs + MINUTE,
        detail,
      });
    }
    await keep(catalogue, T0 + 7 * MINUTE);
    const shown = await timeline(catalogue, new OpenRecordings(), CAMERA, {
      fromMs: T0 + 30_000,
      toMs: T0 + 8 * MINUTE,
    });
    expect(
      shown.deleted.map((d) => [
        relative(d.startMs),
        relative(d.endMs),
        retentionIn(d.policy),
        d.firstDeletedMs,
        d.lastDeletedMs,
      ]),
    ).toEqual([
      [30_000, 120_000, { days: 30, shorteningId: null }, 1_000, 3_000],
      [120_000, 180_000, { days: 5, shorteningId: '019e' }, 2_000, 2_000],
    ]);
    expect(shown.gaps.map((g) => [relative(g.startMs), relative(g.endMs), g.cause])).toEqual([
      [180_000, 240_000, 'unknown'],
      [240_000, 300_000, 'storage'],
      [300_000, 360_000, 'storage'],
      [360_000, 420_000, 'unknown'],
    ]);
    expect(retentionIn('unknown')).toBeUndefined();
  });

  test('what a sweep has begun to delete is told as deleted, by the rule that counts, and not as a gap that nobody can explain', async () => {
    await catalogue
      .insertInto('deletions')
      .values(deletion(0, 'retention 30 days', 1_000))
      .execute();
    for (const minute of [1, 2, 3]) await keep(catalogue, T0 + minute * MINUTE);
    await lengthenRetention(catalogue, CAMERA, 30);
    // The store does not answer: two are marked, and their objects are still there.
    expect(await markGarbage(catalogue, CAMERA, T0 + 3 * MINUTE)).toBe(2);
    const shown = await timeline(catalogue, new OpenRecordings(), CAMERA, {
      fromMs: T0,
      toMs: T0 + 4 * MINUTE,
    });
    expect(shown.gaps).toEqual([]);
    expect(shown.spans).toEqual([{ startMs: T0 + 3 * MINUTE, endMs: T0 + 4 * MINUTE }]);
    expect(
      shown.deleted.map((d) => [relative(d.startMs), relative(d.endMs), d.policy, d.lastDeletedMs]),
    ).toEqual([
      [0, 60_000, 'retention 30 days', 1_000],
      [60_000, 180_000, 'retention 30 days', null],
    ]);
  });

  test(
    'a hold and a deletion of the same span never both win',
    { timeout: HOLD_AND_SWEEP_MS },
    async () => {
      const outcome = await holdAgainstSweep(catalogue, { pairs: 300, seed: 20_261_125 });
      expect(outcome).toEqual({
        bothWon: 0,
        neitherWon: 0,
        held: expect.any(Number),
        deleted: expect.any(Number),
      });
      expect(outcome.held + outcome.deleted).toBe(300);
    },
  );
}, openCatalogue);
