/** A store that is away: what waits, what is given up at the spool's bounds, and what never is. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DatabaseUnavailable, type Databases } from '#registry/database/database.ts';
import { openDatabases } from '#registry/database/open-databases.ts';
import { spoolPath } from '#storage/catalogue/object-key.ts';
import { openCatalogue } from '#storage/catalogue/open-catalogue.ts';
import { insertOpened, markSpooled, recordingsIn } from '#storage/catalogue/recordings.ts';
import type { Catalogue } from '#storage/catalogue/tables.ts';
import { openFolderStore } from '#storage/objects/folder.ts';
import { ObjectStoreUnavailable, type ObjectStore } from '#storage/objects/object-store.ts';
import { OpenRecordings } from '#storage/open-recordings.ts';
import { rotationMs } from '#storage/rotation.ts';
import { encodeFragments } from '#storage/spool/fragment-index.ts';
import { recoverSpool } from '#storage/spool/recover-spool.ts';
import { keepSpoolWithin } from '#storage/spool/spool-bound.ts';
import { timeline } from '#storage/timeline.ts';
import { Uploader } from '#storage/uploader.ts';
import { uuidV7Source } from '#registry/uuid-v7.ts';
import { opened } from '../contracts/recorded-minutes.ts';

const MINUTE = 60_000;
const T0 = 1_790_000_000_000;
const BYTES = 1_000;
const UNBOUNDED = { maxBytes: Number.POSITIVE_INFINITY, maxAgeMs: Number.POSITIVE_INFINITY };

let folder: string;
let spool: string;
let databases: Databases;
let catalogue: Catalogue;
const newId = uuidV7Source(() => T0);
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bound-'));
  spool = join(folder, 'spool');
  databases = openDatabases({ dataDir: join(folder, 'data') });
  catalogue = await openCatalogue(databases);
});
afterEach(async () => {
  await databases.close();
  rmSync(folder, { recursive: true, force: true });
});

const camera = (i: number): string => `019e0000-0000-7000-8000-${String(i).padStart(12, '0')}`;

/** Whole recordings of a minute that wait, as a recorder leaves them; returns their ids. */
async function wait(minutes: readonly { cameraId: string; startMs: number }[]): Promise<string[]> {
  const made = minutes.map(({ cameraId, startMs }) => ({
    ...opened(startMs, cameraId),
    recordingId: newId(),
  }));
  for (const recording of made) {
    const path = join(spool, spoolPath(recording));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, Buffer.alloc(BYTES));
  }
  await insertOpened(catalogue, made);
  await markSpooled(
    catalogue,
    made.map(({ recordingId, cameraId, startMs }) => ({
      recordingId,
      cameraId,
      startMs,
      endMs: startMs + MINUTE,
      byteLength: BYTES,
      sha256: 'ab'.repeat(32),
      fragmentIndex: encodeFragments([]),
      fragments: 0,
      endReason: 'rotated',
    })),
  );
  return made.map(({ recordingId }) => recordingId);
}

const minutesOf = (cameraId: string, count: number): { cameraId: string; startMs: number }[] =>
  Array.from({ length: count }, (_, i) => ({ cameraId, startMs: T0 + i * MINUTE }));

async function holdRange(cameraId: string, fromMs: number, toMs: number): Promise<void> {
  await catalogue
    .insertInto('holds')
    .values({
      id: newId(),
      camera_id: cameraId,
      from_ms: fromMs,
      to_ms: toMs,
      reason: 'คดี 1/2569',
      placed_by: 'officer',
      placed_ms: T0,
      released_by: null,
      released_ms: null,
    })
    .execute();
}

const within = (bounds: { maxBytes: number; maxAgeMs: number }, nowMs: number, diskFull = false) =>
  keepSpoolWithin({
    catalogue,
    spoolFolder: spool,
    bounds,
    sinceMs: 0,
    diskFull,
    now: () => nowMs,
    newId,
  });

async function away(): Promise<never> {
  throw new ObjectStoreUnavailable('away');
}

const waiting = async (): Promise<string[]> =>
  (await recordingsIn(catalogue, 'spooled', 1_000)).map(({ id }) => id);

