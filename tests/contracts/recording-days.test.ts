/** Recordings by day (registry/database/day-partitions.ts, storage/catalogue): what holds on both databases, and of partitions. */
import { Client } from 'pg';
import { beforeEach, describe, expect, test } from 'vitest';
import { DatabaseUnavailable, type DatabaseSchema } from '#registry/database/database.ts';
import { uuidV7Source } from '#registry/uuid-v7.ts';
import {
  dayNumber,
  dayOfNumber,
  miscountedDays,
  recountDay,
} from '#storage/catalogue/camera-days.ts';
import { garbage, markGarbage, noteDeletion } from '#storage/catalogue/deletion.ts';
import { insertGap } from '#storage/catalogue/gaps.ts';
import { placeHolds } from '#storage/catalogue/holds.ts';
import * as recordingsMigration from '#storage/catalogue/migrations/0001-recordings.ts';
import * as proofs from '#storage/catalogue/migrations/0003-proofs.ts';
import * as keeping from '#storage/catalogue/migrations/0004-keeping.ts';
import * as covering from '#storage/catalogue/migrations/0005-covering.ts';
import { openCatalogue } from '#storage/catalogue/open-catalogue.ts';
import { tendRecordingDays } from '#storage/catalogue/recording-days.ts';
import {
  fragmentIndexes,
  insertOpened,
  markSpooled,
  markStored,
  recordingById,
  recordingsBetween,
} from '#storage/catalogue/recordings.ts';
import { dropSpooled } from '#storage/catalogue/spooled.ts';
import { useByCamera } from '#storage/catalogue/storage-use.ts';
import type { Catalogue } from '#storage/catalogue/tables.ts';
import { OpenRecordings } from '#storage/open-recordings.ts';
import { sweep } from '#storage/retention.ts';
import { MAX_OF_A_KIND, timeline } from '#storage/timeline.ts';
import { seededRandom } from '../simulator/seeded-random.ts';
import { onEachDatabase, type DatabaseRig } from './each-database.ts';
import { CAMERA, finished, keep, MINUTE, newId, opened, SHA, stat } from './recorded-minutes.ts';

const DAY = 86_400_000;
/** More than a hundred days are made, two tables each. */
const MANY_DAYS_MS = 90_000;
const OTHER = '019e0000-0000-7000-8000-000000000002';
/** Of a UTC day. */
const MIDNIGHT = Date.UTC(2026, 10, 26);

