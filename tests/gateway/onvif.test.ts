/** The ONVIF routes by the whole gateway: who is asked, what is kept, what is refused. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startGatewayUnderTest, type GatewayUnderTest } from '../end-to-end/gateway-under-test.ts';
import {
  noReplies,
  recorded,
  startDevice,
  type MockDevice,
} from '../registry/onvif/mock-device.ts';
import { recorderOf, tinyJpeg } from '../registry/onvif/mock-recorder.ts';

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

test('a search is begun, looked at and ended; another account does not see it', async () => {
  const begun = await ask('discoveries', { network: '127.9.9.0/30' });
  expect(begun).toMatchObject({ status: 202, body: { state: 'asking', addresses: 4 } });
  const { id } = begun.body as { id: string };
  const at = async (method: string, path = id): Promise<{ status: number; body: unknown }> => {
    const reply = await fetch(`${gateway.url}/api/v1/onvif/discoveries/${path}`, { method });
    return { status: reply.status, body: await reply.json() };
  };
  expect(await at('GET')).toMatchObject({ status: 200, body: { network: '127.9.9.0/30' } });
  expect(await at('DELETE')).toMatchObject({ status: 200, body: { state: 'cancelled' } });
  expect(await at('GET')).toMatchObject({ status: 200, body: { state: 'cancelled' } });
  expect(await at('GET', 'another')).toMatchObject({
    status: 404,
    body: { error: { code: 'discovery_not_found' } },
  });
});

test('channels of a recorder come with the cameras that they are already; a still of one is fetched', async () => {
  const recorder = await startDevice(
    recorderOf(3, { streamUrl: (channel) => `rtsp://127.0.0.1:1/ch${channel}` }),
  );
  try {
    const cameraId = await gateway.addCamera({ url: 'rtsp://127.0.0.1:1/ch2' });
    const { body } = await ask('probe', { address: recorder.address });
    const { streams } = body as {
      streams: { channel: number; cameras: { id: string }[]; snapshot: { url: string } }[];
    };
    expect(streams.map(({ channel, cameras }) => [channel, cameras.map(({ id }) => id)])).toEqual([
      [1, []],
      [1, []],
      [2, [cameraId]],
      [2, [cameraId]],
      [3, []],
      [3, []],
    ]);
    const still = await ask('still', {
      address: recorder.address,
      url: streams[2]?.snapshot.url,
      username: 'viewer',
      password: 'secret',
    });
    expect(still).toEqual({
      status: 200,
      body: { result: 'ok', detail: '', still: tinyJpeg.toString('base64') },
    });
    expect(
      (await ask('still', { address: recorder.address, url: 'file:///etc/passwd' })).status,
    ).toBe(400);
    expect(
      await ask('still', { address: recorder.address, url: 'http://169.254.169.254/latest' }),
    ).toMatchObject({ body: { result: 'address-not-allowed', still: null } });
  } finally {
    await recorder.close();
  }
});