describe('at the bounds of the spool', () => {
  it('the oldest that nobody holds go first, each a gap of the storage', async () => {
    const ids = await wait(minutesOf(camera(1), 6));
    await holdRange(camera(1), T0 + MINUTE + 1_000, T0 + MINUTE + 2_000);
    const { use, dropped } = await within(
      { maxBytes: 3 * BYTES, maxAgeMs: Number.POSITIVE_INFINITY },
      T0,
    );
    expect(dropped).toBe(3);
    expect(use).toEqual({ recordings: 3, byteLength: 3 * BYTES, oldestStartMs: T0 + MINUTE });
    expect(await waiting()).toEqual([ids[1], ids[4], ids[5]]);
    expect(readdirSync(join(spool, camera(1)))).toHaveLength(3);
    const range = { fromMs: T0, toMs: T0 + 6 * MINUTE };
    const { gaps } = await timeline(catalogue, new OpenRecordings(), camera(1), range);
    expect(gaps.map((gap) => [(gap.startMs - T0) / MINUTE, gap.cause, gap.detail])).toEqual([
      [0, 'storage', 'spool-full'],
      [2, 'storage', 'spool-full'],
      [3, 'storage', 'spool-full'],
    ]);
    const noted = await catalogue.selectFrom('deletions').selectAll().execute();
    expect(noted).toHaveLength(3);
    expect(noted[0]).toMatchObject({ policy: 'spool-full', run_id: 'run1' });
  });

  it('what is older than may be goes, however little it is', async () => {
    const ids = await wait(minutesOf(camera(1), 4));
    const bounds = { maxBytes: Number.POSITIVE_INFINITY, maxAgeMs: 10 * MINUTE };
    await within(bounds, T0 + 12 * MINUTE);
    expect(await waiting()).toEqual(ids.slice(2));
  });

  describe('what became too old while the gateway was off, by days without power or a clock that was set', () => {
    const HOUR = 60 * MINUTE;
    const MAX_AGE = 72 * HOUR;

    /** An uploader on clocks of its own, whose store answers what it is told; each rest is a round. */
    function uploaderOf(put: ObjectStore['put'], of: Catalogue = catalogue) {
      const clock = { wallMs: T0 + 100 * HOUR, monotonicMs: 5_000 };
      const rounds: (() => void)[] = [];
      const uploader = new Uploader({
        catalogue: of,
        store: { ...openFolderStore(join(folder, 'objects')), put },
        spoolFolder: spool,
        newId,
        log: () => {},
        bounds: { maxBytes: Number.POSITIVE_INFINITY, maxAgeMs: MAX_AGE },
        now: () => clock.wallMs,
        monotonicNow: () => clock.monotonicMs,
        rest: async (_, woken) => {
          const { promise, resolve } = Promise.withResolvers<void>();
          rounds.push(resolve);
          await Promise.race([promise, woken]);
        },
      });
      uploader.start();
      /** Resolves when the round that is due is over. */
      const rested = async (): Promise<void> => {
        await vi.waitFor(() => expect(rounds).toHaveLength(1), { interval: 2 });
      };
      return {
        uploader,
        clock,
        rested,
        round: async (afterMs: number): Promise<void> => {
          await rested();
          clock.wallMs += afterMs;
          clock.monotonicMs += afterMs;
          rounds.splice(0).forEach((go) => go());
          await rested();
        },
      };
    }

    it('is put where the store takes it', async () => {
      await wait(minutesOf(camera(1), 4));
      const { uploader, rested } = uploaderOf(async (key) => ({ key, versionId: null }));
      await rested();
      expect(uploader.counters).toMatchObject({ stored: 4, dropped: 0 });
      await uploader.stop();
      expect(await waiting()).toEqual([]);
    });

    it('waits for a store that comes up after the gateway, and is put', async () => {
      await wait(minutesOf(camera(1), 4));
      let isAway = true;
      const { uploader, round } = uploaderOf(async (key) =>
        isAway ? away() : { key, versionId: null },
      );
      await round(1_000);
      await round(MAX_AGE - 2_000);
      expect(uploader.counters).toMatchObject({ stored: 0, dropped: 0 });
      isAway = false;
      await round(500);
      expect(uploader.counters).toMatchObject({ stored: 4, dropped: 0 });
      await uploader.stop();
    });

    it('goes once the store has taken nothing for as long as that', async () => {
      await wait(minutesOf(camera(1), 4));
      const { uploader, clock, round } = uploaderOf(away);
      await round(MAX_AGE - 1);
      const [young] = await wait([{ cameraId: camera(2), startMs: clock.wallMs - HOUR }]);
      expect(uploader.counters.dropped).toBe(0);
      await round(1);
      expect(uploader.counters.dropped).toBe(4);
      // A clock that is set a year forward makes nothing old.
      clock.wallMs += 365 * 24 * HOUR;
      await round(MINUTE);
      expect(uploader.counters.dropped).toBe(4);
      expect(await waiting()).toEqual([young]);
      await uploader.stop();
    });

    it('waits anew from when the store took something', async () => {
      await wait(minutesOf(camera(1), 9));
      let takes = 0;
      const { uploader, round } = uploaderOf(async (key) =>
        takes-- > 0 ? { key, versionId: null } : away(),
      );
      await round(MAX_AGE - 1);
      takes = 1;
      await round(0);
      await round(HOUR);
      expect(uploader.counters).toMatchObject({ stored: 1, dropped: 0 });
      await round(MAX_AGE);
      expect(uploader.counters).toMatchObject({ stored: 1, dropped: 8 });
      await uploader.stop();
    });

    it('does not go by how long the database was away', async () => {
      await wait(minutesOf(camera(1), 4));
      let cutOff = false;
      const cut = new Proxy(catalogue, {
        get(target, name) {
          if (cutOff) throw new DatabaseUnavailable('cut off');
          return Reflect.get(target, name) as unknown;
        },
      });
      const { uploader, round } = uploaderOf(away, cut);
      await round(1_000);
      cutOff = true;
      await round(MAX_AGE);
      cutOff = false;
      await round(1_000);
      expect(uploader.counters.dropped).toBe(0);
      await uploader.stop();
      expect(await waiting()).toHaveLength(4);
    });
  });

  it('nothing goes while all is held, and nothing of a spool within its bounds', async () => {
    const ids = await wait(minutesOf(camera(1), 3));
    await within({ maxBytes: 3 * BYTES, maxAgeMs: MINUTE * 10 }, T0 + 10 * MINUTE);
    await holdRange(camera(1), T0, T0 + 3 * MINUTE);
    await within({ maxBytes: 0, maxAgeMs: 0 }, T0 + 99 * MINUTE);
    expect(await waiting()).toEqual(ids);
  });

  it('a full disk is a bound too', async () => {
    const ids = await wait(minutesOf(camera(1), 10));
    await within(UNBOUNDED, T0, true);
    expect(await waiting()).toEqual(ids.slice(1));
  });

  it('who is cut off from the database drops nothing, for it could be held', async () => {
    await wait(minutesOf(camera(1), 3));
    const logged: string[] = [];
    let cutOff = true;
    const unreachable = new Proxy(catalogue, {
      get(target, name) {
        if (cutOff) throw new DatabaseUnavailable('cut off');
        return Reflect.get(target, name) as unknown;
      },
    });
    let rests = 0;
    const uploader = new Uploader({
      catalogue: unreachable,
      store: openFolderStore(join(folder, 'objects')),
      spoolFolder: spool,
      newId,
      log: (event) => logged.push(event),
      bounds: { maxBytes: 0, maxAgeMs: 0 },
      now: () => T0 + 99 * MINUTE,
      rest: async () => {
        rests++;
        await new Promise((resolve) => setImmediate(resolve));
      },
    });
    uploader.start();
    await vi.waitFor(() => expect(rests).toBeGreaterThan(5));
    await uploader.stop();
    expect(logged).toEqual(['recordings wait in the spool']);
    expect(readdirSync(join(spool, camera(1)))).toHaveLength(3);
    cutOff = false;
    expect(await waiting()).toHaveLength(3);
  });

  it('what is entered of an old day while others are put is found within a minute', async () => {
    const DAY = 24 * 60 * MINUTE;
    let nowMs = T0 + 10 * DAY;
    const put: string[] = [];
    const uploader = new Uploader({
      catalogue,
      store: {
        ...openFolderStore(join(folder, 'objects')),
        put: async (key) => {
          put.push(key.split('/')[1] ?? '');
          return { key, versionId: null };
        },
      },
      spoolFolder: spool,
      newId,
      log: () => {},
      bounds: UNBOUNDED,
      now: () => nowMs,
      rest: async (_, woken) => woken,
    });
    uploader.start();
    const putAfter = async (startMs: number): Promise<void> => {
      const before = put.length;
      await wait([{ cameraId: camera(1), startMs }]);
      uploader.poke();
      await vi.waitFor(() => expect(put.length).toBeGreaterThan(before));
    };
    await putAfter(nowMs - MINUTE);
    await wait([{ cameraId: camera(2), startMs: T0 }]);
    nowMs += 50_000;
    await putAfter(nowMs - MINUTE);
    const oldDay = new Date(T0).toISOString().slice(0, 10);
    expect(put).not.toContain(oldDay);
    nowMs += 10_000;
    uploader.poke();
    await vi.waitFor(() => expect(put).toContain(oldDay));
    await uploader.stop();
    expect(await waiting()).toEqual([]);
  });

  it('a crash between row and file brings nothing back', async () => {
    const [id = ''] = await wait(minutesOf(camera(1), 1));
    const path = join(spool, spoolPath({ cameraId: camera(1), recordingId: id }));
    await within({ maxBytes: 0, maxAgeMs: Number.POSITIVE_INFINITY }, T0);
    writeFileSync(path, Buffer.alloc(BYTES));
    await recoverSpool(catalogue, spool);
    expect(existsSync(path)).toBe(false);
    expect(await waiting()).toEqual([]);
  });
});