onEachDatabase((rig) => {
  test('a catalogue of before is kept by day from then on, and loses nothing', async () => {
    const before = rig.open();
    const old = await before.open<Record<string, Record<string, unknown>>>(catalogueOfBefore);
    const nowMs = Date.now();
    // One of today, old ones, one that is open, and one of a clock that was wrong.
    const starts = [nowMs, nowMs - 20 * DAY, nowMs - 20 * DAY + MINUTE, nowMs + 900 * DAY];
    for (const [i, startMs] of starts.entries()) {
      await old.insertInto('recordings').values(rowOfBefore(i, startMs)).execute();
      if (i === 0) continue;
      await old
        .insertInto('recording_fragments')
        .values({ recording_id: idOf(i), fragment_index: Buffer.from([i]) })
        .execute();
    }
    await old
      .insertInto('deletions')
      .values({
        recording_id: idOf(9),
        camera_id: CAMERA,
        run_id: 'run1',
        start_ms: nowMs - 20 * DAY,
        end_ms: nowMs - 20 * DAY + 1,
        byte_length: 5,
        sha256: SHA,
        policy: 'p',
        deleted_ms: nowMs,
      })
      .execute();
    await before.close();

    const catalogue = await openCatalogue(rig.open());
    const found = await recordingsBetween(catalogue, CAMERA, 0, nowMs + 999 * DAY);
    expect(found.map(({ startMs }) => startMs)).toEqual(starts.toSorted((a, b) => a - b));
    const indexes = await fragmentIndexes(catalogue, found);
    expect([...indexes].map(([id, bytes]) => `${id} ${bytes[0]}`).toSorted()).toEqual(
      [1, 2, 3].map((i) => `${idOf(i)} ${i}`),
    );
    const days = await catalogue.selectFrom('camera_days').selectAll().orderBy('day').execute();
    expect(
      days.map(({ made, recordings, byte_length }) => [made, recordings, byte_length]),
    ).toEqual([
      [3, 2, 2_000],
      [1, 1, 1_000],
    ]);
    // It goes on: the open one becomes whole, an old one is deleted, and the days to come are made.
    const open = { id: idOf(0), startMs: nowMs };
    await markSpooled(catalogue, [
      { ...finished(opened(nowMs), nowMs + MINUTE), recordingId: open.id },
    ]);
    expect((await fragmentIndexes(catalogue, [open])).size).toBe(1);
    const { made } = await tendRecordingDays(catalogue, nowMs);
    const row = await recordingById(catalogue, idOf(1));
    if (row === undefined) throw new Error('a row of before is gone');
    await noteDeletion(catalogue, row, { policy: 'p', deletedMs: nowMs });
    expect(await recordingById(catalogue, idOf(1))).toBeUndefined();
    expect((await fragmentIndexes(catalogue, [row])).size).toBe(0);
    if (rig.kind === 'sqlite') return;
    // What was there reaches to the day after tomorrow.
    expect(made).toHaveLength(6);
    const until = (await partitionNames(rig)).find((name) => name.includes('until')) ?? '';
    expect(await sizeOf(rig, until)).toBe(2);
    expect(await sizeOf(rig, 'recordings_rest')).toBe(1);
    // It drains as its days pass, and goes with the last of it.
    await catalogue.deleteFrom('recordings').where('start_ms', '<=', nowMs).execute();
    const { removed } = await tendRecordingDays(catalogue, nowMs + 3 * DAY);
    expect(removed).toContain(until);
  });

  describe('kept by day', () => byDay(rig));
});

