/** The warning of a camera that is registered already does not tell of one that is out of the area of whoever asks. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Grant } from '#gateway/auth/actor.ts';
import { asAdministrator, ServerRig } from '../gateway/auth/server-rig.ts';
import { krabiCamera } from '../registry/krabi-camera.ts';

const lanta = { name: 'ทต.เกาะลันตาใหญ่', district: 'เกาะลันตา', province: 'กระบี่' };
const khlongYang = { ...lanta, name: 'อบต.คลองยาง' };
const stream = { url: 'rtsp://10.0.0.1/one' };
const ownerOfLanta: Grant = {
  role: 'owner',
  area: { level: 'lao', province: lanta.province, district: lanta.district, lao: lanta.name },
};

let rig: ServerRig;
beforeEach(async () => {
  rig = await ServerRig.start();
});
afterEach(async () => rig.close());

const register = async (headers: Record<string, string>, lao: typeof lanta, more = {}) =>
  rig.app.inject({
    method: 'POST',
    url: '/api/v1/cameras',
    headers,
    payload: krabiCamera({ lao, stream, ...more }),
  });

test('to the owner of another LAO: that there is one, not which', async () => {
  const theirs = (await register(asAdministrator, khlongYang)).json<{ id: string }>();
  const { headers } = await rig.signedIn([ownerOfLanta]);
  const refused = await register(headers, lanta);
  expect(refused.statusCode).toBe(409);
  expect(refused.json()).toMatchObject({
    error: { code: 'camera_twice', details: { cameras: [], elsewhere: true } },
  });
  expect(refused.body).not.toContain(theirs.id);
  expect(refused.body).not.toContain(khlongYang.name);
});

test('nor does a change of one that is theirs', async () => {
  const theirs = (await register(asAdministrator, khlongYang)).json<{ id: string }>();
  const { headers } = await rig.signedIn([ownerOfLanta]);
  const elsewhere = { stream: { url: 'rtsp://10.0.0.2/two' } };
  const own = (await register(headers, lanta, elsewhere)).json<{ id: string; version: number }>();
  const refused = await rig.app.inject({
    method: 'PATCH',
    url: `/api/v1/cameras/${own.id}`,
    headers: { ...headers, 'if-match': `"${own.version}"` },
    payload: { stream: { ...stream, username: null, password: null } },
  });
  expect(refused.statusCode).toBe(409);
  expect(refused.json()).toMatchObject({
    error: { code: 'camera_twice', details: { cameras: [], elsewhere: true } },
  });
  expect(refused.body).not.toContain(theirs.id);
});

test('of their own it is told which, however its address is spelled', async () => {
  const { headers } = await rig.signedIn([ownerOfLanta]);
  const first = (await register(headers, lanta)).json<{ id: string }>();
  for (const url of [stream.url, 'rtsp://10.1:554/one?', 'rtsp://0xa000001/one']) {
    expect((await register(headers, lanta, { stream: { url } })).json()).toMatchObject({
      error: { details: { cameras: [{ id: first.id, lao: lanta }], elsewhere: false } },
    });
  }
});
