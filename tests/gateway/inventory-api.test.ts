import { Workbook } from '@cj-tech-master/excelts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { registerCameraCountRoute } from '#gateway/routes/camera-counts.ts';
import { registerInventoryRoutes } from '#gateway/routes/inventory.ts';
import { newCamera, type Camera } from '#registry/camera.ts';
import type { Area } from '#registry/area.ts';
import { templateFor } from '#registry/inventory/template-for.ts';
import { openAcceptedImports, type AcceptedImports } from '#registry/inventory/accepted-imports.ts';
import { IMPORT_LIFE_MS, openImports, type Imports } from '#registry/inventory/imports.ts';
import type { ImportedCameras } from '#registry/inventory/import-run.ts';
import { openBudgetSources } from '#registry/budget-sources.ts';
import { openLaos } from '#registry/laos.ts';
import { purposesHeading } from '#registry/inventory/columns.ts';
import { INVENTORY_SHEET } from '#registry/inventory/workbook-out.ts';
import { byTest } from '../registry/cameras-of.ts';
import { csvOf, goodRow, headings, rowWith } from '../registry/inventory/rows.ts';
import { formExample } from '../simulator/form-example.ts';
import type { ImportRowPage } from '#gateway/web/api/inventory.ts';
import { csvOfRefused } from '#gateway/web/register/refused-file.ts';
import { krabiCamera } from '../registry/krabi-camera.ts';
import { asAdministrator, ServerRig } from './auth/server-rig.ts';

let rig: ServerRig;
let imports: Imports;
let accepted: AcceptedImports;
/** When an import's rows are written. */
let committed: () => Promise<void> = async () => {};

async function start(): Promise<void> {
  rig = await ServerRig.start({
    extraRoutes: [
      (app) => {
        const watched: ImportedCameras = {
          compared: async (...of) => rig.cameras.compared(...of),
          apply: async (...of) => {
            const written = await rig.cameras.apply(...of);
            await committed();
            return written;
          },
        };
        accepted = openAcceptedImports(rig.registry, { now: rig.now });
        imports = openImports(watched, { now: rig.now, onFailure: console.error, accepted });
        const { cameras, liveStates, audit } = rig;
        const forAreas = async (areas: readonly Area[]) => templateFor(rig.registry, areas);
        registerInventoryRoutes(app, {
          imports,
          cameras,
          liveStates,
          templateFor: forAreas,
          audit,
        });
        registerCameraCountRoute(app, { registry: rig.registry, liveStates });
      },
    ],
  });
}

async function end(): Promise<void> {
  await imports.close();
  await rig.close();
}

beforeEach(start);
afterEach(async () => {
  committed = async () => {};
  await end();
});

interface Told {
  id: string;
  phase: string;
  counts: Record<string, number>;
  plan: number;
  changedMeanwhile: boolean;
  refusal: { code: string; thai: string } | null;
}

async function ask(method: 'GET' | 'POST' | 'DELETE', url: string, payload?: object) {
  return rig.app.inject({
    method,
    url: `/api/v1/inventory/${url}`,
    headers: asAdministrator,
    ...(payload === undefined ? {} : { payload }),
  });
}

async function settled(
  id: string,
  headers: Record<string, string> = asAdministrator,
): Promise<Told> {
  for (;;) {
    const url = `/api/v1/inventory/imports/${id}`;
    const told = (await rig.app.inject({ url, headers })).json<Told>();
    if (!['reading', 'comparing', 'applying'].includes(told.phase)) return told;
    await new Promise((done) => setTimeout(done, 10));
  }
}

async function upload(bytes: Uint8Array): Promise<Told> {
  const answer = await rig.app.inject({
    method: 'POST',
    url: '/api/v1/inventory/imports?fileName=a.xlsx',
    headers: { ...asAdministrator, 'content-type': 'application/octet-stream' },
    payload: Buffer.from(bytes),
  });
  expect(answer.statusCode).toBe(202);
  return settled(answer.json<Told>().id);
}

/** What is told at this moment. */
async function accept(id: string, skipRefused = false) {
  const { plan } = (await ask('GET', `imports/${id}`)).json<Told>();
  return ask('POST', `imports/${id}/accept`, { plan, skipRefused });
}

async function all(): Promise<Camera[]> {
  return rig.cameras.list({ limit: 500 });
}

/** Without what belongs to the one registration: id, version, times. */
function inventoryOf(cameras: readonly Camera[]): unknown[] {
  return cameras.map((camera) => {
    const { id: _id, version: _v, createdAt: _c, updatedAt: _u, declaredAt: _d, ...rest } = camera;
    return { ...rest, scopeAttested: null };
  });
}