describe('a store that is away for ten minutes while a hundred cameras record', () => {
  it('loses nothing, and gets all in order', { timeout: 60_000 }, async () => {
    const CAMERAS = 100;
    const MINUTES = 11;
    const recordings = Array.from({ length: CAMERAS }, (_, i) => i).flatMap((i) => {
      // Each at its own place in the minute; ids of cameras end at random.
      const cameraId = camera(Math.imul(i + 1, 2_654_435_761) >>> 0);
      const firstMs = rotationMs(cameraId, T0) - MINUTE;
      return Array.from({ length: MINUTES }, (_unused, minute) => ({
        cameraId,
        startMs: firstMs + minute * MINUTE,
      }));
    });
    await wait(recordings);
    let nowMs = T0;
    let tries = 0;
    const put: string[] = [];
    const store: ObjectStore = {
      ...openFolderStore(join(folder, 'objects')),
      put: async (key) => {
        tries++;
        if (nowMs < T0 + 10 * MINUTE) throw new ObjectStoreUnavailable('away');
        put.push(key);
        return { key, versionId: null };
      },
    };
    const startOf = new Map(
      (await recordingsIn(catalogue, 'spooled', 5_000)).map((each) => [
        each.objectKey,
        each.startMs,
      ]),
    );
    const { promise: done, resolve } = Promise.withResolvers<void>();
    const uploader = new Uploader({
      catalogue,
      store,
      spoolFolder: spool,
      newId,
      log: () => {},
      bounds: { maxBytes: CAMERAS * MINUTES * BYTES, maxAgeMs: 60 * MINUTE },
      now: () => nowMs,
      rest: async (ms) => {
        nowMs += ms;
        if (put.length === startOf.size) resolve();
        await new Promise((go) => setImmediate(go));
      },
    });
    uploader.start();
    await done;
    await uploader.stop();
    expect(put).toHaveLength(CAMERAS * MINUTES);
    expect(new Set(put).size).toBe(CAMERAS * MINUTES);
    expect(await waiting()).toEqual([]);
    expect(uploader.counters).toMatchObject({ stored: CAMERAS * MINUTES, dropped: 0 });
    const order = put.map((key) => startOf.get(key) ?? 0);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    // Asked rarely while it was away: eight at a time, later each time up to a minute.
    expect(tries - put.length).toBeLessThan(8 * 20);
  });
});

it('a thousand cameras make at most 20 puts a second, spread over the minute', () => {
  const CAMERAS = 1_000;
  const perSecond = Array.from({ length: 60 }, () => 0);
  const ids = uuidV7Source(Date.now);
  for (let i = 0; i < CAMERAS; i++) {
    const atMs = rotationMs(ids(), T0) - T0;
    expect(atMs).toBeGreaterThan(0);
    expect(atMs).toBeLessThanOrEqual(MINUTE);
    const second = Math.ceil(atMs / 1_000) - 1;
    perSecond[second] = (perSecond[second] ?? 0) + 1;
  }
  expect(CAMERAS / 60).toBeLessThanOrEqual(20);
  // Random places: the fullest of sixty seconds is a few standard deviations (4) above the mean.
  expect(Math.max(...perSecond)).toBeLessThan(45);
});
