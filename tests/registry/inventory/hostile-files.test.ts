import { expect, test } from 'vitest';
import { outsideThai } from '#registry/camera-networks.ts';
import { closedAreaRule } from '#registry/camera.ts';
import { dryRun } from './read-file.ts';
import { csvOf, goodRow, headings, rowWith } from './rows.ts';
import { rowXml, workbookParts, zipFile } from './zip-file.ts';

const table = rowXml(headings) + rowXml(goodRow);

function at(url: string): string[] {
  return rowWith({ 'ที่อยู่สัญญาณภาพ (RTSP)': url });
}

async function refusalOf(bytes: Uint8Array): Promise<string | undefined> {
  return (await dryRun(bytes)).state.refusal?.code;
}

/** As TIS-620 writes it: Thai letters from A1 on. */
function tis620(bytes: Uint8Array): Uint8Array {
  return Buffer.from(
    Array.from(Buffer.from(bytes).toString('utf8').replace('✓', '/'), (letter) => {
      const code = letter.codePointAt(0) ?? 0;
      return code < 0x80 ? code : code - 0x0e00 + 0xa0;
    }),
  );
}

test('a plain workbook is read', async () => {
  const { state, rows } = await dryRun(zipFile(workbookParts(table)));
  expect(state).toMatchObject({ phase: 'ready', counts: { new: 1, refused: 0 } });
  expect(rows).toMatchObject([{ row: 2, fate: 'new', position: 'หน้าตลาดสด' }]);
});

test('a part that inflates to more than it declares is refused before it is read', async () => {
  const parts = workbookParts(table + ' '.repeat(2_000_000));
  const lying = zipFile(parts, { 'xl/worksheets/sheet1.xml': 5_000 });
  expect(await refusalOf(lying)).toBe('too_much_inside');
});

test('a part that declares a bomb is refused', async () => {
  const sheet = { 'xl/worksheets/sheet1.xml': 0x7fffffff };
  expect(await refusalOf(zipFile(workbookParts(table), sheet))).toBe('too_much_inside');
});

test('a part of 20 MB that was 20 KB is refused by its ratio', async () => {
  const parts = workbookParts(table + ' '.repeat(20 * 1024 * 1024));
  expect(await refusalOf(zipFile(parts))).toBe('too_much_inside');
});

test('macros, .xlsb, .ods, .xls and encryption are told apart by what is inside', async () => {
  const parts = workbookParts(table);
  expect(await refusalOf(zipFile({ ...parts, 'xl/vbaProject.bin': 'x' }))).toBe('macros');
  expect(await refusalOf(zipFile({ ...parts, 'xl/workbook.bin': 'x' }))).toBe('binary_workbook');
  const ods = { mimetype: 'application/vnd.oasis.opendocument.spreadsheet', 'content.xml': '<a/>' };
  expect(await refusalOf(zipFile(ods))).toBe('open_document');
  const compound = Buffer.from('d0cf11e0a1b11ae1', 'hex');
  expect(await refusalOf(compound)).toBe('old_excel');
  const encrypted = Buffer.concat([compound, Buffer.from('EncryptedPackage', 'utf16le')]);
  expect(await refusalOf(encrypted)).toBe('encrypted');
});

test.each(['xl/worksheets/sheet1.xml', 'xl/workbook.xml', '_rels/.rels'])(
  'a document type in %s is refused, and its entities are never looked at',
  async (name) => {
    const parts = workbookParts(table);
    const bomb = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>';
    parts[name] = (parts[name] ?? '').replace('?>', `?>${bomb}`);
    expect(await refusalOf(zipFile(parts))).toBe('document_type');
  },
);

test('a strict workbook is refused by its name', async () => {
  const parts = workbookParts(table);
  parts['_rels/.rels'] = (parts['_rels/.rels'] ?? '').replace(
    'http://schemas.openxmlformats.org/officeDocument/2006/relationships/',
    'http://purl.oclc.org/ooxml/officeDocument/relationships/',
  );
  expect(await refusalOf(zipFile(parts))).toBe('strict_workbook');
});

