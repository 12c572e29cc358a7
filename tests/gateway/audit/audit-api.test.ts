/** The audit log over HTTP, as an auditor's screen asks for it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keepAudit, type AuditKeeper } from '#gateway/audit/keeper.ts';
import { verifyAudit } from '#gateway/audit/verify-audit.ts';
import { auditNames } from '#gateway/audit-names.ts';
import { registerAuditRoutes } from '#gateway/routes/audit.ts';
import type { Databases } from '#registry/database/database.ts';
import { openDatabases } from '#registry/database/open-databases.ts';
import { byTest } from '../../registry/cameras-of.ts';
import { ServerRig } from '../auth/server-rig.ts';
import { anEntry } from './entries.ts';
import { memoryFolder } from '../../memory-folder.ts';

interface Page {
  entries: { sequence: number; action: string; at: string; actor: { id: string }; hash: string }[];
  unreadable: number[];
  nextCursor: string | null;
}

let folder: string;
let databases: Databases;
let keeper: AuditKeeper;
let app: FastifyInstance;
let rig: ServerRig;
let auditor: Awaited<ReturnType<ServerRig['signedIn']>>;
let nowMs: number;

beforeEach(async () => {
  nowMs = Date.UTC(2026, 10, 25, 1);
  folder = mkdtempSync(join(memoryFolder(), 'audit-api-'));
  databases = openDatabases({ dataDir: folder });
  keeper = await keepAudit(
    databases,
    {
      dataDir: folder,
      audit: { retentionDays: 90, keyFile: undefined, anchorFile: undefined },
    },
    { now: () => nowMs, log: { info: () => {}, error: () => {} } },
  );
  rig = await ServerRig.start({
    audit: keeper.log,
    extraRoutes: [
      (scope) =>
        registerAuditRoutes(scope, keeper, async (ids) =>
          auditNames({ registry: rig.registry, people: rig.people.database }, ids),
        ),
    ],
  });
  ({ app } = rig);
  auditor = await rig.signedIn([{ role: 'auditor', area: { level: 'country' } }]);
});
afterEach(async () => {
  await rig.close();
  await databases.close();
  rmSync(folder, { recursive: true });
});

const get = async (url: string) => app.inject({ url, headers: auditor.headers });
const page = async (query = '') => (await get(`/api/v1/audit${query}`)).json<Page>();

test('newest first, page by page, each entry once; and the reading is in it', async () => {
  for (let i = 0; i < 5; i++) {
    nowMs += 1_000;
    await keeper.log.record(anEntry({ detail: { i } }));
  }
  const first = await page('?limit=3&action=camera.change');
  expect(first.entries.map(({ sequence }) => sequence)).toEqual([6, 5, 4]);
  const second = await page(`?limit=3&action=camera.change&cursor=${first.nextCursor}`);
  expect(second.entries.map(({ sequence }) => sequence)).toEqual([3, 2]);
  expect(second.nextCursor).toBeNull();
  const all = await page();
  expect(all.entries.map(({ action }) => action)).toEqual([
    'audit.search',
    'audit.search',
    'audit.search',
    ...Array.from({ length: 5 }, () => 'camera.change'),
    'gateway.start',
  ]);
  expect(all.entries[1]).toMatchObject({
    actor: { id: auditor.id, role: 'auditor' },
    from: { address: '127.0.0.1' },
    detail: { query: { action: 'camera.change', limit: 3 } },
  });
});

test('narrowed by actor, object, outcome and a time with its zone', async () => {
  await keeper.log.record(anEntry());
  nowMs = Date.UTC(2026, 10, 25, 2);
  await keeper.log.record(
    anEntry({
      actor: { id: 'b', name: '' },
      object: { kind: 'person', id: 'c' },
      outcome: 'refused',
    }),
  );
  const queries = [
    'actor=b',
    'objectKind=person',
    'object=c',
    'outcome=refused',
    `from=${encodeURIComponent('2026-11-25T09:00:00+07:00')}&action=camera.change`,
  ];
  for (const query of queries) {
    expect((await page(`?${query}`)).entries.map(({ sequence }) => sequence)).toEqual([3]);
  }
});

test('what is asked for wrongly is refused, and not recorded as read', async () => {
  for (const query of ['cursor=x', 'limit=0', 'from=2026-11-25', 'action=fly', 'outcome=perhaps']) {
    expect([query, (await get(`/api/v1/audit?${query}`)).statusCode]).toEqual([query, 400]);
  }
  expect((await page()).entries.filter(({ action }) => action === 'audit.search')).toHaveLength(1);
});

test('an export can be verified, and holds the act of exporting it', async () => {
  for (let i = 0; i < 1_200; i++) void keeper.log.record(anEntry({ detail: { i } }));
  const answer = await get('/api/v1/audit/export');
  expect(answer.headers['content-type']).toContain('application/x-ndjson');
  expect(answer.headers['content-disposition']).toMatch(
    /^attachment; filename="audit 25\d\d-.*\.jsonl"; filename\*=UTF-8''%E0%B8%9A/,
  );
  const file = join(folder, 'export.jsonl');
  writeFileSync(file, answer.body);
  const { lines, intact } = await verifyAudit(file, { publicKeyFiles: [], anchorFiles: [] });
  expect([intact, lines]).toEqual([true, expect.arrayContaining(['entries: 1202, 1 to 1202'])]);
  expect(answer.body).toContain('audit.export');
});

test('the API describes itself with the audit log in it', async () => {
  const document = (await get('/api/v1/openapi.json')).json<{
    paths: object;
    components: { schemas: object };
  }>();
  expect(Object.keys(document.paths)).toEqual(
    expect.arrayContaining(['/api/v1/audit', '/api/v1/audit/export']),
  );
  expect(document.components.schemas).toHaveProperty('ListedAuditEntry');
});

test('a log that cannot be written is not read either', async () => {
  await keeper.log.close();
  for (const url of ['/api/v1/audit', '/api/v1/audit/export']) {
    const answer = await get(url);
    expect(answer.statusCode).toBe(503);
    expect(answer.json()).toMatchObject({ error: { code: 'audit_unavailable' } });
  }
});

test('what ids of entries are called is told beside them: cameras, deleted ones too, people and LAOs', async () => {
  const lao = { name: 'ทต.เกาะลันตาใหญ่', district: 'เกาะลันตา', province: 'กระบี่' };
  const cameraId = await rig.addCamera(lao);
  await rig.cameras.remove(cameraId, { ...byTest, version: 1, reason: 'ลบผิดตัว' });
  const { id: laoId } = await rig.registry
    .selectFrom('laos')
    .select('id')
    .executeTakeFirstOrThrow();
  const nobody = '019ec1a0-0000-7000-8000-000000000001';
  await keeper.log.record(
    anEntry({
      object: { kind: 'camera', id: cameraId },
      detail: { into: laoId, of: [{ by: auditor.id }], nobody },
    }),
  );
  const told = (await get('/api/v1/audit')).json<{ names: object }>();
  expect(told.names).toEqual({
    [cameraId]: { kind: 'camera', name: 'หน้าตลาดสด ถนนเทศบาล ๑' },
    [laoId]: { kind: 'lao', name: lao.name },
    [auditor.id]: { kind: 'person', name: expect.stringContaining('คนที่') },
  });
});
