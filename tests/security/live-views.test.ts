/** A live view is in the audit log before its first byte, by who, from where; and what cannot be recorded is not shown. */
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { trackViews, type LiveViews } from '#gateway/audit/views.ts';
import { AuditInMemory } from '../gateway/audit/audit-in-memory.ts';
import { ServerRig } from '../gateway/auth/server-rig.ts';
import { WindowRig } from '../ingest/hls/rig.ts';

const lao = { name: 'ทต.เกาะลันตาใหญ่', district: 'เกาะลันตา', province: 'กระบี่' };

let audit: AuditInMemory;
let views: LiveViews;
let rig: ServerRig;
let cameraId: string;
let port: number;

beforeEach(async () => {
  audit = new AuditInMemory();
  views = trackViews({ audit, now: () => performance.now(), onLost: () => {} });
  const live = new WindowRig();
  live.segments(3);
  rig = await ServerRig.start({ audit, views, window: () => live.window });
  cameraId = await rig.addCamera(lao);
  await rig.app.listen({ host: '127.0.0.1', port: 0 });
  ({ port } = rig.app.server.address() as AddressInfo);
});
afterEach(async () => {
  await rig.close();
  await views.close();
});

async function watch(
  headers: Record<string, string>,
  path = 'media.m3u8',
): Promise<{ status: number | undefined; body: string; acts: string[] }> {
  const sent = get({ port, path: `/live/${cameraId}/${path}`, headers, agent: false });
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  const acts = audit.acts.filter((act) => !act.startsWith('sign-in'));
  let body = '';
  for await (const bytes of answer) body += String(bytes);
  return { status: answer.statusCode, body, acts };
}

test('the entry is there when the answer begins, once for many requests', async () => {
  const operator = await rig.signedIn([{ role: 'operator', area: { level: 'country' } }]);
  const first = await watch(operator.headers);
  expect([first.status, first.acts]).toEqual([200, [`camera.watch.start done ${cameraId}`]]);
  expect(audit.entries.at(-1)).toMatchObject({
    actor: { id: operator.id, role: 'operator' },
    from: { address: '127.0.0.1' },
  });
  for (let i = 0; i < 5; i++) expect((await watch(operator.headers)).acts).toHaveLength(1);
});

test('a log that cannot be written shows nothing', async () => {
  const { headers } = await rig.signedIn([{ role: 'operator', area: { level: 'country' } }]);
  audit.full = true;
  for (let i = 0; i < 2; i++) {
    const { status, body } = await watch(headers);
    expect(status).toBe(503);
    expect(JSON.parse(body)).toMatchObject({ error: { code: 'audit_unavailable' } });
    expect(body).not.toContain('EXTM3U');
  }
  audit.full = false;
  expect((await watch(headers)).status).toBe(200);
});

test('who may not watch is refused, the refusal recorded; a stranger is told nothing of the camera', async () => {
  const approver = await rig.signedIn([{ role: 'approver', area: { level: 'country' } }]);
  expect(await watch(approver.headers)).toMatchObject({
    status: 403,
    acts: [`access.refused refused ${cameraId}`],
  });
  const elsewhere = await rig.signedIn([
    { role: 'owner', area: { level: 'lao', province: 'น่าน', district: 'ปัว', lao: 'อบต.ปัว' } },
  ]);
  expect((await watch(elsewhere.headers)).status).toBe(404);
  expect((await watch({ host: 'localhost' })).status).toBe(401);
  expect(audit.acts.filter((act) => act.includes('watch'))).toEqual([]);
});

test('a right that ends ends the view, and says so', async () => {
  const operator = await rig.signedIn([{ role: 'operator', area: { level: 'country' } }]);
  await watch(operator.headers);
  await rig.people.accounts.change(operator.id, {
    grants: [{ role: 'approver', area: { level: 'country' } }],
  });
  await rig.people.admission.recheck();
  expect((await watch(operator.headers)).status).toBe(403);
  expect(audit.entries.find(({ action }) => action === 'camera.watch.end')).toMatchObject({
    detail: { reason: 'right-ended' },
  });
});
