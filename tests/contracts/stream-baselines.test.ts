/** What is usual for streams, on both databases. */
import { beforeEach, expect, test } from 'vitest';
import { newCamera } from '#registry/camera.ts';
import type { Cameras } from '#registry/cameras.ts';
import { openRegistry } from '#registry/schema/open-registry.ts';
import {
  NoStreamToJudge,
  openStreamBaselines,
  type StreamBaselines,
} from '#registry/stream-baselines.ts';
import { byTest, camerasOf, tester } from '../registry/cameras-of.ts';
import { krabiCamera } from '../registry/krabi-camera.ts';
import { onEachDatabase } from './each-database.ts';

const AT_MS = Date.UTC(2026, 10, 25);
const LARGE = { frameRate: 12.5, width: 1280, height: 720 };
const SMALL = { frameRate: 5, width: 640, height: 360 };

const linked = (url: string, position = 'หน้าตลาดสด') =>
  newCamera.parse(
    krabiCamera({
      position,
      stream: { url, username: null, password: null, transport: 'tcp' },
    }),
  );

onEachDatabase((rig) => {
  let cameras: Cameras;
  let baselines: StreamBaselines;
  let id: string;

  beforeEach(async () => {
    const database = await openRegistry(rig.open());
    cameras = camerasOf(database);
    baselines = openStreamBaselines(database, { now: () => AT_MS });
    ({ id } = await cameras.create(linked('rtsp://192.0.2.1/1'), byTest));
  });

  test('are learnt by day and by night, and learnt again', async () => {
    expect(await baselines.get(id)).toEqual({ day: null, night: null });
    await baselines.learn(id, 'day', SMALL);
    await baselines.learn(id, 'day', LARGE);
    await baselines.learn(id, 'night', SMALL);
    const by = { atMs: AT_MS, by: null };
    expect(await baselines.get(id)).toEqual({
      day: { ...LARGE, ...by },
      night: { ...SMALL, ...by },
    });
    expect(await baselines.all()).toEqual(new Map([[id, { day: LARGE, night: SMALL }]]));
  });

  test("a person's word is kept with their name, and not learnt over; taken back, it is learnt anew", async () => {
    await baselines.learn(id, 'day', LARGE);
    await baselines.learn(id, 'night', LARGE);
    await baselines.correct(id, { night: SMALL }, tester);
    await baselines.learn(id, 'night', LARGE);
    expect(await baselines.get(id)).toMatchObject({ day: LARGE, night: { ...SMALL, by: tester } });
    await baselines.correct(id, { night: null }, tester);
    expect(await baselines.get(id)).toMatchObject({ day: LARGE, night: null });
    await baselines.learn(id, 'night', LARGE);
    expect(await baselines.get(id)).toMatchObject({ night: { ...LARGE, by: null } });
  });

  test('go with the address: another one begins anew, even after the word of a person', async () => {
    await baselines.correct(id, { day: LARGE }, tester);
    await cameras.change(id, { stream: { url: 'rtsp://192.0.2.1/2' } }, { ...byTest, version: 1 });
    expect(await baselines.get(id)).toEqual({ day: null, night: null });
    expect(await baselines.all()).toEqual(new Map());
    await baselines.learn(id, 'day', SMALL);
    expect(await baselines.get(id)).toMatchObject({ day: SMALL });
  });

  test('a camera without a stream has none', async () => {
    const unlinked = await cameras.create(
      newCamera.parse(krabiCamera({ position: 'หลังตลาด', stream: null })),
      byTest,
    );
    await baselines.learn(unlinked.id, 'day', SMALL);
    expect(await baselines.get(unlinked.id)).toEqual({ day: null, night: null });
    await expect(baselines.correct(unlinked.id, { day: SMALL }, tester)).rejects.toBeInstanceOf(
      NoStreamToJudge,
    );
  });
}, openRegistry);
