/** What a change of the registry does to a stream that is being pulled, through the whole gateway. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startSimulator, type Simulator } from '../simulator/rtsp-server.ts';
import { startGatewayUnderTest, type GatewayUnderTest } from './gateway-under-test.ts';

const UP_MS = 30_000;
/** The rule's own bound for a closed area. */
const ENDS_WITHIN_MS = 5_000;

let simulator: Simulator;
let gateway: GatewayUnderTest;

beforeAll(async () => {
  simulator = await startSimulator();
  gateway = await startGatewayUnderTest();
});

afterAll(async () => {
  await gateway.close();
  await simulator.close();
});

async function change(id: string, body: object, version: number): Promise<Response> {
  return fetch(`${gateway.url}/api/v1/cameras/${id}`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json', 'if-match': String(version) },
    body: JSON.stringify(body),
  });
}

async function playable(name: string): Promise<string> {
  const id = await gateway.addCamera({ url: simulator.url(name) });
  await gateway.untilPicture(id, UP_MS);
  return id;
}

/** Sessions with the camera, and what is served of it. */
async function untilEnded(id: string, name: string): Promise<void> {
  await vi.waitFor(
    async () => {
      expect(simulator.stats(name).connections).toBe(0);
      const reply = await fetch(`${gateway.url}/live/${id}/index.m3u8`);
      await reply.body?.cancel();
      expect(reply.status).toBeGreaterThanOrEqual(400);
    },
    { timeout: ENDS_WITHIN_MS, interval: 50 },
  );
}

test.concurrent(
  'a linked camera whose area is closed is left within five seconds, and served no more',
  async () => {
    const id = await playable('closes');
    const closed = await change(id, { scope: 'closed-area' }, 1);
    expect(closed.status).toBe(200);
    expect(await closed.json()).toMatchObject({ scope: 'closed-area', stream: null });
    await untilEnded(id, 'closes');
    await gateway.untilLive(id, { state: 'not-linked' }, ENDS_WITHIN_MS);
  },
);

test.concurrent('a deleted camera is left, and pulled again when it is brought back', async () => {
  const id = await playable('deleted');
  const deleted = await fetch(`${gateway.url}/api/v1/cameras/${id}`, {
    method: 'DELETE',
    headers: { 'content-type': 'application/json', 'if-match': '1' },
    body: JSON.stringify({ reason: 'ทดสอบ' }),
  });
  expect(deleted.status).toBe(204);
  await untilEnded(id, 'deleted');
  const back = await fetch(`${gateway.url}/api/v1/cameras/${id}/restore`, {
    method: 'POST',
    headers: { 'if-match': '2' },
  });
  expect(back.status).toBe(200);
  await gateway.untilPicture(id, UP_MS);
});

test.concurrent(
  'another address is dialled at once; a change of anything else leaves the stream alone',
  async () => {
    const id = await playable('before');
    const { since } = await gateway.untilLive(id, { state: 'up' }, UP_MS);
    expect((await change(id, { brand: 'ยี่ห้อ ข' }, 1)).status).toBe(200);
    expect((await gateway.live(id)).since).toBe(since);
    expect((await change(id, { stream: { url: simulator.url('after') } }, 2)).status).toBe(200);
    await gateway.untilPicture(id, UP_MS);
    await vi.waitFor(() => expect(simulator.stats('before').connections).toBe(0), ENDS_WITHIN_MS);
    expect(simulator.stats('after').connections).toBe(1);
  },
);

test.concurrent(
  'what the stream is measured to be is a finding beside what was registered',
  async () => {
    const id = await playable('measured');
    await vi.waitFor(
      async () => {
        const reply = await fetch(`${gateway.url}/api/v1/cameras/${id}`);
        expect(await reply.json()).toMatchObject({
          recordedResolution: '1920x1080',
          findings: expect.arrayContaining([
            expect.objectContaining({ field: 'recordedResolution', code: 'differs_from_stream' }),
          ]) as unknown,
        });
      },
      { timeout: UP_MS, interval: 200 },
    );
  },
);
