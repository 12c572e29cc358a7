/** Whose camera a probe may be kept with, and what counts as read by it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { registerOnvifRoutes } from '#gateway/routes/onvif.ts';
import { camerasAtAddresses } from '#registry/cameras-at-address.ts';
import { parseCameraNetworks } from '#registry/camera-networks.ts';
import { ServerRig } from './auth/server-rig.ts';

const here = { name: 'ทต.เกาะลันตาใหญ่', district: 'เกาะลันตา', province: 'กระบี่' };
const elsewhere = { name: 'อบต.บ้านดู่', district: 'เมืองเชียงราย', province: 'เชียงราย' };

let rig: ServerRig;
let probes = 0;

beforeAll(async () => {
  rig = await ServerRig.start({
    extraRoutes: [
      (app) =>
        registerOnvifRoutes(app, {
          deviceCalls: {
            probe: async () => {
              probes++;
              const suggestions = [
                { field: 'brand' as const, value: 'AXIS', source: 'onvif' as const },
              ];
              return { result: 'ok', detail: '', suggestions, streams: [], channelsLeftOut: 0 };
            },
            discover: async () => [],
          },
          cameras: rig.cameras,
          camerasAt: async (urls) => camerasAtAddresses(rig.registry, urls),
          cameraNetworks: parseCameraNetworks(['192.168.0.0/16']),
          deviceReadings: rig.deviceReadings,
        }),
    ],
  });
});

afterAll(async () => rig.close());

test('that of an owner’s own area; of another it is not even said that it is there', async () => {
  const area = {
    level: 'lao' as const,
    province: here.province,
    district: here.district,
    lao: here.name,
  };
  const { headers } = await rig.signedIn([{ role: 'owner', area }]);
  const statusFor = async (cameraId: string): Promise<number> => {
    const answer = await rig.app.inject({
      method: 'POST',
      url: '/api/v1/onvif/probe',
      headers: { ...headers, origin: 'http://localhost' },
      payload: { address: '192.168.1.64', cameraId },
    });
    return answer.statusCode;
  };
  const [own, other] = [await rig.addCamera(here), await rig.addCamera(elsewhere)];
  expect(await statusFor(own)).toBe(200);
  expect(await statusFor(other)).toBe(404);
  expect(await statusFor('019abcde-0000-7000-8000-000000000000')).toBe(404);
  expect(probes).toBe(1);
  expect((await rig.cameras.detail(own))?.observed).toMatchObject([{ field: 'brand' }]);
  expect((await rig.cameras.detail(other))?.observed).toEqual([]);
});

test('what a device told somebody is accepted from them as read, and nothing that it did not say', async () => {
  const { headers } = await rig.signedIn([{ role: 'administrator', area: { level: 'country' } }]);
  const sent = { ...headers, origin: 'http://localhost' };
  const id = await rig.addCamera(here);
  const accept = async (change: object, source: string) => {
    const version = (await rig.cameras.get(id))?.version;
    return rig.app.inject({
      method: 'PATCH',
      url: `/api/v1/cameras/${id}?source=${source}`,
      headers: { ...sent, 'if-match': `"${version}"` },
      payload: change,
    });
  };
  // Another person's probe of before is not theirs.
  expect((await accept({ brand: 'AXIS' }, 'onvif')).json()).toMatchObject({
    error: { code: 'not_as_read' },
  });
  const probed = await rig.app.inject({
    method: 'POST',
    url: '/api/v1/onvif/probe',
    headers: sent,
    payload: { address: '192.168.1.64' },
  });
  expect(probed.json()).toMatchObject({ result: 'ok', stored: false });
  for (const [change, source] of [
    [{ brand: 'XX' }, 'onvif'],
    [{ brand: 'AXIS', owningAgency: 'หน่วยงานอื่น' }, 'onvif'],
    [{ brand: 'AXIS' }, 'stream'],
    [{ brand: 'AXIS' }, 'import'],
  ] as const) {
    expect((await accept(change, source)).statusCode).toBe(400);
  }
  expect((await accept({ brand: 'AXIS' }, 'onvif')).statusCode).toBe(200);
  const detail = await rig.cameras.detail(id);
  expect(detail?.origins['brand']).toMatchObject({ source: 'onvif' });
  expect(detail?.observed).toMatchObject([{ field: 'brand', source: 'onvif', value: 'AXIS' }]);
});