test('a file that is cut, empty, or no workbook is refused', async () => {
  const whole = zipFile(workbookParts(table));
  expect(await refusalOf(whole.subarray(0, whole.length - 200))).toBe('damaged');
  expect(await refusalOf(new Uint8Array())).toBe('empty_file');
  expect(await refusalOf(Buffer.from('%PDF-1.7'))).toBe('not_a_workbook');
  expect(await refusalOf(Buffer.from('hello'))).toBe('no_header');
  expect(await refusalOf(csvOf(headings.slice(0, 8), goodRow))).toBe('columns_missing');
  expect(await refusalOf(csvOf([...headings, 'อปท.'], goodRow))).toBe('header_twice');
});

test.each([
  ['UTF-8', (bytes: Uint8Array) => bytes],
  [
    'UTF-8 with its mark',
    (bytes: Uint8Array) => Buffer.concat([Buffer.from('efbbbf', 'hex'), bytes]),
  ],
  ['TIS-620', tis620],
  [
    'UTF-16',
    (bytes: Uint8Array) => Buffer.from(`\ufeff${Buffer.from(bytes).toString()}`, 'utf16le'),
  ],
  [
    'semicolons',
    (bytes: Uint8Array) => Buffer.from(Buffer.from(bytes).toString().replaceAll(',', ';')),
  ],
])('CSV in %s says the same', async (_name, encode) => {
  const { rows } = await dryRun(encode(csvOf(headings, goodRow)));
  expect(rows).toMatchObject([{ fate: 'new', lao: 'ทต.เกาะลันตาใหญ่', problems: [] }]);
});

test('a CSV that ends within a letter is refused as cut, and broken UTF-8 is not read as another code page', async () => {
  const whole = Buffer.from(csvOf(headings, goodRow));
  const lastLetter = whole.lastIndexOf(0xe0);
  for (const end of [lastLetter + 1, lastLetter + 2]) {
    expect(await refusalOf(whole.subarray(0, end))).toBe('cut_within_letter');
  }
  const within = Buffer.concat([whole.subarray(0, lastLetter), whole.subarray(lastLetter + 1)]);
  expect(await refusalOf(within)).toBe('encoding_unknown');
  // Cut between two letters it is what it says.
  expect((await dryRun(whole.subarray(0, lastLetter))).rows[0]?.fate).toBe('refused');
});

test('merged cells over rows give each its value; over columns they are refused', async () => {
  const second = [...goodRow];
  second[1] = 'สามแยก';
  second[4] = '<c/>';
  const down = '<mergeCells><mergeCell ref="E2:E3"/></mergeCells>';
  const both = await dryRun(zipFile(workbookParts(table + rowXml(second), down)));
  expect(both.rows.map(({ fate, lao }) => [fate, lao])).toEqual([
    ['new', 'ทต.เกาะลันตาใหญ่'],
    ['new', 'ทต.เกาะลันตาใหญ่'],
  ]);
  const across = '<mergeCells><mergeCell ref="E2:F2"/></mergeCells>';
  const wide = await dryRun(zipFile(workbookParts(table, across)));
  expect(wide.rows[0]?.problems[0]).toMatchObject({ cell: 'E2', heading: 'อปท.' });
});

test('of a formula the last result is taken, and none is refused by its cell', async () => {
  const cached = [...goodRow];
  cached[3] = '<c><f>10*3</f><v>30</v></c>';
  const never = [...goodRow];
  never[1] = '<c><f>A1</f></c>';
  never[3] = '<c t="e"><f>1/0</f><v>#DIV/0!</v></c>';
  const sheet = rowXml(headings) + rowXml(cached) + rowXml(never);
  const { rows } = await dryRun(zipFile(workbookParts(sheet)));
  expect(rows[0]).toMatchObject({ fate: 'new', problems: [] });
  expect(rows[1]?.problems.map(({ cell }) => cell)).toEqual(['B3', 'D3']);
});