test.each(['xlsx', 'csv'])(
  "the letter's 70 cameras come out by %s, change nothing, and go into an empty registry and out again, each cell the same",
  async (format) => {
    const given = formExample((name) => `rtsp://192.168.1.9:8554/${name}`);
    await rig.cameras.createMany(
      given.map((one) => newCamera.parse(one)),
      { ...byTest },
    );
    const before = await all();
    const file = (await ask('GET', `export?format=${format}`)).rawPayload;

    const again = await upload(file);
    expect(again).toMatchObject({ phase: 'ready', counts: { unchanged: 70, new: 0, changed: 0 } });
    expect((await accept(again.id)).json()).toMatchObject({
      error: { code: 'import_changes_nothing' },
    });

    for (const { id, version } of before) {
      await rig.cameras.remove(id, { ...byTest, version, reason: 'elsewhere' });
    }
    // Somebody deleted them: none is registered anew, and each row says when, and what to do.
    const deleted = await upload(file);
    expect(deleted.counts).toMatchObject({ new: 0, refused: 70 });
    const refused = await ask('GET', `imports/${deleted.id}/rows?limit=1`);
    expect(refused.json()).toMatchObject({
      rows: [
        { problems: [{ reason: expect.stringMatching(/ถูกลบเมื่อ .* 25\d\d เวลา .*นำกล้องกลับมา/u) }] },
      ],
    });
    // In another registry none of its ids is known, and each row says that it will get a new one.
    await end();
    await start();
    const elsewhere = await upload(file);
    expect(elsewhere.counts).toMatchObject({ new: 70, refused: 0, warned: 70 });
    const [row] = (await ask('GET', `imports/${elsewhere.id}/rows?limit=1`)).json<{
      rows: { warnings: { cell: string; reason: string }[] }[];
    }>().rows;
    expect(row?.warnings[0]).toMatchObject({
      cell: format === 'csv' ? 'A2' : 'A3',
      reason: expect.stringContaining('ได้รหัสใหม่'),
    });
    expect((await accept(elsewhere.id)).statusCode).toBe(202);
    expect(await settled(elsewhere.id)).toMatchObject({ phase: 'applied' });
    expect(inventoryOf(await all())).toEqual(inventoryOf(before));

    const out = (await ask('GET', `export?format=${format}`)).rawPayload;
    const cellsIn = await cellsBesideIds(format, file);
    expect(cellsIn.length).toBeGreaterThan(70);
    expect(await cellsBesideIds(format, out)).toEqual(cellsIn);
    // By the same file the same cameras are found, though its ids are not theirs.
    expect((await upload(file)).counts).toMatchObject({ unchanged: 70, new: 0, refused: 0 });
  },
);

test('an export is narrowed as the list is, and counts are of what is declared', async () => {
  const given = formExample((name) => `rtsp://192.168.1.9:8554/${name}`);
  await rig.cameras.createMany(
    given.map((one) => newCamera.parse(one)),
    { ...byTest },
  );
  const before = await exportedRows('');
  const closed = krabiCamera({ scope: 'closed-area', stream: null });
  const { id, version } = await rig.cameras.create(newCamera.parse(closed), byTest);
  // It is no row of the inventory, and told where closed areas are asked for.
  expect(await exportedRows('')).toBe(before);
  expect(await exportedRows('scope=closed-area')).toBe(1);
  await rig.cameras.remove(id, { ...byTest, version, reason: 'elsewhere' });
  for (const filter of [
    {},
    { declared: 'under-repair' },
    { purpose: 'traffic' },
    { linked: 'false' },
    { q: 'ตลาด' },
    { scope: 'public-area', budgetSource: 'กรมส่งเสริมการปกครองท้องถิ่น' },
  ]) {
    const query = new URLSearchParams(Object.entries(filter)).toString();
    const listed = await rig.app.inject({
      url: `/api/v1/cameras?limit=500&${query}`,
      headers: asAdministrator,
    });
    const { length } = listed.json<{ cameras: unknown[] }>().cameras;
    expect([query, await exportedRows(query)]).toEqual([query, length]);
    const totals = await rig.app.inject({
      url: `/api/v1/cameras/totals?${query}`,
      headers: asAdministrator,
    });
    expect(totals.json()).toEqual({ matching: length, isMore: false, all: 70 });
  }
  const counted = await rig.app.inject({ url: '/api/v1/cameras/counts', headers: asAdministrator });
  const { rows } = counted.json<{ rows: Record<string, number>[] }>();
  const sum = (name: string) => rows.reduce((all, row) => all + (row[name] ?? 0), 0);
  const cameras = await all();
  for (const [name, declared] of [
    ['working', 'working'],
    ['underRepair', 'under-repair'],
    ['unrepairable', 'unrepairable'],
  ] as const) {
    expect(sum(name)).toBe(cameras.filter((camera) => camera.declared === declared).length);
  }
  expect(sum('total')).toBe(70);
});

test('an id that is not there is refused, by its cell, in a file of which others are', async () => {
  const withIds = ['รหัสกล้องในระบบ', ...headings];
  await rig.cameras.createMany([newCamera.parse(await firstRow())], { ...byTest });
  const [camera] = await all();
  const gone = '019aa0b2-6a00-7000-8000-000000000000';
  const other = rowWith({ ตำแหน่งในการติดตั้งกล้อง: 'อีกที่หนึ่ง' });
  const file = await upload(csvOf(withIds, [camera?.id ?? '', ...goodRow], [gone, ...other]));
  expect(file.counts).toMatchObject({ unchanged: 1, refused: 1, new: 0 });
  const { rows } = (await ask('GET', `imports/${file.id}/rows?show=refused`)).json<{
    rows: { problems: { cell: string }[] }[];
  }>();
  expect(rows[0]?.problems[0]?.cell).toBe('A3');
});

