/** What the audit log says of acts that were not done after all, of searches, and of tries. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ServerRig } from '../gateway/auth/server-rig.ts';
import { krabiCamera } from '../registry/krabi-camera.ts';

const lao = { name: 'ทต.เกาะลันตาใหญ่', district: 'เกาะลันตา', province: 'กระบี่' };

let rig: ServerRig;
let headers: Record<string, string>;

beforeEach(async () => {
  rig = await ServerRig.start();
  ({ headers } = await rig.signedIn([{ role: 'administrator', area: { level: 'country' } }]));
});
afterEach(async () => rig.close());

const addCamera = async () =>
  rig.app.inject({
    method: 'POST',
    url: '/api/v1/cameras',
    headers,
    payload: krabiCamera({ lao, stream: { url: 'rtsp://10.0.0.1/one' } }),
  });

test('an act that fails after it was recorded is recorded as failed', async () => {
  const added = await addCamera();
  expect(added.statusCode).toBe(201);
  const { id } = added.json<{ id: string }>();
  // The same camera once more: 409, until somebody says that it is another one.
  expect((await addCamera()).statusCode).toBe(409);
  const [, tried] = rig.audit.entries;
  // Under the id that it has, or would have had.
  expect(rig.audit.acts).toEqual([
    `camera.create done ${id}`,
    `camera.create done ${tried?.object.id}`,
    `camera.create failed ${tried?.object.id}`,
  ]);
  expect(tried?.object.id).not.toBe(id);
  expect(rig.audit.entries.at(-1)?.detail).toMatchObject({ code: expect.any(String) as string });
});

test('an act that cannot be recorded is not done', async () => {
  rig.audit.full = true;
  const answer = await addCamera();
  expect([answer.statusCode, answer.json()]).toMatchObject([
    503,
    { error: { code: 'audit_unavailable' } },
  ]);
  rig.audit.full = false;
  const { cameras } = (await rig.app.inject({ url: '/api/v1/cameras', headers })).json<{
    cameras: unknown[];
  }>();
  expect(cameras).toEqual([]);
});

test('a search is recorded with its terms, the plain list is not', async () => {
  await rig.app.inject({ url: '/api/v1/cameras', headers });
  expect(rig.audit.acts).toEqual([]);
  await rig.app.inject({ url: '/api/v1/cameras?scope=public-area', headers });
  expect(rig.audit.entries).toMatchObject([
    { action: 'camera.search', detail: { scope: 'public-area' } },
  ]);
});
