/** Which registered camera a row is about, and what is said of it. */
import { expect, test } from 'vitest';
import { newCamera, type NewCamera } from '#registry/camera.ts';
import { columns } from '#registry/inventory/columns.ts';
import { budgetSourceKey, laoKey } from '#registry/managed-keys.ts';
import { matchKey } from '#registry/thai-names.ts';
import { krabiCamera } from '../krabi-camera.ts';
import { idOf, planned, registered } from './planned.ts';
import { goodRow, headings, rowWith } from './rows.ts';

const position = 'ตำแหน่งในการติดตั้งกล้อง';

test('a row without an id is of no camera whose position differs by what stands between two digits', async () => {
  const existing = registered(1, krabiCamera({ position: 'ถนนเพชรเกษม กม. 15', stream: null }));
  const { plan } = await planned([headings, row('ถนนเพชรเกษม กม. 1.5', '')], [existing]);
  expect(plan.counts).toMatchObject({ new: 1, changed: 0 });
  const same = await planned([headings, row('ถนนเพชรเกษม กม.๑๕', '')], [existing]);
  expect(same.plan.counts).toMatchObject({ new: 0, changed: 1 });
});

const address = 'ที่อยู่สัญญาณภาพ (RTSP)';
const at = (where: string, url: string | null, number = 1) =>
  registered(number, krabiCamera({ position: where, stream: url === null ? null : { url } }));
/** Of a camera that is registered, it changes field ๙. */
const row = (where: string, url: string): string[] =>
  rowWith({ [position]: where, [address]: url, จำนวนวันในการเก็บการบันทึก: '45' });

test('another device at the position of a registered camera is another camera on the pole, and said so once', async () => {
  const [own, other] = ['rtsp://10.5.5.3/s', 'rtsp://10.5.5.4/s'];
  const pole = [at('เสา ก', own)];
  const second = await planned([headings, row('เสา ก', other)], pole);
  expect(second.plan.counts).toMatchObject({ new: 1, changed: 0, warned: 1 });
  expect(second.fates[0]?.warnings[0]).toMatchObject({ cell: 'B2' });
  // With the first one in the file, both are told of, once.
  const both = await planned([headings, row('เสา ก', own), row('เสา ก', other)], pole);
  expect(both.fates.map(({ fate }) => fate)).toEqual(['changed', 'new']);
  expect(both.plan.counts).toMatchObject({ warned: 1 });
  // Another path of its device, and what is linked now, are the same camera's.
  for (const [before, after] of [
    [own, 'rtsp://10.5.5.3:554/t'],
    [null, other],
    [own, ''],
  ] as const) {
    const { fates } = await planned([headings, row('เสา ก', after)], [at('เสา ก', before)]);
    expect(fates).toMatchObject([{ fate: 'changed', cameraId: idOf(1), warnings: [] }]);
  }
});

test('no row brings a camera where another one is with its stream; those that are so already stay', async () => {
  const withIds = ['รหัสกล้องในระบบ', ...headings];
  const [first, second] = ['rtsp://10.5.5.3/s', 'rtsp://10.5.5.4/s'];
  const two = [at('เสา ก', first), at('เสา ข', second, 2)];
  const fatesOf = async (rows: string[][], existing = two) => {
    const { fates } = await planned([withIds, ...rows], existing);
    return fates.map(({ fate, problems }) => (fate === 'refused' ? problems[0]?.cell : fate));
  };
  const moved = [idOf(2), ...row('เสา ก', 'rtsp://10.5.5.3:554/s')];
  expect(await fatesOf([moved])).toEqual(['L2']);
  expect(await fatesOf([moved, [idOf(1), ...row('เสา ก', first)]])).toEqual(['L2', 'changed']);
  // Where the other one leaves, there is room; where its row is refused, it does not leave.
  expect(await fatesOf([moved, [idOf(1), ...row('เสา ข', second)]])).toEqual([
    'changed',
    'changed',
  ]);
  const sealed = registered(
    1,
    krabiCamera({ position: 'เสา ก', stream: { url: 'rtsp://u:p@10.5.5.3/s' } }),
  );
  const away = [idOf(1), ...row('เสา ค', 'rtsp://10.9.9.9/s')];
  expect(await fatesOf([moved, away], [sealed, two[1] ?? sealed])).toEqual(['L2', null]);
  // Of two new ones the second; of two that somebody confirmed none, with ids and without.
  const news = ['', ''].map((id) => [id, ...row('เสา ค', 'rtsp://10.5.5.5/s')]);
  expect(await fatesOf(news)).toEqual(['new', 'L3']);
  const twice = [at('เสา ก', first), at('เสา ก', first, 2)];
  for (const ids of [
    ['', ''],
    [idOf(1), idOf(2)],
  ]) {
    const rows = ids.map((id) => [id, ...row('เสา ก', first)]);
    expect(await fatesOf(rows, twice)).toEqual(['changed', 'changed']);
  }
});