async function exportedRows(query: string): Promise<number> {
  const csv = (await ask('GET', `export?format=csv&${query}`)).body;
  return csv.trim().split('\r\n').length - 1;
}

/** Read by the library, which our own reader is not made of; the first column has the ids. */
async function cellsBesideIds(format: string, file: Buffer): Promise<string[][]> {
  const workbook = new Workbook();
  if (format === 'csv') {
    return file
      .toString()
      .split('\r\n')
      .map((line) => [line.slice(line.indexOf(',') + 1)]);
  }
  await workbook.xlsx.load(new Uint8Array(file));
  const sheet = workbook.getWorksheet(INVENTORY_SHEET);
  const rows: string[][] = [];
  sheet?.eachRow((row) => {
    const cells: string[] = [];
    row.eachCell({ includeEmpty: true }, (cell, column) => {
      if (column > 1)
        cells.push(`${typeof cell.value} ${cell.text} ${JSON.stringify(cell.numFmt)}`);
    });
    rows.push(cells);
  });
  return rows;
}

test('three wrong rows, mended, accepted; then one field changed, with history', async () => {
  const bad = rowWith({ สภาพการใช้งาน: 'ดี' });
  const rows = [1, 2, 3, 4].map((number) => rowWith({ ตำแหน่งในการติดตั้งกล้อง: `จุดที่ ${number}` }));
  const first = await upload(csvOf(headings, bad, bad, bad, ...rows));
  expect(first.counts).toMatchObject({ new: 4, refused: 3 });
  const shown = await ask('GET', `imports/${first.id}/rows?show=refused&limit=2`);
  expect(shown.json()).toMatchObject({ rows: [{ row: 2 }, { row: 3 }], nextAfter: 3 });
  const refused = await accept(first.id);
  expect(refused.statusCode).toBe(409);
  expect(refused.json()).toMatchObject({ error: { code: 'import_has_refused_rows' } });
  expect(await all()).toEqual([]);
  // How a row was read is seen before it is written: what stands in no cell too, and no password.
  const asRead = (await ask('GET', `imports/${first.id}/rows?show=new&limit=1`)).json<{
    rows: { values: { field: string; heading: string; value: string }[] }[];
  }>();
  const values = new Map(asRead.rows[0]?.values.map((of) => [of.heading, of.value]));
  expect([...values].filter(([, value]) => value !== '')).toEqual([
    ['ชื่อหน่วยงานเจ้าของกล้อง', 'ทต.เกาะลันตาใหญ่'],
    ['ตำแหน่งในการติดตั้งกล้อง', 'จุดที่ 1'],
    [purposesHeading, '๓.๑ เพื่อป้องกันและเฝ้าระวัง'],
    ['จำนวนวันในการเก็บการบันทึก', '30'],
    ['อปท.', 'ทต.เกาะลันตาใหญ่ · เกาะลันตา · กระบี่'],
    ['แหล่งที่มางบประมาณ จากหน่วยงาน', 'กรมส่งเสริมการปกครองท้องถิ่น'],
    ['ประเภทพื้นที่', 'พื้นที่สาธารณะ'],
    ['สภาพการใช้งาน', 'ใช้งานได้'],
  ]);
  expect(values.get('ยี่ห้อกล้อง')).toBe('');

  const mended = await upload(csvOf(headings, ...rows));
  expect((await ask('GET', `imports/${first.id}`)).statusCode).toBe(404);
  await accept(mended.id);
  expect(await settled(mended.id)).toMatchObject({ phase: 'applied' });
  expect(await all()).toHaveLength(4);
  expect(rig.audit.entries.at(-1)).toMatchObject({ action: 'camera.import', outcome: 'done' });

  const worse = rows.map((row, index) => (index === 2 ? row.with(9, 'อยู่ระหว่างซ่อม') : row));
  const changed = await upload(csvOf(headings, ...worse));
  expect(changed.counts).toMatchObject({ changed: 1, unchanged: 3 });
  const differences = await ask('GET', `imports/${changed.id}/rows?show=changed`);
  expect(differences.json()).toMatchObject({
    rows: [
      {
        row: 4,
        differences: [{ heading: 'สภาพการใช้งาน', before: 'ใช้งานได้', after: 'อยู่ระหว่างซ่อม' }],
      },
    ],
  });
  await accept(changed.id);
  await settled(changed.id);
  const camera = (await all()).find(({ declared }) => declared === 'under-repair');
  const history = await rig.cameras.history(camera?.id ?? '');
  expect(history?.map(({ action, source }) => [action, source])).toEqual([
    ['changed', 'import'],
    ['created', 'import'],
  ]);
});