function byDay(rig: DatabaseRig): void {
  let catalogue: Catalogue;
  beforeEach(async () => {
    catalogue = await openCatalogue(rig.open());
  });

  test('a recording across midnight is found from both of its days, and once from both together', async () => {
    await tendRecordingDays(catalogue, MIDNIGHT);
    const id = await keep(catalogue, MIDNIGHT - MINUTE / 2);
    const found = async (fromMs: number, toMs: number): Promise<string[]> =>
      (await recordingsBetween(catalogue, CAMERA, fromMs, toMs)).map((recording) => recording.id);
    expect(await found(MIDNIGHT - DAY, MIDNIGHT)).toEqual([id]);
    expect(await found(MIDNIGHT, MIDNIGHT + DAY)).toEqual([id]);
    expect(await found(MIDNIGHT - DAY, MIDNIGHT + DAY)).toEqual([id]);
    const range = { fromMs: MIDNIGHT, toMs: MIDNIGHT + DAY };
    const { spans } = await timeline(catalogue, new OpenRecordings(), CAMERA, range);
    expect(spans).toEqual([{ startMs: MIDNIGHT, endMs: MIDNIGHT + MINUTE / 2 }]);
  });

  test('what a day holds is what a count of its recordings is, whatever became of them', async () => {
    await tendRecordingDays(catalogue, MIDNIGHT);
    const random = seededRandom(20_261_126);
    for (let i = 0; i < 60; i++) {
      const cameraId = random() < 0.5 ? CAMERA : OTHER;
      const recording = opened(MIDNIGHT + Math.floor((random() - 0.5) * 4 * DAY), cameraId);
      const { recordingId: id, startMs } = recording;
      const steps = Math.floor(random() * 6);
      await insertOpened(catalogue, [recording]);
      if (steps === 0) continue;
      const whole = { ...finished(recording, startMs + MINUTE), byteLength: 1_000 + i };
      await markSpooled(catalogue, [whole]);
      await markSpooled(catalogue, [whole]);
      if (steps === 1) {
        const drop = { gapId: newId(), reason: 'spool-full', deletedMs: MIDNIGHT };
        expect(await dropSpooled(catalogue, { id, startMs, cameraId }, drop)).toBe(true);
      }
      if (steps < 3) continue;
      await markStored(catalogue, [{ id, startMs, versionId: null }]);
      if (steps === 3) continue;
      const row = await recordingById(catalogue, id);
      if (row === undefined) throw new Error('a row that was just stored is gone');
      await noteDeletion(catalogue, row, { policy: 'p', deletedMs: MIDNIGHT });
      await noteDeletion(catalogue, row, { policy: 'p', deletedMs: MIDNIGHT });
    }
    const told = await catalogue.selectFrom('camera_days').selectAll().execute();
    const counted = new Map<string, { made: number; recordings: number; byte_length: number }>();
    const count = (row: { camera_id: string; start_ms: number }) => {
      const key = `${row.camera_id} ${dayNumber(row.start_ms)}`;
      const sum = counted.get(key) ?? { made: 0, recordings: 0, byte_length: 0 };
      counted.set(key, sum);
      sum.made++;
      return sum;
    };
    for (const row of await catalogue.selectFrom('recordings').selectAll().execute()) {
      if (row.state === 'open') continue;
      const sum = count(row);
      sum.recordings++;
      sum.byte_length += row.byte_length;
    }
    for (const row of await catalogue.selectFrom('deletions').selectAll().execute()) count(row);
    expect(told.length).toBeGreaterThan(6);
    expect(
      new Map(told.map(({ camera_id, day, ...sums }) => [`${camera_id} ${day}`, sums])),
    ).toEqual(counted);
    // What compares them says so, and finds and mends what is not.
    for (const id of [CAMERA, OTHER]) expect(await miscountedDays(catalogue, id)).toEqual([]);
    const [first] = told.filter(({ camera_id }) => camera_id === CAMERA);
    if (first === undefined) throw new Error('no day');
    await catalogue
      .updateTable('camera_days')
      .set({ made: 7_000, recordings: 8_000, byte_length: 9 })
      .where('camera_id', '=', CAMERA)
      .where('day', '=', first.day)
      .execute();
    const day = dayOfNumber(first.day);
    expect(await miscountedDays(catalogue, CAMERA)).toEqual([day]);
    await recountDay(catalogue, CAMERA, day);
    const after = await catalogue.selectFrom('camera_days').selectAll().execute();
    expect(after).toEqual(expect.arrayContaining(told));
  });

  test('use says what each camera has, since when, and how much a day', async () => {
    await tendRecordingDays(catalogue, MIDNIGHT);
    // Midnight in Thailand is 17:00 UTC.
    const noonMs = MIDNIGHT + 5 * 3_600_000;
    for (const ms of [noonMs - 3 * DAY, noonMs - DAY, noonMs - DAY + MINUTE, noonMs]) {
      await keep(catalogue, ms);
    }
    await keep(catalogue, noonMs - 9 * DAY, OTHER);
    await insertOpened(catalogue, [opened(noonMs - 10 * DAY, OTHER)]);
    expect(await useByCamera(catalogue, noonMs)).toEqual([
      {
        cameraId: CAMERA,
        recordings: 4,
        byteLength: 24_000,
        dayBytes: 12_000,
        oldestStartMs: noonMs - 3 * DAY,
      },
      {
        cameraId: OTHER,
        recordings: 1,
        byteLength: 6_000,
        dayBytes: 0,
        oldestStartMs: noonMs - 9 * DAY,
      },
    ]);
  });

  test('the timeline of a camera that is up and down all the time comes in pieces that leave nothing out', async () => {
    const flaps = MAX_OF_A_KIND + 500;
    const stepMs = 30_000;
    // A stretch of footage, and two causes, in each step.
    await seedFlaps(catalogue, flaps, stepMs);
    const toMs = MIDNIGHT + flaps * stepMs;
    const spans: { startMs: number; endMs: number }[] = [];
    const gaps: { startMs: number; endMs: number; cause: string }[] = [];
    const pieces: number[] = [];
    for (let fromMs: number | null = MIDNIGHT; fromMs !== null;) {
      const piece = await timeline(catalogue, new OpenRecordings(), CAMERA, { fromMs, toMs });
      expect(piece.toMs).toBe(piece.nextMs ?? toMs);
      pieces.push(piece.spans.length + piece.gaps.length);
      spans.push(...piece.spans);
      gaps.push(...piece.gaps);
      fromMs = piece.nextMs;
    }
    expect(pieces).toHaveLength(3);
    expect(Math.max(...pieces)).toBeLessThanOrEqual(4 * MAX_OF_A_KIND);
    expect(spans).toHaveLength(flaps);
    expect(gaps).toHaveLength(2 * flaps);
    expect(spans.at(-1)).toEqual({
      startMs: toMs - stepMs,
      endMs: toMs - stepMs + 10_000,
    });
    // Every ms, once.
    let at = MIDNIGHT;
    for (const { startMs, endMs } of [...spans, ...gaps].toSorted(
      (a, b) => a.startMs - b.startMs,
    )) {
      expect(startMs).toBe(at);
      at = endMs;
    }
    expect(at).toBe(toMs);
  });

  test('a recording whose clock was far off is kept and found', async () => {
    await tendRecordingDays(catalogue, MIDNIGHT);
    const years = [Date.UTC(1970, 0, 2), Date.UTC(2099, 5, 1)];
    for (const ms of years) await keep(catalogue, ms);
    for (const ms of years) {
      expect(await recordingsBetween(catalogue, CAMERA, ms, ms + 1)).toHaveLength(1);
    }
  });

  // SQLite keeps one table.
  if (rig.kind === 'sqlite') return;

  test('days are made ahead, once, and after weeks too', async () => {
    const { made } = await tendRecordingDays(catalogue, MIDNIGHT);
    expect(made).toEqual(
      [26, 27, 28, 29, 30]
        .map((day) => `recordings_202611${day}`)
        .concat([1, 2, 3].map((day) => `recordings_2026120${day}`)),
    );
    expect(await tendRecordingDays(catalogue, MIDNIGHT + 1)).toEqual({ made: [], removed: [] });
    // It slept; what came meanwhile (another gateway's, say) lies in the rest, few of it, and is found.
    const lateMs = MIDNIGHT + 30 * DAY;
    const ids = [await keep(catalogue, lateMs), await keep(catalogue, lateMs - 5 * DAY)];
    expect(await sizeOf(rig, 'recordings_rest')).toBe(2);
    const after = await tendRecordingDays(catalogue, lateMs);
    expect(after.made).toHaveLength(8);
    expect(after.removed).toEqual(made);
    expect(await sizeOf(rig, 'recordings_20261226')).toBe(1);
    expect(await sizeOf(rig, 'recording_fragments_20261226')).toBe(1);
    const found = await recordingsBetween(catalogue, CAMERA, MIDNIGHT, lateMs + 1);
    expect(found.map(({ id }) => id)).toEqual(ids.toReversed());
    expect((await fragmentIndexes(catalogue, found)).size).toBe(2);
  });

  test('a day goes when its last recording is deleted, and not while one is held', async () => {
    await tendRecordingDays(catalogue, MIDNIGHT);
    const [startMs, nowMs] = [MIDNIGHT + MINUTE, MIDNIGHT + 40 * DAY];
    const ids = [await keep(catalogue, startMs), await keep(catalogue, startMs + MINUTE)];
    const hold = {
      id: newId(),
      cameraId: CAMERA,
      fromMs: startMs,
      toMs: startMs + 1,
      reason: 'r',
    };
    await placeHolds(catalogue, [{ ...hold, placed: { by: 'a', name: 'a', ms: nowMs } }]);
    const sweepNow = async (): Promise<number> =>
      sweep(
        { catalogue, store: { delete: async () => {}, stat }, now: () => nowMs, log: () => {} },
        [{ cameraId: CAMERA, retentionDays: 30 }],
      );
    expect(await sweepNow()).toBe(1);
    const gone = 'recordings_20261126';
    expect((await tendRecordingDays(catalogue, nowMs)).removed).not.toContain(gone);
    expect((await recordingById(catalogue, ids[0] ?? ''))?.state).toBe('stored');
    // A deletion that is begun keeps it too.
    await catalogue.deleteFrom('holds').execute();
    expect(await markGarbage(catalogue, CAMERA, startMs + DAY)).toBe(1);
    expect((await tendRecordingDays(catalogue, nowMs)).removed).toEqual([]);
    const [last] = await garbage(catalogue, 1);
    if (last === undefined) throw new Error('nothing is garbage');
    await noteDeletion(catalogue, last, { policy: 'p', deletedMs: nowMs });
    expect((await tendRecordingDays(catalogue, nowMs)).removed).toEqual([gone]);
    await keep(catalogue, startMs);
    expect(await recordingsBetween(catalogue, CAMERA, startMs, startMs + 1)).toHaveLength(1);
  });

  test(
    'what a hold leaves of very many old days goes into the rest',
    { timeout: MANY_DAYS_MS },
    async () => {
      const days = 128;
      const removed: string[] = [];
      const tend = async (day: number): Promise<void> => {
        removed.push(...(await tendRecordingDays(catalogue, MIDNIGHT + day * DAY)).removed);
      };
      for (let day = 0; day < days; day += 8) {
        await tend(day);
        const eight = Array.from({ length: 8 }, (_, i) => opened(MIDNIGHT + (day + i) * DAY));
        await insertOpened(catalogue, eight);
      }
      for (let i = 0; i < 3; i++) await tend(days);
      const partitions = await partitionNames(rig);
      expect(removed.length).toBeGreaterThan(0);
      expect(partitions.length).toBeLessThanOrEqual(121);
      expect(removed[0]).toBe('recordings_20261126');
      const found = await recordingsBetween(catalogue, CAMERA, MIDNIGHT, MIDNIGHT + days * DAY);
      expect(found).toHaveLength(days);
    },
  );

  test('a question about a day or a recording waits for no other day', async () => {
    await tendRecordingDays(catalogue, MIDNIGHT);
    const startMs = MIDNIGHT + 2 * DAY + 12 * 3_600_000;
    const recording = { ...opened(startMs), recordingId: uuidV7Source(() => startMs)() };
    const name = { id: recording.recordingId, startMs, cameraId: CAMERA };
    const client = new Client({ connectionString: rig.url() });
    await client.connect();
    try {
      const near = [27, 28, 29].map((day) => `recordings_202611${day}`);
      const others = (await partitionNames(rig)).filter((other) => !near.includes(other));
      expect(others).toContain('recordings_rest');
      await client.query('set search_path to catalogue; begin');
      for (const other of others) {
        await client.query(
          `lock table ${other}, ${other.replace('recordings', 'recording_fragments')}`,
        );
      }
      // Each of these would wait for the test's end, had it to look into one of the others.
      await insertOpened(catalogue, [recording]);
      await markSpooled(catalogue, [finished(recording, startMs + MINUTE)]);
      await markStored(catalogue, [{ ...name, versionId: null }]);
      expect((await fragmentIndexes(catalogue, [name])).size).toBe(1);
      const range = { fromMs: MIDNIGHT + 2 * DAY, toMs: MIDNIGHT + 3 * DAY };
      expect((await timeline(catalogue, new OpenRecordings(), CAMERA, range)).spans).toHaveLength(
        1,
      );
      const row = await recordingById(catalogue, name.id);
      expect(row?.state).toBe('stored');
      if (row !== undefined) await noteDeletion(catalogue, row, { policy: 'p', deletedMs: 0 });
    } finally {
      await client.end();
    }
  });

  test('several gateways tend at once while others write, and no recording is refused or lost', async () => {
    const beside = await openCatalogue(rig.openBeside());
    const [first, days] = [8, 6];
    // Of days that are made meanwhile: rows have to be moved while they change.
    const ids: string[] = [];
    const writing = Promise.all(
      Array.from({ length: 4 }, async (_, writer) => {
        for (let i = 0; i < days; i++) {
          const startMs = MIDNIGHT + (first + i) * DAY + writer * MINUTE;
          ids.push(await keep(writer % 2 === 0 ? catalogue : beside, startMs));
        }
      }),
    );
    const made: string[] = [];
    for (let i = 0; i < days + 1; i++) {
      const nowMs = MIDNIGHT + i * DAY;
      const tended = await Promise.all([
        tendUntilDone(catalogue, nowMs),
        tendUntilDone(beside, nowMs),
      ]);
      made.push(...tended.flat());
    }
    await writing;
    expect(new Set(made).size).toBe(made.length);
    expect(made).toHaveLength(first + days);
    const found = await recordingsBetween(catalogue, CAMERA, MIDNIGHT, MIDNIGHT + 99 * DAY);
    expect(found.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
    expect(found.every(({ state, sha256 }) => state === 'stored' && sha256 === SHA)).toBe(true);
    expect((await fragmentIndexes(catalogue, found)).size).toBe(ids.length);
    expect(await sizeOf(rig, 'recordings_rest')).toBe(0);
  });
}

const catalogueOfBefore: DatabaseSchema = {
  name: 'catalogue',
  migrations: {
    '0001-recordings': recordingsMigration,
    '0003-proofs': proofs,
    '0004-keeping': keeping,
    '0005-covering': covering,
  },
};

function idOf(i: number): string {
  return `019e0000-0000-7000-a000-${String(i).padStart(12, '0')}`;
}

function rowOfBefore(i: number, startMs: number): Record<string, unknown> {
  return {
    id: idOf(i),
    camera_id: CAMERA,
    run_id: 'run1',
    start_ms: startMs,
    end_ms: startMs + MINUTE,
    state: i === 0 ? 'open' : 'stored',
    object_key: `k${i}`,
    byte_length: 1_000,
    init_bytes: 700,
    codec: 'avc1.4D4015',
    width: 320,
    height: 240,
    sha256: i === 0 ? null : SHA,
  };
}

/** Recordings of ten seconds every `stepMs`, and between them two gaps. */
async function seedFlaps(catalogue: Catalogue, flaps: number, stepMs: number): Promise<void> {
  await catalogue.transaction().execute(async (transaction) => {
    for (let i = 0; i < flaps; i += 250) {
      const steps = Array.from({ length: Math.min(250, flaps - i) }, (_, j) => i + j);
      await insertOpened(
        transaction,
        steps.map((step) => opened(MIDNIGHT + step * stepMs)),
      );
    }
    await transaction
      .updateTable('recordings')
      .set((row) => ({ state: 'stored', sha256: SHA, end_ms: row('start_ms', '+', 10_000) }))
      .execute();
    for (let step = 0; step < flaps; step++) {
      const startMs = MIDNIGHT + step * stepMs + 10_000;
      const midMs = startMs + 5_000;
      const gap = { cameraId: CAMERA, detail: null };
      await insertGap(transaction, newId(), { ...gap, startMs, endMs: midMs, cause: 'camera' });
      await insertGap(transaction, newId(), {
        ...gap,
        startMs: midMs,
        endMs: MIDNIGHT + (step + 1) * stepMs,
        cause: 'network',
      });
    }
  });
}

/** The tables may be in use for longer than it waits for them. */
async function tendUntilDone(catalogue: Catalogue, nowMs: number): Promise<string[]> {
  for (;;) {
    try {
      return (await tendRecordingDays(catalogue, nowMs)).made;
    } catch (error) {
      if (!(error instanceof DatabaseUnavailable)) throw error;
    }
  }
}

async function asked<Row extends object>(rig: DatabaseRig, statement: string): Promise<Row[]> {
  const client = new Client({ connectionString: rig.url() });
  await client.connect();
  try {
    await client.query('set search_path to catalogue');
    return (await client.query<Row>(statement)).rows;
  } finally {
    await client.end();
  }
}

async function sizeOf(rig: DatabaseRig, partition: string): Promise<number> {
  const [row] = await asked<{ n: string }>(rig, `select count(*) as n from ${partition}`);
  return Number(row?.n);
}

async function partitionNames(rig: DatabaseRig): Promise<string[]> {
  const rows = await asked<{ name: string }>(
    rig,
    `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'recordings'::regclass order by 1`,
  );
  return rows.map(({ name }) => name);
}