const source = 'แหล่งที่มางบประมาณ จากหน่วยงาน';
const known = {
  laos: [laoKey({ name: 'ทต.เกาะลันตาใหญ่', district: 'เกาะลันตา', province: 'กระบี่' })],
  budgetSources: [budgetSourceKey('กระทรวงมหาดไทย')],
};

test('a name that the lists do not have is warned of once; the LAO as its own budget source is not', async () => {
  const rows = [
    { 'อปท.': 'เทศบาลตำบลเกาะลันตาใหญ่', [source]: 'กระทรวงมหาดไทย' },
    { 'อปท.': 'ทต.เกาะลันตาใหญ', [source]: 'กระทรวงมหาดไท' },
    { 'อปท.': 'ทต.เกาะลันตาใหญ', [source]: 'กระทรวงมหาดไท' },
    { [source]: 'ทต. เกาะลันตาใหญ่' },
  ].map((changes, index) => rowWith({ ...changes, [position]: `จุดที่ ${index}` }));
  const listed = { laos: [], budgetSources: [], sites: [], known };
  const { fates } = await planned([headings, ...rows], [], listed);
  const warned = fates.map(({ warnings }) => warnings.map(({ cell, text }) => [cell, text]));
  expect(warned).toEqual([
    [],
    [
      ['E3', 'ทต.เกาะลันตาใหญ'],
      ['H3', 'กระทรวงมหาดไท'],
    ],
    [],
    [],
  ]);
});

test('a budget source by its name of before is the one of now; of two that were called so, neither', async () => {
  const key = budgetSourceKey('กรมส่งเสริมฯ');
  const camera = registered(1, { ...krabiCamera(), stream: null, budgetSource: 'กระทรวงมหาดไทย' });
  const file = [headings, rowWith({ [position]: camera.position, [source]: 'กรมส่งเสริมฯ' })];
  const led = (...to: string[]) => ({
    laos: [],
    budgetSources: [{ key, why: 'corrected' as const, to }],
    sites: [],
    known,
  });
  const { fates } = await planned(file, [camera], led('กระทรวงมหาดไทย'));
  expect(fates[0]?.differences.map(({ field }) => field)).not.toContain('budgetSource');
  expect(fates).toMatchObject([{ warnings: [{ cell: 'H2', text: 'กรมส่งเสริมฯ' }] }]);
  const both = await planned(file, [camera], led('กระทรวงมหาดไทย', 'จังหวัดกระบี่'));
  expect(both.fates).toMatchObject([{ fate: 'refused', problems: [{ cell: 'H2' }] }]);
});

test('a site by its name of before, or of one that was merged into it, is no change', async () => {
  const camera = registered(1, { ...krabiCamera(), stream: null, site: 'ตู้เทศบาล' });
  const file = [
    [...headings, 'จุดรวมสัญญาณ'],
    [...rowWith({ [position]: camera.position }), 'ตู้ ๑'],
  ];
  const sites = [{ lao: laoKey(camera.lao), key: matchKey('ตู้ 1'), to: 'ตู้เทศบาล' }];
  const differ = async (names: typeof sites) => {
    const listed = { laos: [], budgetSources: [], sites: names, known };
    const { fates } = await planned(file, [camera], listed);
    return fates[0]?.differences.map(({ field }) => field).includes('site');
  };
  expect(await differ(sites)).toBe(false);
  expect(await differ([])).toBe(true);
});

test('an address with *** where its secret was makes no camera, and keeps the one that has it', async () => {
  const shown = 'rtsp://10.5.5.3/user=admin_password=***_channel=1';
  const file = [headings, row('เสา ก', shown)];
  const { fates } = await planned(file, []);
  expect(fates).toMatchObject([{ fate: 'refused', problems: [{ cell: 'K2', text: '' }] }]);
  expect(fates[0]?.problems[0]?.reason).toContain('***');
  const { stream, ...camera } = at('เสา ก', 'rtsp://10.5.5.3/s');
  if (stream === null) throw new Error('it is linked');
  const known = { ...camera, stream: { ...stream, url: shown } };
  expect((await planned(file, [known])).fates).toMatchObject([{ fate: 'changed', problems: [] }]);
});

test('a row that closes the area of a linked camera shows that its link and all that is said of it go, without a column for them too', async () => {
  const url = 'rtsp://u:p@10.5.5.3/s';
  const camera = registered(1, krabiCamera({ position: 'เสา ก', stream: { url } }));
  const closed = rowWith({
    [position]: 'เสา ก',
    ประเภทพื้นที่: 'พื้นที่ปิดเฉพาะ',
    [source]: camera.budgetSource,
  });
  const without = [headings, closed].map((cells) => cells.toSpliced(headings.indexOf(address), 1));
  for (const file of [[headings, closed], without]) {
    const { fates, planner } = await planned(file, [camera]);
    expect(fates[0]?.differences).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ field: 'scope' }),
        expect.objectContaining({ field: 'stream.url', before: 'rtsp://10.5.5.3/s', after: '' }),
        expect.objectContaining({ field: 'stream.password', after: '' }),
        expect.objectContaining({ field: 'linkedAgencies', before: 'สภ.เกาะลันตา', after: '' }),
        expect.objectContaining({ field: 'linkNetwork', after: '' }),
      ]),
    );
    const change = { linkedAgencies: [], linkNetwork: null, stream: null };
    expect(planner.operations(0, 1)).toMatchObject([{ change }]);
  }
});

