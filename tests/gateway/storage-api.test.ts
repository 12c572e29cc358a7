/** What recordings take and will take (computed by hand here), and what is wrong with the storage: told to whom it concerns. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { registerStorageRoutes } from '#gateway/routes/storage.ts';
import { country, type Place } from '#registry/area.ts';
import type { CameraUse } from '#storage/catalogue/storage-use.ts';
import type { StorageNotice } from '#storage/storage-notices.ts';
import { asAdministrator, ServerRig } from './auth/server-rig.ts';

const NOW = Date.UTC(2026, 10, 26, 1);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const GB = 1_000_000_000;
const province = 'กระบี่';
const saladan: Place = { name: 'ทต.ศาลาด่าน', district: 'เกาะลันตา', province };
const lantaYai: Place = { name: 'ทต.เกาะลันตาใหญ่', district: 'เกาะลันตา', province };

let rig: ServerRig;
let uses: CameraUse[];
let notices: StorageNotice[];
let nowMs: number;
const days = new Map<string, number>();

const use = (cameraId: string, gigabytes: number, dayGigabytes: number, oldestMs: number) => ({
  cameraId,
  recordings: 100,
  byteLength: gigabytes * GB,
  dayBytes: dayGigabytes * GB,
  oldestStartMs: oldestMs,
});

beforeEach(async () => {
  nowMs = NOW;
  notices = [];
  rig = await ServerRig.start({
    extraRoutes: [
      (app) =>
        registerStorageRoutes(app, {
          use: async () => uses,
          notices: () => notices,
          waiting: () => ({ recordings: 3, byteLength: 45_000_000, oldestStartMs: NOW - HOUR }),
          bounds: { maxBytes: 100 * GB, maxAgeMs: 72 * HOUR },
          retentionDays: async (id) => days.get(id) ?? 0,
          readPlaces: async (ids) =>
            new Map(
              (await Promise.all(ids.map(async (id) => rig.cameras.detail(id)))).flatMap((found) =>
                found === undefined ? [] : [[found.camera.id, found.camera.lao] as const],
              ),
            ),
          now: () => nowMs,
        }),
    ],
  });
  await rig.app.ready();
  const [one, two, three] = [
    await rig.addCamera(saladan),
    await rig.addCamera(saladan),
    await rig.addCamera(lantaYai),
  ] as const;
  for (const [id, retentionDays] of [
    [one, 30],
    [two, 15],
    [three, 30],
  ] as const) {
    days.set(id, retentionDays);
  }
  uses = [
    use(one, 120, 20, NOW - 10 * DAY),
    // It is eight in the morning in Thailand, and it began at two: a day is four times as much.
    use(two, 5, 5, NOW - 6 * HOUR),
    use(three, 600, 22, NOW - 30 * DAY),
  ];
});
afterEach(() => rig.close());

const used = async (by: string, headers: Record<string, string> = asAdministrator) => {
  const reply = await rig.app.inject({ url: `/api/v1/storage/use?by=${by}`, headers });
  expect(reply.statusCode).toBe(200);
  return reply.json<{ asOf: string; rows: Record<string, unknown>[] }>();
};

test('by LAO and by days of retention: sums, and what it will be', async () => {
  const { asOf, rows } = await used('lao');
  expect(asOf).toBe('2026-11-26T01:00:00.000Z');
  expect(rows).toEqual([
    {
      key: 'ทต.เกาะลันตาใหญ่ · เกาะลันตา · กระบี่',
      cameras: 1,
      recordings: 100,
      bytes: 600 * GB,
      bytesADay: 22 * GB,
      bytesExpected: 660 * GB,
      oldest: '2026-10-27T01:00:00.000Z',
    },
    {
      key: 'ทต.ศาลาด่าน · เกาะลันตา · กระบี่',
      cameras: 2,
      recordings: 200,
      bytes: 125 * GB,
      bytesADay: 25 * GB,
      // 20 a day for 30 days, and 5 in a quarter of a day for 15 days.
      bytesExpected: (600 + 300) * GB,
      oldest: '2026-11-16T01:00:00.000Z',
    },
  ]);
  expect((await used('retention')).rows).toMatchObject([
    { key: '30', cameras: 2, bytes: 720 * GB, bytesADay: 42 * GB, bytesExpected: 1_260 * GB },
    { key: '15', cameras: 1, bytes: 5 * GB, bytesADay: 5 * GB, bytesExpected: 300 * GB },
  ]);
});

test('of a camera that began yesterday evening the longer day counts', async () => {
  const [one] = uses;
  if (one === undefined) throw new Error('no camera');
  // Ten at night: two hours of yesterday, eight of today.
  uses = [{ ...one, byteLength: 5 * GB, dayBytes: 4 * GB, oldestStartMs: NOW - 10 * HOUR }];
  expect((await used('camera')).rows).toMatchObject([{ bytesExpected: 4 * GB * 3 * 30 }]);
  nowMs += 30 * 60_000;
  // Two in the afternoon: ten hours of yesterday.
  uses = [{ ...one, byteLength: 9 * GB, dayBytes: 5 * GB, oldestStartMs: NOW - 18 * HOUR }];
  expect((await used('camera')).rows).toMatchObject([{ bytesExpected: 12 * GB * 30 }]);
});

test('by camera, the largest first; counted once in ten minutes', async () => {
  const before = await used('camera');
  expect(before.rows.map(({ key, bytesExpected }) => [key, bytesExpected])).toEqual([
    [uses[2]?.cameraId, 660 * GB],
    [uses[0]?.cameraId, 600 * GB],
    [uses[1]?.cameraId, 300 * GB],
  ]);
  uses = [];
  nowMs += 10 * 60_000;
  expect(await used('camera')).toEqual(before);
  nowMs += 1;
  expect((await used('camera')).rows).toEqual([]);
});

test('an administrator of one LAO sees the cameras of that LAO, and no other', async () => {
  const area = { level: 'lao', province, district: 'เกาะลันตา', lao: saladan.name } as const;
  const { headers } = await rig.signedIn([{ role: 'administrator', area }]);
  expect((await used('lao', headers)).rows).toMatchObject([{ cameras: 2, bytes: 125 * GB }]);
  const keys = (await used('camera', headers)).rows.map(({ key }) => key);
  expect(keys).toEqual([uses[0]?.cameraId, uses[1]?.cameraId]);
});

test('what is wrong now is told to those who watch over the system, with what waits and how much may', async () => {
  notices = [
    { code: 'recordings-dropped', sinceMs: NOW - 60_000 },
    { code: 'store-full', sinceMs: NOW - HOUR },
    { code: 'spool-files-left', sinceMs: NOW, files: { count: 2, byteLength: 30_000_000 } },
  ];
  const { headers } = await rig.signedIn([{ role: 'operator', area: country }]);
  const url = '/api/v1/storage/notices';
  expect((await rig.app.inject({ url, headers })).json()).toEqual({
    notices: [
      { code: 'recordings-dropped', since: '2026-11-26T00:59:00.000Z' },
      { code: 'store-full', since: '2026-11-26T00:00:00.000Z' },
      {
        code: 'spool-files-left',
        since: '2026-11-26T01:00:00.000Z',
        files: { count: 2, bytes: 30_000_000 },
      },
    ],
    waiting: { recordings: 3, bytes: 45_000_000, oldest: '2026-11-26T00:00:00.000Z' },
    bounds: { bytes: 100 * GB, hours: 72 },
  });
  const owner = await rig.signedIn([{ role: 'owner', area: country }]);
  expect((await rig.app.inject({ url, headers: owner.headers })).statusCode).toBe(403);
});