test('what others changed since the rows were seen is not written over', async () => {
  await rig.cameras.createMany([newCamera.parse(await firstRow())], { ...byTest });
  const file = await upload(csvOf(headings, goodRow.with(9, 'อยู่ระหว่างซ่อม')));
  expect(file.counts).toMatchObject({ changed: 1 });
  const [camera] = await all();
  if (camera === undefined) throw new Error('no camera');
  await rig.cameras.change(camera.id, { brand: 'ยี่ห้อ ข' }, { ...byTest, version: 1 });
  await accept(file.id);
  expect(await settled(file.id)).toMatchObject({ phase: 'ready', changedMeanwhile: true });
  expect((await all())[0]).toMatchObject({ declared: 'working', brand: 'ยี่ห้อ ข' });
  // Sent twice, or from two pages: the second one saw the plan of before.
  const unseen = await ask('POST', `imports/${file.id}/accept`, { plan: file.plan });
  expect(unseen.statusCode).toBe(409);
  expect(unseen.json()).toMatchObject({ error: { code: 'import_plan_is_another' } });
  expect((await all())[0]).toMatchObject({ declared: 'working', brand: 'ยี่ห้อ ข' });
  await accept(file.id);
  expect(await settled(file.id)).toMatchObject({ phase: 'applied' });
  // Who accepted a row stands for its scope, which stays.
  const [accepted] = (await rig.cameras.history(camera.id)) ?? [];
  expect(accepted?.author.id).not.toBe(byTest.author.id);
  expect((await all())[0]).toMatchObject({
    declared: 'under-repair',
    brand: 'ยี่ห้อ ข',
    scopeAttested: { by: accepted?.author },
  });
});

test('a formula in a position comes out as text, and goes in again as it was', async () => {
  const position = '=HYPERLINK("http://evil","x")';
  // Beside it what Excel would read as A, and an agency that looks like two.
  const beside = { brand: '_x0041_', linkedAgencies: ['สภ.ก;ข', '-'] };
  await rig.cameras.createMany([newCamera.parse({ ...(await firstRow()), position, ...beside })], {
    ...byTest,
  });
  const csv = (await ask('GET', 'export?format=csv')).body;
  expect(csv).toContain(`"'=HYPERLINK(""http://evil"",""x"")"`);
  for (const format of ['csv', 'xlsx']) {
    const { rawPayload } = await ask('GET', `export?format=${format}`);
    expect((await upload(rawPayload)).counts).toMatchObject({ unchanged: 1 });
  }
});

test('a password goes in by a file, and comes out of none', async () => {
  const file = await upload(
    csvOf(
      [...headings, 'รหัสผ่านของกล้อง'],
      [...rowWith({ 'ที่อยู่สัญญาณภาพ (RTSP)': 'rtsp://192.168.1.64/a' }), 'pa55word'],
    ),
  );
  await accept(file.id);
  await settled(file.id);
  expect((await rig.cameras.streams())[0]?.password).toBe('pa55word');
  expect((await ask('GET', 'export?format=csv')).body).not.toContain('pa55word');
});

test('what no change may do is refused in the dry run, by its cell; a port that is spelled out is no other device', async () => {
  const urls = [
    'rtsp://u:pa55word@192.168.1.64/a',
    'rtsp://192.168.1.65/user=admin_password=abc_channel=1',
    'rtsp://192.168.1.66/user=admin_password=abc_channel=1',
    'rtsp://192.168.1.67/a',
    'rtsp://u:pa55word@CAM.example/a',
  ];
  const known = await firstRow();
  await rig.cameras.createMany(
    urls.map((url, index) => {
      const place = index === 3 ? { latitude: 7.5, longitude: 99.1 } : {};
      return newCamera.parse({ ...known, ...place, position: `จุดที่ ${index}`, stream: { url } });
    }),
    { ...byTest },
  );
  const ids = (await all()).map(({ id }) => id);
  const withMore = ['รหัสกล้องในระบบ', ...headings, 'รหัสผ่านของกล้อง', 'ละติจูด'];
  const row = (at: number, url: string, password = ''): string[] => {
    const of = { ตำแหน่งในการติดตั้งกล้อง: `จุดที่ ${at}`, 'ที่อยู่สัญญาณภาพ (RTSP)': url };
    return [ids[at] ?? '', ...rowWith(of), password, ''];
  };
  const [own, secret] = ['rtsp://10.9.9.9/a', 'rtsp://10.9.9.9/user=admin_password=***_channel=1'];
  const first = await upload(
    csvOf(
      withMore,
      row(0, own),
      row(1, secret),
      // It has no password beside its address: nothing would follow it.
      row(2, own),
      row(3, own),
      row(4, 'rtsp://cam.example:554/a'),
    ),
  );
  expect(first.counts).toMatchObject({ refused: 3, changed: 2 });
  const { rows } = (await ask('GET', `imports/${first.id}/rows?show=refused`)).json<{
    rows: { problems: { cell: string; text: string }[] }[];
  }>();
  expect(rows.map(({ problems }) => problems.map(({ cell }) => cell))).toEqual([
    ['M2'],
    ['L3'],
    ['N5'],
  ]);
  expect((await accept(first.id, true)).statusCode).toBe(202);
  expect(await settled(first.id)).toMatchObject({ phase: 'applied' });
  const mended = await upload(csvOf(withMore, row(0, own, 'new')));
  await accept(mended.id);
  expect(await settled(mended.id)).toMatchObject({ phase: 'applied' });
  expect((await rig.cameras.streams()).map(({ url, password }) => [url, password])).toEqual([
    [own, 'new'],
    [urls[1], null],
    [own, null],
    [urls[3], null],
    ['rtsp://cam.example:554/a', 'pa55word'],
  ]);
});

