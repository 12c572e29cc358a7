/** A camera that refers to another address (RFC 2326 §11.3), in the whole gateway, whose CAMERA_NETWORKS is one address. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startSimulator, type Simulator } from '#tests/simulator/rtsp-server.ts';
import { startGatewayUnderTest, type GatewayUnderTest } from './gateway-under-test.ts';

const WITHIN_MS = 20_000;
let camera: Simulator;
let within: Simulator;
let outside: Simulator;
let gateway: GatewayUnderTest;

beforeAll(async () => {
  within = await startSimulator();
  outside = await startSimulator({ host: '127.0.0.2' });
  camera = await startSimulator({
    cameras: {
      moved: { refersTo: within.url('real') },
      'led-away': { refersTo: outside.url('real') },
    },
  });
  gateway = await startGatewayUnderTest({ CAMERA_NETWORKS: '127.0.0.1/32' });
});

afterAll(async () => {
  await gateway.close();
  for (const simulator of [camera, within, outside]) await simulator.close();
});

async function tryOut(url: string): Promise<unknown> {
  const reply = await fetch(`${gateway.url}/api/v1/cameras/test`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ stream: { url, transport: 'tcp' } }),
  });
  return reply.json();
}

describe('a redirection at DESCRIBE', () => {
  test('within the networks is followed, and played from', async () => {
    const id = await gateway.addCamera({ url: camera.url('moved') });
    await gateway.untilLive(id, { state: 'up', codec: 'avc1.64001F' }, WITHIN_MS);
    expect(within.stats('real').playing).toBe(1);
    expect(camera.stats('moved').playing).toBe(0);
    expect(await tryOut(camera.url('moved'))).toMatchObject({ result: 'ok' });
  });

  test('out of them is told, and nothing is dialled there', async () => {
    const id = await gateway.addCamera({ url: camera.url('led-away') });
    const told = { state: 'down', reason: 'address-not-allowed' } as const;
    await gateway.untilLive(id, told, WITHIN_MS);
    expect(await tryOut(camera.url('led-away'))).toMatchObject({ result: 'address-not-allowed' });
    expect(camera.stats('led-away').requests['DESCRIBE']).toBeGreaterThanOrEqual(2);
    expect(outside.stats('real').requests).toEqual({});
    expect(outside.stats('real').connections).toBe(0);
  });
});