test('wrong cells are told by their names, in Thai, and a password is never told', async () => {
  const bad = rowWith({
    จำนวนวันในการเก็บการบันทึก: 'สามสิบ',
    จังหวัด: 'กระบี',
    สภาพการใช้งาน: 'ดี',
  });
  const { rows } = await dryRun(csvOf(headings, bad));
  expect(rows[0]?.fate).toBe('refused');
  expect(rows[0]?.problems).toMatchObject([
    { cell: 'D2', text: 'สามสิบ', reason: 'ต้องเป็นจำนวนเต็ม 1 ถึง 36500' },
    { cell: 'J2', text: 'ดี' },
  ]);
  const place = await dryRun(csvOf(headings, rowWith({ จังหวัด: 'กระบี' })));
  expect(place.rows[0]?.problems).toMatchObject([{ cell: 'G2', reason: 'ไม่มีจังหวัดชื่อนี้' }]);
});

test('a camera in a closed area with an address, agencies or a network is refused in the words of the rule', async () => {
  const row = rowWith({
    ประเภทพื้นที่: 'พื้นที่ปิดเฉพาะ',
    'ที่อยู่สัญญาณภาพ (RTSP)': 'rtsp://192.168.1.64/a',
  });
  const linked = rowWith({ ประเภทพื้นที่: 'พื้นที่ปิดเฉพาะ', 'ที่อยู่สัญญาณภาพ (RTSP)': '' });
  const said = ['ข้อมูลการเชื่อมโยงหน่วยงาน', 'โครงข่ายที่เชื่อมโยง'];
  const { rows } = await dryRun(
    csvOf(
      [...headings, ...said],
      [...row, '', ''],
      [...linked, 'สภ.ก', 'ใยแก้ว'],
      [...linked, '', ''],
    ),
  );
  expect(rows.map(({ fate }) => fate)).toEqual(['refused', 'refused', 'new']);
  expect(rows.map(({ problems }) => problems.map(({ heading }) => heading))).toEqual([
    ['ที่อยู่สัญญาณภาพ (RTSP)'],
    said,
    [],
  ]);
  for (const { reason } of rows.flatMap(({ problems }) => problems)) {
    expect(reason).toContain(closedAreaRule);
  }
});

test('one position with several streams is warned of once, the same stream twice is refused', async () => {
  const { rows, state } = await dryRun(
    csvOf(headings, at('rtsp://10.0.0.1/a'), at('rtsp://10.0.0.2/a'), at('rtsp://10.1:554/a?')),
  );
  expect(rows.map(({ fate }) => fate)).toEqual(['new', 'new', 'refused']);
  expect(rows[2]?.problems[0]).toMatchObject({ cell: 'K4' });
  expect(rows[2]?.problems[0]?.reason).toContain('แถวที่ 2');
  expect(state.counts?.warned).toBe(1);
});

test('an address outside of the networks of cameras is warned of, and taken', async () => {
  const file = csvOf(headings, at('rtsp://203.0.113.9/a'), at('rtsp://10.0.0.2/a'));
  const { rows, state } = await dryRun(file, [], [{ level: 'country' }], ['10.0.0.0/8']);
  expect(rows.map(({ fate }) => fate)).toEqual(['new', 'new']);
  expect(rows.map(({ warnings }) => warnings.filter(({ cell }) => cell?.startsWith('K')))).toEqual([
    [{ cell: 'K2', heading: 'ที่อยู่สัญญาณภาพ (RTSP)', text: '', reason: outsideThai }],
    [],
  ]);
  expect(state.counts?.new).toBe(2);
});

test('rows of an LAO that the actor has no right to are refused', async () => {
  const own = { level: 'lao', province: 'กระบี่', district: 'เกาะลันตา', lao: 'อบต.คลองยาง' } as const;
  const { rows } = await dryRun(csvOf(headings, goodRow), [], [own]);
  expect(rows[0]).toMatchObject({ fate: 'refused', problems: [{ cell: 'E2' }] });
  const spelled = { ...own, lao: 'เทศบาลตำบลเกาะลันตาใหญ่' };
  const mine = await dryRun(csvOf(headings, goodRow), [], [spelled]);
  expect(mine.rows[0]?.fate).toBe('new');
});