test('the template is read, and says that it is empty; a bomb and a page get their answers', async () => {
  const template = (await ask('GET', 'template')).rawPayload;
  expect((await upload(template)).refusal).toMatchObject({ code: 'no_rows' });
  expect((await upload(Buffer.from('<html>'))).refusal?.thai).toContain('แบบฟอร์ม');
  const json = await rig.app.inject({
    method: 'POST',
    url: '/api/v1/inventory/imports',
    headers: { ...asAdministrator, 'content-type': 'text/plain' },
    payload: 'x',
  });
  expect(json.statusCode).toBe(415);
});

test('a template is filled in with where its owner is, and offers what cameras there were paid from', async () => {
  const lanta = { name: 'ทต.เกาะลันตาใหญ่', district: 'เกาะลันตา', province: 'กระบี่' };
  await rig.addCamera(lanta);
  await openBudgetSources(rig.registry, { now: rig.now }).add('กระทรวงมหาดไทย', {
    author: byTest.author,
    listed: true,
  });
  const { headers } = await rig.signedIn([
    {
      role: 'owner',
      area: { level: 'lao', province: 'กระบี่', district: 'เกาะลันตา', lao: lanta.name },
    },
  ]);
  const template = await rig.app.inject({ url: '/api/v1/inventory/template', headers });
  const workbook = new Workbook();
  await workbook.xlsx.load(new Uint8Array(template.rawPayload));
  const sheet = workbook.getWorksheet(INVENTORY_SHEET);
  const rowOf = (number: number): string[] => {
    const cells: string[] = [];
    sheet?.getRow(number).eachCell((cell) => cells.push(cell.text));
    return cells;
  };
  expect(rowOf(3)).toEqual([lanta.name, lanta.district, lanta.province]);
  expect(rowOf(202)).toEqual(rowOf(3));
  const offered: string[] = [];
  workbook
    .getWorksheet('ตัวเลือก')
    ?.getColumn(2)
    .eachCell((cell) => offered.push(cell.text));
  const [heading, first, ...others] = offered;
  expect(heading).toBe('แหล่งที่มางบประมาณ จากหน่วยงาน');
  // That of its camera, then the rest of the list.
  expect([first, ...others.filter((name) => name !== '')]).toEqual([
    'กรมส่งเสริมการปกครองท้องถิ่น',
    'กระทรวงมหาดไทย',
  ]);
  // Rows that nobody filled in are no cameras.
  expect((await upload(template.rawPayload)).refusal).toMatchObject({ code: 'no_rows' });
});

