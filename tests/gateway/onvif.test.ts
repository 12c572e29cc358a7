/** The ONVIF routes by the whole gateway: who is asked, what is kept, what is refused. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startGatewayUnderTest, type GatewayUnderTest } from '../end-to-end/gateway-under-test.ts';
import {
  noReplies,
  recorded,
  startDevice,
  type MockDevice,
} from '../registry/onvif/mock-device.ts';

let gateway: GatewayUnderTest;
let device: MockDevice;

beforeAll(async () => {
  gateway = await startGatewayUnderTest();
  device = await startDevice(recorded('axis'));
});

afterAll(async () => {
  await gateway.close();
  await device.close();
});

async function ask(path: string, body: object): Promise<{ status: number; body: unknown }> {
  const reply = await fetch(`${gateway.url}/api/v1/onvif/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: reply.status, body: await reply.json() };
}

describe.skipIf(noReplies !== undefined)('a probe', () => {
  test('of a registered camera is kept beside its fields, which stay as they are', async () => {
    const cameraId = await gateway.addCamera({ url: 'rtsp://127.0.0.1:1/x' });
    const before = await gateway.cameras.detail(cameraId);
    const answer = await ask('probe', { address: device.address, cameraId });
    expect(answer).toMatchObject({ status: 200, body: { result: 'ok', stored: true } });
    const after = await gateway.cameras.detail(cameraId);
    expect(after?.camera).toEqual(before?.camera);
    expect(after?.observed).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ field: 'brand', source: 'onvif', value: 'AXIS' }),
        expect.objectContaining({ field: 'highestResolution', source: 'onvif' }),
      ]),
    );
  });

  test('without a camera keeps nothing; a host and port is an address', async () => {
    const answer = await ask('probe', { address: `127.0.0.1:${device.port}` });
    expect(answer).toMatchObject({ status: 200, body: { result: 'ok', stored: false } });
  });
});

test('what is refused before anybody is asked', async () => {
  const asked = device.asked.length;
  const address = device.address;
  for (const [path, body, status] of [
    ['probe', { address, cameraId: '019abcde-0000-7000-8000-000000000000' }, 404],
    ['probe', { address: address.replace('//', '//viewer:secret@') }, 400],
    ['probe', { address: 'file:///etc/passwd' }, 400],
    ['discover', { network: '10.0.0.0/8' }, 400],
    // Not among the networks of cameras here.
    ['discover', { network: '10.0.0.0/24' }, 400],
  ] as const) {
    expect([path, body, (await ask(path, body)).status]).toEqual([path, body, status]);
  }
  expect(device.asked).toHaveLength(asked);
});

test('nobody answers in a network: that is an answer', async () => {
  expect(await ask('discover', { network: '127.9.9.0/30' })).toEqual({
    status: 200,
    body: { asked: 4, devices: [] },
  });
});
