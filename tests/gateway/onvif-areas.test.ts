/** Whose camera a probe may be kept with, what counts as read by it, and the still picture that is asked for at what it told. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDeviceStills } from '#gateway/device-stills.ts';
import { registerCameraSnapshotRoute } from '#gateway/routes/camera-snapshot.ts';
import { registerOnvifRoutes } from '#gateway/routes/onvif.ts';
import type { StillOrder } from '#ingest/device-still.ts';
import { camerasAtAddresses } from '#registry/cameras-at-address.ts';
import { parseCameraNetworks } from '#registry/camera-networks.ts';
import { ServerRig } from './auth/server-rig.ts';

const here = { name: 'ทต.เกาะลันตาใหญ่', district: 'เกาะลันตา', province: 'กระบี่' };
const elsewhere = { name: 'อบต.บ้านดู่', district: 'เมืองเชียงราย', province: 'เชียงราย' };

const url = 'rtsp://192.168.1.64/1';
const snapshotUrl = 'http://192.168.1.64/snap';
const offered = (named: string) => ({ url: named, elsewhere: false, refused: null });

let rig: ServerRig;
let probes = 0;
const fetched: StillOrder[] = [];

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
              const stream = {
                channel: 1,
                profile: null,
                encoding: 'H264',
                resolution: null,
                frameRate: null,
                stream: offered(url),
                snapshot: offered(snapshotUrl),
              };
              return {
                result: 'ok',
                detail: '',
                suggestions,
                streams: [stream],
                channelsLeftOut: 0,
              };
            },
            discover: async () => [],
          },
          cameras: rig.cameras,
          camerasAt: async (urls) => camerasAtAddresses(rig.registry, urls),
          cameraNetworks: parseCameraNetworks(['192.168.0.0/16']),
          deviceReadings: rig.deviceReadings,
        }),
      (app) =>
        registerCameraSnapshotRoute(app, {
          cameras: rig.cameras,
          deviceStills: openDeviceStills(async (order) => {
            fetched.push(order);
            return { result: 'ok', detail: '', still: Buffer.from('picture') };
          }),
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
    [{ stream: { url, snapshotUrl: 'http://192.168.1.64/other' } }, 'onvif'],
    [{ stream: { url, snapshotUrl, record: false } }, 'onvif'],
    [{ stream: { url, snapshotUrl } }, 'stream'],
    [{ stream: { password: 'p' } }, 'onvif'],
    [{ stream: null }, 'onvif'],
  ] as const) {
    expect((await accept(change, source)).statusCode).toBe(400);
  }
  expect((await accept({ brand: 'AXIS' }, 'onvif')).statusCode).toBe(200);
  const detail = await rig.cameras.detail(id);
  expect(detail?.origins['brand']).toMatchObject({ source: 'onvif' });
  expect(detail?.observed).toMatchObject([{ field: 'brand', source: 'onvif', value: 'AXIS' }]);
});

test('a snapshot address that a device told is kept as read, and its picture shown to who may watch, recorded as a view', async () => {
  const area = { level: 'country' as const };
  const [administrator, operator] = await Promise.all([
    rig.signedIn([{ role: 'administrator', area }]),
    rig.signedIn([{ role: 'operator', area }]),
  ]);
  const send = async (who: typeof operator, path: string, payload?: object, version?: number) =>
    rig.app.inject({
      method: version === undefined ? 'POST' : 'PATCH',
      url: path,
      headers: {
        ...who.headers,
        origin: 'http://localhost',
        ...(version === undefined ? {} : { 'if-match': `"${version}"` }),
      },
      ...(payload === undefined ? {} : { payload }),
    });
  const id = await rig.addCamera(here);
  const before = await rig.cameras.get(id);
  const base = `/api/v1/cameras/${id}`;
  const asked = async (who: typeof operator) => send(who, `${base}/snapshot`);
  expect((await asked(operator)).json()).toMatchObject({ error: { code: 'no_snapshot_address' } });
  await send(administrator, '/api/v1/onvif/probe', { address: '192.168.1.64' });
  const stream = { url, snapshotUrl, username: 'viewer', password: 'pa55' };
  const accepted = await send(administrator, `${base}?source=onvif`, { stream }, before?.version);
  expect(accepted.json()).toMatchObject({ stream: { snapshotUrl }, version: 2 });
  const { origins } = (await rig.cameras.detail(id)) ?? {};
  expect(origins?.['stream.snapshotUrl']).toMatchObject({ source: 'onvif' });

  const shown = await asked(operator);
  const still = Buffer.from('picture').toString('base64');
  expect([shown.statusCode, shown.json()]).toEqual([200, { result: 'ok', detail: '', still }]);
  expect(shown.headers['cache-control']).toBe('no-store');
  expect(rig.audit.entries.at(-1)).toMatchObject({
    action: 'camera.watch.still',
    object: { kind: 'camera', id },
    outcome: 'done',
  });
  const [order] = fetched;
  expect(order).toMatchObject({ url: snapshotUrl, credentials: { password: 'pa55' } });
  // Where the picture leads on, the password goes no further than where it was given for.
  const own = ['/x', 'http://192.168.1.64:81/', 'http://192.168.1.65/', 'https://192.168.1.64/'];
  expect(own.map((to) => order?.isDevice(new URL(to, snapshotUrl)))).toEqual([
    true,
    false,
    false,
    false,
  ]);

  const { version = 0 } = (await rig.cameras.get(id)) ?? {};
  await send(administrator, base, { scope: 'closed-area' }, version);
  expect((await asked(operator)).statusCode).toBe(409);
  expect(
    (
      await asked(
        await rig.signedIn([
          {
            role: 'district',
            area: { level: 'district', province: here.province, district: here.district },
          },
        ]),
      )
    ).json(),
  ).toMatchObject({ error: { code: 'not_allowed' } });
  expect(fetched).toHaveLength(1);
});