test('rows that were refused are told of after the others are written', async () => {
  const bad = rowWith({ สภาพการใช้งาน: 'ดี', ตำแหน่งในการติดตั้งกล้อง: '=ตลาด' });
  const { id } = await upload(csvOf(headings, goodRow, bad));
  await accept(id, true);
  expect(await settled(id)).toMatchObject({ phase: 'applied', counts: { new: 1, refused: 1 } });
  const page = (await ask('GET', `imports/${id}/rows?show=refused`)).json<ImportRowPage>();
  expect(page).toMatchObject({ rows: [{ row: 3, fate: 'refused' }], nextAfter: null });
  expect((await ask('GET', `imports/${id}/rows?show=new`)).json()).toMatchObject({ rows: [] });
  // As a file for whoever puts them right, of which no cell is calculated.
  const [, line = ''] = csvOfRefused(page.rows).split('\r\n');
  expect(line).toMatch(/^3,'=ตลาด,ทต\.เกาะลันตาใหญ่,J3,สภาพการใช้งาน,ดี,ต้องเป็น /);
});

test('whoever was moved to another LAO has no longer the import of where they were', async () => {
  const lanta = { province: 'กระบี่', district: 'เกาะลันตา' };
  const ownerOf = (lao: string) => ({
    role: 'owner' as const,
    area: { level: 'lao' as const, ...lanta, lao },
  });
  const { id: accountId, headers: own } = await rig.signedIn([ownerOf('ทต.เกาะลันตาใหญ่')]);
  const asked = async (method: 'GET' | 'POST' | 'DELETE', of: string, payload?: object) =>
    rig.app.inject({
      method,
      url: `/api/v1/inventory/imports/${of}`,
      headers: own,
      ...(payload === undefined ? {} : { payload }),
    });
  const begun = await rig.app.inject({
    method: 'POST',
    url: '/api/v1/inventory/imports?fileName=a.csv',
    headers: { ...own, 'content-type': 'text/csv' },
    payload: Buffer.from(csvOf(headings, goodRow)),
  });
  const { id } = begun.json<Told>();
  expect(await settled(id, own)).toMatchObject({ phase: 'ready', counts: { new: 1 } });

  await rig.people.accounts.change(accountId, { grants: [ownerOf('อบต.คลองยาง')] });
  await rig.people.admission.recheck();
  for (const [method, url] of [
    ['GET', id],
    ['GET', `${id}/rows`],
    ['POST', `${id}/accept`],
  ] as const) {
    const answer = await asked(method, url, method === 'POST' ? { plan: 1 } : undefined);
    expect([url, answer.statusCode]).toEqual([url, 404]);
  }
  expect(await all()).toEqual([]);

  // With more than before it is theirs.
  const both = [ownerOf('อบต.คลองยาง'), ownerOf('ทต.เกาะลันตาใหญ่')];
  await rig.people.accounts.change(accountId, { grants: both });
  await rig.people.admission.recheck();
  expect((await asked('POST', `${id}/accept`, { plan: 1 })).statusCode).toBe(202);
  expect(await settled(id, own)).toMatchObject({ phase: 'applied' });
  await rig.people.accounts.change(accountId, { grants: [ownerOf('อบต.คลองยาง')] });
  await rig.people.admission.recheck();
  // What is written is not thrown away: it goes by itself.
  expect((await asked('DELETE', id)).statusCode).toBe(409);
});

test('an import that is thrown away while it is being committed is written, and whoever throws it away is told so', async () => {
  const { id } = await upload(csvOf(headings, goodRow));
  const reached = Promise.withResolvers<void>();
  const goesOn = Promise.withResolvers<void>();
  committed = async () => {
    reached.resolve();
    await goesOn.promise;
  };
  await accept(id);
  await reached.promise;
  const thrown = ask('DELETE', `imports/${id}`);
  expect((await ask('GET', `imports/${id}`)).json()).toMatchObject({ phase: 'applying' });
  goesOn.resolve();
  const answer = await thrown;
  expect([answer.statusCode, answer.json<object>()]).toMatchObject([
    409,
    { error: { code: 'import_already_written' } },
  ]);
  expect((await ask('GET', `imports/${id}`)).json()).toMatchObject({ phase: 'applied' });
  expect(await all()).toHaveLength(1);
  // Nor later, by somebody who has not seen yet that it is written.
  expect((await ask('DELETE', `imports/${id}`)).statusCode).toBe(409);
});

test('an import that is looked at again and again is over after four hours', async () => {
  const { id } = await upload(csvOf(headings, goodRow));
  const MINUTE_MS = 60_000;
  for (let look = 1; look <= 8; look++) {
    rig.clock.aheadMs += 29 * MINUTE_MS;
    expect([look, (await ask('GET', `imports/${id}`)).statusCode]).toEqual([look, 200]);
  }
  rig.clock.aheadMs += 9 * MINUTE_MS;
  expect((await ask('GET', `imports/${id}`)).statusCode).toBe(404);
});

test('whether an accepted import was saved is told when the process that wrote it is gone', async () => {
  const { id, counts } = await upload(csvOf(headings, goodRow));
  const look = async () => ask('GET', `imports/${id}`);
  await accept(id);
  await settled(id);
  // It is in the memory of nobody any more.
  rig.clock.aheadMs += IMPORT_LIFE_MS;
  expect((await look()).json()).toMatchObject({ phase: 'applied', counts, refusal: null });
  expect((await ask('GET', `imports/${id}/rows`)).statusCode).toBe(404);
  await rig.registry.updateTable('accepted_imports').set({ state: 'begun' }).execute();
  // As a process leaves it that ended before its commit.
  for (let time = 0; time < 2; time++) {
    expect((await look()).json()).toMatchObject({
      phase: 'failed',
      refusal: { code: 'import_interrupted' },
    });
  }
  const one = { fileName: '', areas: [], counts: noRows };
  await accepted.begin({ ...one, id: 'of-another', actorId: 'another' });
  expect((await ask('GET', 'imports/of-another')).statusCode).toBe(404);
  const thrownAway = await upload(csvOf(headings, rowWith({ ยี่ห้อ: 'ข' })));
  await accepted.begin({ ...one, id: thrownAway.id, actorId: 'another' });
  await ask('DELETE', `imports/${thrownAway.id}`);
  expect(await accepted.find(thrownAway.id, 'another', () => true)).toBeUndefined();
});

const noRows = { new: 0, changed: 0, unchanged: 0, refused: 0, warned: 0 };

const ofMerged = { 'อปท.': 'ทต.ลันตา', อำเภอ: 'คลองท่อม' };
const merged = { name: 'ทต.ลันตา', district: 'คลองท่อม', province: 'กระบี่' };
const target = { name: 'ทต.เกาะลันตาใหญ่', district: 'เกาะลันตา', province: 'กระบี่' };

async function merge(): Promise<void> {
  const laos = openLaos(rig.registry, { now: rig.now });
  const listed = await laos.list({});
  const idOf = (of: { name: string }) => listed.find(({ name }) => name === of.name)?.id ?? '';
  await laos.merge(idOf(merged), idOf(target), { author: byTest.author });
}

test('a file that names an LAO by a name that was merged into another finds its cameras there', async () => {
  const other = rowWith({ ...ofMerged, ตำแหน่งในการติดตั้งกล้อง: 'ท่าเรือ' });
  const first = await upload(csvOf(headings, goodRow, rowWith(ofMerged), other));
  await accept(first.id);
  await settled(first.id);
  await merge();

  const mended = other.with(9, 'อยู่ระหว่างซ่อม');
  const file = await upload(csvOf(headings, mended));
  expect(file.counts).toMatchObject({ new: 0, changed: 1, unchanged: 0, warned: 1 });
  const { rows } = (await ask('GET', `imports/${file.id}/rows`)).json<{ rows: object[] }>();
  expect(rows).toMatchObject([
    {
      lao: merged.name,
      differences: [{ field: 'declared' }],
      warnings: [{ text: merged.name, reason: expect.stringContaining(target.name) }],
    },
  ]);
  await accept(file.id);
  expect(await settled(file.id)).toMatchObject({ phase: 'applied' });
  const cameras = await all();
  expect(cameras.map(({ lao }) => lao)).toEqual([target, target, target]);
  expect(cameras.filter(({ declared }) => declared === 'under-repair')).toMatchObject([
    { position: 'ท่าเรือ' },
  ]);
  // With its ids as well: an LAO that it is not called any more is no difference.
  const withIds = ['รหัสกล้องในระบบ', ...headings];
  const { id } = cameras.find(({ position }) => position === 'ท่าเรือ') ?? { id: '' };
  expect((await upload(csvOf(withIds, [id, ...mended]))).counts).toMatchObject({ unchanged: 1 });
});

test('an LAO that was merged into one of another district is imported by that district, and by its own no more', async () => {
  const first = await upload(csvOf(headings, goodRow, rowWith(ofMerged)));
  await accept(first.id);
  await settled(first.id);
  await merge();
  const told: Record<string, unknown> = {};
  for (const district of ['คลองท่อม', 'เกาะลันตา']) {
    const { headers: own } = await rig.signedIn([
      { role: 'district', area: { level: 'district', province: 'กระบี่', district } },
    ]);
    const begun = await rig.app.inject({
      method: 'POST',
      url: '/api/v1/inventory/imports?fileName=a.csv',
      headers: { ...own, 'content-type': 'text/csv' },
      payload: Buffer.from(csvOf(headings, rowWith({ ...ofMerged, ตำแหน่งในการติดตั้งกล้อง: 'ที่ใหม่' }))),
    });
    const { id } = begun.json<Told>();
    await settled(id, own);
    const url = `/api/v1/inventory/imports/${id}`;
    const { rows } = (await rig.app.inject({ url: `${url}/rows`, headers: own })).json<{
      rows: { fate: string; problems: { heading: string; text: string; reason: string }[] }[];
    }>();
    told[district] = rows;
  }
  expect(told).toMatchObject({
    คลองท่อม: [
      {
        fate: 'refused',
        problems: [
          {
            heading: 'อปท.',
            text: merged.name,
            reason: expect.stringMatching(/ไม่มีสิทธิ์.*รวมไว้กับ “ทต.เกาะลันตาใหญ่” อำเภอเกาะลันตา/),
          },
        ],
      },
    ],
    เกาะลันตา: [{ fate: 'new', problems: [] }],
  });
});

test('an LAO that is merged between the plan and its acceptance: nothing is written, the rows are shown anew', async () => {
  const first = await upload(
    csvOf(headings, goodRow, rowWith({ ...ofMerged, ตำแหน่งในการติดตั้งกล้อง: 'ท่าเรือ' })),
  );
  await accept(first.id);
  await settled(first.id);
  const file = await upload(csvOf(headings, rowWith(ofMerged)));
  expect(file.counts).toMatchObject({ new: 1 });
  await merge();
  await accept(file.id);
  // What it names is the first camera now.
  expect(await settled(file.id)).toMatchObject({
    phase: 'ready',
    changedMeanwhile: true,
    counts: { new: 0, unchanged: 1 },
  });
  expect(await all()).toHaveLength(2);
});

test('a workbook that names an LAO as it was called before it was corrected is of that LAO; of two that were called so, of neither', async () => {
  const laos = openLaos(rig.registry, { now: rig.now });
  const idOf = async (name: string) => (await laos.list({ q: name }))[0]?.id ?? '';
  const other = rowWith({ 'อปท.': 'อบต.คลองยาง', ตำแหน่งในการติดตั้งกล้อง: 'ท่าเรือ' });
  const first = await upload(csvOf(headings, goodRow, other));
  await accept(first.id);
  await settled(first.id);
  await laos.change(await idOf(target.name), { name: 'ทม.เกาะลันตา', district: 'คลองท่อม' }, byTest);

  const old = csvOf(headings, goodRow.with(9, 'อยู่ระหว่างซ่อม'));
  const file = await upload(old);
  expect(file.counts).toMatchObject({ new: 0, changed: 1, warned: 1 });
  const { rows } = (await ask('GET', `imports/${file.id}/rows`)).json<{ rows: object[] }>();
  const reason = expect.stringContaining('ชื่อเดิมของ “ทม.เกาะลันตา” อำเภอคลองท่อม');
  expect(rows).toMatchObject([
    { differences: [{ field: 'declared' }], warnings: [{ text: target.name, reason }] },
  ]);
  await accept(file.id);
  expect(await settled(file.id)).toMatchObject({ phase: 'applied' });
  const now = { name: 'ทม.เกาะลันตา', district: 'คลองท่อม', province: 'กระบี่' };
  expect((await all()).map(({ lao, declared }) => [lao.name, declared])).toEqual([
    [now.name, 'under-repair'],
    ['อบต.คลองยาง', 'working'],
  ]);

  // Another LAO bears it, and is meant by it for as long as it does.
  const second = await idOf('อบต.คลองยาง');
  await laos.change(second, { name: target.name }, byTest);
  expect((await upload(old)).counts).toMatchObject({ new: 1, warned: 0 });
  await laos.change(second, { name: 'ทต.คลองยาง' }, byTest);
  const unsure = await upload(old);
  expect(unsure.counts).toMatchObject({ refused: 1 });
  expect((await ask('GET', `imports/${unsure.id}/rows`)).json()).toMatchObject({
    rows: [
      { problems: [{ reason: expect.stringMatching(/ทม.เกาะลันตา.*ทต.คลองยาง.*ระบุชื่อปัจจุบัน/) }] },
    ],
  });
});

test('a row that names a budget source that was merged is of the one that it went into', async () => {
  const sourceHeading = 'แหล่งที่มางบประมาณ จากหน่วยงาน';
  const department = goodRow.at(headings.indexOf(sourceHeading)) ?? '';
  const old = rowWith({ [sourceHeading]: 'กรมส่งเสริมฯ' });
  const first = await upload(csvOf(headings, old, rowWith({ 'อปท.': 'อบต.คลองยาง' })));
  await accept(first.id);
  await settled(first.id);
  const sources = openBudgetSources(rig.registry, { now: rig.now });
  const listed = await sources.list();
  const idOf = (of: string) => listed.find(({ name }) => name === of)?.id ?? '';
  await sources.merge(idOf('กรมส่งเสริมฯ'), idOf(department), { author: byTest.author });

  const file = await upload(csvOf(headings, old));
  expect(file.counts).toMatchObject({ unchanged: 1, changed: 0, warned: 1 });
  expect((await ask('GET', `imports/${file.id}/rows`)).json()).toMatchObject({
    rows: [
      {
        differences: [],
        warnings: [
          {
            heading: sourceHeading,
            text: 'กรมส่งเสริมฯ',
            reason: expect.stringContaining(department),
          },
        ],
      },
    ],
  });

  // Merged between the plan and its acceptance: the rows are shown anew, and nothing is written.
  const other = 'งบจังหวัด';
  const third = rowWith({ [sourceHeading]: other, ตำแหน่งในการติดตั้งกล้อง: 'ท่าเรือ' });
  const entered = await upload(csvOf(headings, third));
  await accept(entered.id);
  await settled(entered.id);
  const waiting = await upload(csvOf(headings, third.with(9, 'อยู่ระหว่างซ่อม')));
  expect(waiting.counts).toMatchObject({ changed: 1, warned: 0 });
  const otherId = (await sources.list()).find(({ name }) => name === other)?.id ?? '';
  await sources.merge(otherId, idOf(department), { author: byTest.author });
  await accept(waiting.id);
  expect(await settled(waiting.id)).toMatchObject({
    phase: 'ready',
    changedMeanwhile: true,
    counts: { changed: 1, warned: 1 },
  });

  // Corrected, it is still found by what it was called.
  await sources.change(idOf(department), { name: 'สถ. (กรมส่งเสริมการปกครองท้องถิ่น)' }, byTest);
  expect((await upload(csvOf(headings, goodRow))).counts).toMatchObject({
    unchanged: 1,
    warned: 1,
  });
  expect((await upload(csvOf(headings, old))).counts).toMatchObject({ unchanged: 1, warned: 1 });
});

test('a former name is found by any spelling of a district that is on no list', async () => {
  const proposed = { name: 'ทต.ดอนสัก', district: 'อำเภอดอนหาย', province: 'กระบี่' };
  await rig.cameras.create(newCamera.parse({ ...(await firstRow()), lao: proposed }), byTest);
  const laos = openLaos(rig.registry, { now: rig.now });
  const [lao] = await laos.list({ q: 'ดอนสัก' });
  await laos.change(lao?.id ?? '', { district: 'คลองท่อม' }, byTest);
  for (const district of ['ดอนหาย', 'อ.ดอนหาย', 'อำเภอดอนหาย']) {
    const file = await upload(csvOf(headings, rowWith({ 'อปท.': proposed.name, อำเภอ: district })));
    expect([district, file.counts]).toMatchObject([district, { new: 0, refused: 0, warned: 1 }]);
    const { rows } = (await ask('GET', `imports/${file.id}/rows`)).json<{
      rows: { warnings: { reason: string }[] }[];
    }>();
    expect(rows[0]?.warnings[0]?.reason).toMatch(/ใน “.*ดอนหาย” เป็นชื่อเดิมของ/);
  }
});

/** What `goodRow` registers. */
async function firstRow(): Promise<object> {
  const told = await upload(csvOf(headings, goodRow));
  await accept(told.id);
  await settled(told.id);
  const [camera] = await all();
  if (camera === undefined) throw new Error('no camera');
  await rig.cameras.remove(camera.id, { ...byTest, version: camera.version, reason: 'x' });
  const { id: _i, version: _v, createdAt: _c, updatedAt: _u, declaredAt: _d, ...rest } = camera;
  const { scopeAttested: _s, ...given } = rest;
  return given;
}
