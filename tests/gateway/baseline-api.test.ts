import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { startGatewayUnderTest, type GatewayUnderTest } from '../end-to-end/gateway-under-test.ts';
import { krabiCamera } from '../registry/krabi-camera.ts';
import { startSimulator, type Simulator } from '../simulator/rtsp-server.ts';

const usual = z
  .object({
    frameRate: z.number(),
    width: z.int(),
    height: z.int(),
    at: z.iso.datetime(),
    by: z.object({ name: z.string() }).nullable(),
  })
  .nullable();
const baseline = z.object({ day: usual, night: usual });

let simulator: Simulator;
let gateway: GatewayUnderTest;
let id: string;

beforeAll(async () => {
  simulator = await startSimulator();
  gateway = await startGatewayUnderTest({
    DOWN_AFTER_MS: '2000',
    UP_AFTER_MS: '1000',
    DEGRADED_AFTER_MS: '3000',
  });
  id = await gateway.addCamera({ url: simulator.url('a') });
});

afterAll(async () => {
  await gateway.close();
  await simulator.close();
});

const of = (cameraId: string): string => `${gateway.url}/api/v1/cameras/${cameraId}/baseline`;
const read = async () => baseline.parse(await (await fetch(of(id))).json());
const say = (cameraId: string, body: unknown): Promise<Response> =>
  fetch(of(cameraId), {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

test('what is usual is not known at first, then learnt and kept', async () => {
  const learnt = await vi.waitFor(
    async () => {
      const { day, night } = await read();
      const light = day ?? night;
      if (light === null) throw new Error('not learnt yet');
      return light;
    },
    { timeout: 25_000, interval: 200 },
  );
  expect(learnt).toMatchObject({ width: 640, height: 480, by: null });
  expect(learnt.frameRate).toBeGreaterThan(8);
  expect(learnt.frameRate).toBeLessThan(12);
});

test('a person says what it is, and is named; what is left out stays', async () => {
  const before = await read();
  const night = { frameRate: 5, width: 640, height: 480 };
  expect((await say(id, { night })).status).toBe(200);
  const after = await read();
  expect(after.night).toMatchObject({ ...night, by: { name: expect.any(String) } });
  expect(after.day).toEqual(before.day);
  expect((await say(id, { night: null })).status).toBe(200);
  expect((await read()).night).toBeNull();
});

test('a stream far below what a person says is usual is degraded, and what it goes by is told', async () => {
  const more = { frameRate: 25, width: 640, height: 480 };
  expect((await say(id, { day: more, night: more })).status).toBe(200);
  await vi.waitFor(
    async () => {
      const reply = await fetch(`${gateway.url}/api/v1/cameras/${id}/condition`);
      expect(await reply.json()).toMatchObject({
        observed: {
          state: 'degraded',
          reason: 'low-frame-rate',
          measured: { usualFrameRate: 25, usualWidth: 640 },
        },
        transitions: [{ previous: 'up' }, { state: 'up', previous: 'unknown' }],
      });
    },
    { timeout: 20_000, interval: 200 },
  );
});

test.each([
  [{}, 400],
  [{ day: { frameRate: 0, width: 640, height: 480 } }, 400],
  [{ day: { frameRate: 10, width: 640 } }, 400],
  [{ dusk: null }, 400],
])('%j is refused', async (body, status) => {
  expect((await say(id, body)).status).toBe(status);
});

test('a camera that is not linked, or not there, has none', async () => {
  const reply = await fetch(`${gateway.url}/api/v1/cameras`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(krabiCamera({ position: 'หลังตลาด', stream: null, site: null })),
  });
  const unlinked = z.object({ id: z.string() }).parse(await reply.json());
  const answer = await say(unlinked.id, { day: { frameRate: 10, width: 640, height: 480 } });
  expect(answer.status).toBe(409);
  expect(await answer.json()).toMatchObject({ error: { code: 'no_stream_to_judge' } });
  expect((await fetch(of('019aa0b2-6a00-7000-8000-000000000000'))).status).toBe(404);
});
