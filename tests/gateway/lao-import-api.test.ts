/** The Department's list of LAOs as a file: downloaded, looked at row by row, and taken in, all of it or nothing. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { registerPlaceRoutes } from '#gateway/routes/places.ts';
import { openBudgetSources } from '#registry/budget-sources.ts';
import { sheetsOf } from '#registry/inventory/file-sheets.ts';
import { readLaoRows } from '#registry/lao-file/read-lao-rows.ts';
import { openLaos, type Laos } from '#registry/laos.ts';
import { openSites } from '#registry/sites.ts';
import { byTest } from '../registry/cameras-of.ts';
import { ServerRig } from './auth/server-rig.ts';

const krabi = { district: 'เกาะลันตา', province: 'กระบี่' };
const heading = 'รหัส อปท.,ประเภท,ชื่อ อปท.,อำเภอ,จังหวัด,ส่งแบบสำรวจให้';

let rig: ServerRig;
let laos: Laos;
let dla: Record<string, string>;
let province: Record<string, string>;
/** By route, ms. */
const bodyTimeouts = new Map<string, number | undefined>();

beforeAll(async () => {
  rig = await ServerRig.start({
    extraRoutes: [
      (app) => {
        app.addHook('onRoute', ({ url, config }) => {
          bodyTimeouts.set(url, config?.bodyTimeoutMs);
        });
        laos = openLaos(rig.registry, { now: rig.now });
        registerPlaceRoutes(app, {
          laos,
          budgetSources: openBudgetSources(rig.registry, { now: rig.now }),
          sites: openSites(rig.registry, { now: rig.now }),
          countPeople: async () => 0,
        });
      },
    ],
  });
  await rig.app.ready();
  dla = (await rig.signedIn([{ role: 'dla', area: { level: 'country' } }])).headers;
  const area = { level: 'province', province: krabi.province } as const;
  province = (await rig.signedIn([{ role: 'province', area }])).headers;
});
afterAll(async () => rig.close());

const file = (...rows: string[]) => Buffer.from([heading, ...rows].join('\r\n'));

async function dryRun(body: Buffer, headers = dla) {
  return rig.app.inject({
    method: 'POST',
    url: '/api/v1/laos/import/dry-run',
    headers: { ...headers, 'content-type': 'application/octet-stream' },
    payload: body,
  });
}

interface DryRun {
  counts: object;
  plan: string;
  rows: { row: number; fate: string; lao: object | null; refusal: string | null }[];
}

async function accept({ rows, plan }: DryRun, headers = dla) {
  return rig.app.inject({
    method: 'POST',
    url: '/api/v1/laos/import',
    headers,
    payload: { laos: rows.flatMap(({ lao }) => lao ?? []), plan },
  });
}

test('a file is looked at row by row, and written as it was looked at, all of it or nothing', async () => {
  await rig.addCamera({ ...krabi, name: 'ทต.เกาะลันตาใหญ่' });
  const body = file(
    '๐๕๘๑๐๓๐๒,เทศบาลตำบล,ทต.เกาะลันตาใหญ่,เกาะลันตา,กระบี่,จังหวัด',
    '05810303,,อบต.คลองยาง,อ.เกาะลันตา,จ.กระบี่,',
    '12,ทต,ทต.ศาลาด่าน,เกาะลันตา,กระบี่,กรม',
    ',,อบต.ไม่มี,ไม่มี,กระบี่,',
    ',,,เกาะลันตา,กระบี่,',
  );
  const looked = await dryRun(body);
  expect(looked.json()).toMatchObject({
    counts: { new: 1, changed: 1, unchanged: 0, refused: 3 },
    rows: [
      {
        row: 2,
        fate: 'changed',
        changes: [
          { field: 'code', before: null, after: '05810302' },
          { field: 'reportingParent', before: 'district', after: 'province' },
          { field: 'status', before: 'proposed', after: 'listed' },
        ],
      },
      { row: 3, fate: 'new', lao: { name: 'อบต.คลองยาง', code: '05810303' } },
      {
        row: 4,
        fate: 'refused',
        lao: null,
        problems: [
          { cell: 'F4', heading: 'ส่งแบบสำรวจให้', text: 'กรม' },
          { cell: 'A4', heading: 'รหัส อปท.', text: '12' },
        ],
      },
      { row: 5, fate: 'refused', lao: null, problems: [], refusal: 'no_such_district' },
      { row: 6, fate: 'refused', problems: [{ cell: 'C6', reason: 'ต้องกรอก' }] },
    ],
  });
  expect(await laos.list({ status: 'listed' })).toEqual([]);
  const [lanta] = await laos.list({ status: 'proposed' });
  const id = lanta?.id ?? '';

  // Somebody corrects the row in between: what was looked at is not what would be written.
  await laos.change(id, { code: '7777' }, byTest);
  const late = await accept(looked.json<DryRun>());
  expect([late.statusCode, late.json()]).toMatchObject([
    409,
    { error: { code: 'lao_plan_is_another' } },
  ]);
  expect(await laos.list({ status: 'listed' })).toEqual([]);

  const again = (await dryRun(body)).json<DryRun>();
  expect((await accept(again)).json()).toMatchObject({ added: 1, changed: 1, refused: [] });
  expect(await laos.get(id)).toMatchObject({ code: '05810302', reportingParent: 'province' });
  expect((await laos.history(id))[0]?.changes.map(([field]) => field)).toEqual([
    'code',
    'reportingParent',
    'status',
  ]);
  const recorded = rig.audit.entries.filter(({ action }) => action === 'place.change');
  expect(recorded.at(-1)).toMatchObject({ outcome: 'done', detail: { imported: 2 } });
});

test('the list that is downloaded says the same when it comes back', async () => {
  await laos.add(
    { ...krabi, name: 'ทต.ศาลาด่าน', code: '0580', type: null, reportingParent: null },
    { ...byTest, listed: true },
  );
  const answer = await rig.app.inject({ url: '/api/v1/laos/template', headers: dla });
  expect(answer.headers['content-disposition']).toContain('.xlsx');
  const rows = await readLaoRows(await sheetsOf(new Uint8Array(answer.rawPayload)));
  expect(rows.find(({ name }) => name === 'ทต.ศาลาด่าน')?.lao?.code).toBe('0580');
  const { counts } = (await dryRun(answer.rawPayload)).json<DryRun>();
  expect(counts).toEqual({ new: 0, changed: 0, unchanged: rows.length, refused: 0 });
});

test('a file that is none is refused with what to do, and only the Department imports', async () => {
  for (const [body, reason] of [
    [Buffer.from('ก,ข\r\nค,ง'), 'no_header'],
    [file(), 'no_rows'],
    [Buffer.from('ชื่อ อปท.,รหัส อปท.\r\nทต.ก,1234'), 'columns_missing'],
    [Buffer.from(''), 'empty_file'],
  ] as const) {
    const refused = await dryRun(body);
    expect([refused.statusCode, refused.json()]).toMatchObject([
      422,
      { error: { code: 'lao_file_refused', details: { reason } } },
    ]);
  }
  expect((await dryRun(file(), province)).statusCode).toBe(403);
  expect((await accept({ counts: {}, plan: '', rows: [] }, province)).statusCode).toBe(403);
  const template = await rig.app.inject({ url: '/api/v1/laos/template', headers: province });
  expect(template.statusCode).toBe(403);
});

test('what is accepted may take as long to come in as the file: it is no smaller', () => {
  expect(bodyTimeouts.get('/api/v1/laos/import/dry-run')).toBe(60_000);
  expect(bodyTimeouts.get('/api/v1/laos/import')).toBe(60_000);
});