test('a purpose without a column in the file stays with its camera; what a row empties is shown as empty', async () => {
  const camera = registered(1, {
    ...krabiCamera({ position: 'หน้าตลาดสด', stream: null, linkedAgencies: ['สภ.ก'] }),
    purposes: ['investigation', 'traffic'],
  });
  const { fates, planner } = await planned(
    [
      [...headings, 'รหัสกล้องในระบบ (ห้ามแก้ไข)', 'ข้อมูลการเชื่อมโยงหน่วยงาน'],
      [...goodRow, idOf(1), ''],
    ],
    [camera],
  );
  expect(planner.operations(0, 1)).toMatchObject([
    { change: { purposes: ['prevention', 'investigation', 'traffic'], linkedAgencies: [] } },
  ]);
  expect(fates[0]?.differences).toContainEqual(
    expect.objectContaining({ field: 'linkedAgencies', before: 'สภ.ก', after: '' }),
  );
});

test('the camera of a row is the one that the rules of a camera make of it', async () => {
  // What the file has no column of, and what is empty.
  const url = 'rtsp://10.5.5.3/s';
  const [least, unlinked] = await camerasOf([headings, rowWith({ [address]: url }), goodRow]);
  const words = {
    owningAgency: 'ทต.เกาะลันตาใหญ่',
    position: 'หน้าตลาดสด',
    purposes: ['prevention'],
    retentionDays: 30,
    lao: { name: 'ทต.เกาะลันตาใหญ่', district: 'เกาะลันตา', province: 'กระบี่' },
    budgetSource: 'กรมส่งเสริมการปกครองท้องถิ่น',
    scope: 'public-area',
    declared: 'working',
  };
  expect(least).toEqual(newCamera.parse({ ...words, stream: { url } }));
  expect(unlinked).toEqual(newCamera.parse(words));
  // All columns, at their bounds, and addresses in all forms; the secret of one is only asked about where it is written.
  const every = columns.map(({ heading }) => heading);
  const long = 'ก'.repeat(200);
  const made = await camerasOf([
    every,
    filledRow({
      url,
      username: '  u ',
      password: ' p ',
      transport: 'UDP',
      sound: 'มี',
      record: 'ไม่มี',
    }),
    filledRow({
      owningAgency: long,
      brand: `  ${long}`,
      model: long,
      site: long,
      position: '\u00a0\u200bก่ํา',
    }),
    filledRow({ latitude: '', longitude: '', linkedAgencies: '', declaredReason: 'ก'.repeat(500) }),
    filledRow({
      position: 'ก'.repeat(500),
      frameRate: '0.5',
      retentionDays: '36500',
      latitude: '5',
      longitude: '-180',
    }),
    filledRow({
      scope: 'พื้นที่ปิดเฉพาะ',
      url: '',
      username: '',
      password: '',
      linkedAgencies: '',
      linkNetwork: '',
    }),
    ...[
      'RTSP://Camera.Example:554/a?b=c&d',
      'rtsps://10.5.5.4/s',
      'rtsp+http://[fd00::1]:80',
      'rtsp://user:p%40ss@10.5.5.5/live/ch=1;x@y',
      'rtsp://10.5.5.6/user=admin_password=secret_channel=1',
      'rtsp://10.5.5.7?token=abc',
      'rtsp://10.5.5.8:0554/%E0%B8%81',
    ].map((one) => filledRow({ url: one, username: '', password: '' })),
  ]);
  for (const camera of made) expect(newCamera.parse(camera)).toEqual(camera);
  expect(made.map(({ stream }) => stream?.url)).toContain('rtsp://10.5.5.5/live/ch=1;x@y');
});

/** Of rows that are all new, as they are written. */
async function camerasOf(rows: string[][]): Promise<NewCamera[]> {
  const { planner, plan } = await planned(rows, []);
  expect(plan.counts).toMatchObject({ new: rows.length - 1, refused: 0 });
  return planner
    .operations(0, rows.length)
    .flatMap((operation) => (operation.kind === 'create' ? [operation.camera] : []));
}

/** As the template's example has it, but for these. */
function filledRow(cells: Partial<Record<(typeof columns)[number]['key'], string>>): string[] {
  return columns.map(({ key, example }) => cells[key] ?? (key === 'id' ? '' : example));
}
