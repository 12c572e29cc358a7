import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { runDemo, type Demo } from './demo.ts';

const START_TIMEOUT_MS = 60_000;
/** All 43 are to be up after it, on a slow machine too. */
const UP_TIMEOUT_MS = 30_000;

const cameraPage = z.object({
  cameras: z.array(z.object({ id: z.string(), stream: z.nullable(z.object({ url: z.string() })) })),
});
const liveState = z.object({ state: z.string(), since: z.string(), codec: z.nullable(z.string()) });

let demo: Demo;
let folder: string;
let busy: ReturnType<typeof createServer>;
let busyPort: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'demo-'));
  busy = createServer().listen(0, '127.0.0.1');
  await once(busy, 'listening');
  busyPort = (busy.address() as AddressInfo).port;
  demo = await runDemo({ port: busyPort, dataDir: join(folder, 'demo-data') });
}, START_TIMEOUT_MS);

afterAll(async () => {
  await demo.close();
  busy.close();
  await rm(folder, { recursive: true, force: true });
});

async function get<T>(path: string, shape: z.ZodType<T>): Promise<T> {
  const reply = await fetch(`${demo.gatewayUrl}${path}`, { headers: demo.headers });
  return shape.parse(await reply.json());
}

async function cameras(): Promise<z.infer<typeof cameraPage>['cameras']> {
  return (await get('/api/v1/cameras?limit=100', cameraPage)).cameras;
}

test('a port that is taken is passed over', () => {
  expect(Number(new URL(demo.gatewayUrl).port)).toBeGreaterThan(busyPort);
});

test(
  '70 cameras are registered, and the 43 that work come up',
  { timeout: UP_TIMEOUT_MS },
  async () => {
    const all = await cameras();
    expect(all).toHaveLength(70);
    const states = async (): Promise<Partial<Record<string, number>>> => {
      const found = await Promise.all(
        all.map(({ id }) => get(`/api/v1/cameras/${id}/live`, liveState)),
      );
      const groups = Object.groupBy(found, ({ state }) => state);
      return Object.fromEntries(Object.entries(groups).map(([state, of]) => [state, of?.length]));
    };
    await expect.poll(states, { timeout: UP_TIMEOUT_MS }).toEqual({ up: 43, 'not-linked': 27 });
  },
);

test(
  'a camera that drops its connection comes back by itself',
  { timeout: UP_TIMEOUT_MS },
  async () => {
    const camera = (await cameras()).find(({ stream }) => stream !== null);
    const name = new URL(camera?.stream?.url ?? '').pathname.slice(1);
    const live = (): Promise<z.infer<typeof liveState>> =>
      get(`/api/v1/cameras/${camera?.id}/live`, liveState);
    const before = await live();
    const { plays } = demo.simulator.stats(name);
    demo.simulator.behave(name, { kind: 'drop' });
    await expect
      .poll(() => demo.simulator.stats(name).plays, { timeout: UP_TIMEOUT_MS })
      .toBe(plays + 1);
    await expect.poll(async () => (await live()).state, { timeout: UP_TIMEOUT_MS }).toBe('up');
    expect((await live()).since > before.since).toBe(true);
  },
);

test('it ends in order', async () => {
  await demo.close();
  expect(demo.gateway.exitCode).toBe(0);
  await expect(fetch(`${demo.gatewayUrl}/readyz`)).rejects.toThrow('fetch failed');
});
