import { expect, test } from 'vitest';
import type { SheetRow } from '#registry/inventory/sheet-row.ts';
import { WorkbookRefused } from '#registry/inventory/workbook-refused.ts';
import { xlsxSheets } from '#registry/inventory/xlsx-sheets.ts';
import type { ZipParts } from '#registry/inventory/zip-parts.ts';
import { mutate } from '../../fuzz/mutate.ts';
import { seededRandom } from '../../simulator/seeded-random.ts';
import { workbookParts } from './zip-file.ts';

const SHEET = 'xl/worksheets/sheet1.xml';
const TIMES = 500;

/** Rows as programs write them, and as they could. */
const tables = [
  '<row r="1" spans="1:3" ht="15.5" customHeight="1" x14ac:dyDescent="0.25"><c r="A1" s="2" t="str"><v>ตลาด</v></c><c r="B1" s="1"/><c r="C1"><v>7.6452999999999998</v></c></row>',
  '<row r="2"><c r="A2" t="inlineStr"><is><t xml:space="preserve"> a &amp; b&lt;</t></is></c><c r="AA2" t="b"><v>1</v></c></row>\n<row r="4"/>',
  '<row r="5"><c r="A5" t="str"><f>A1</f><v>rtsp://10.0.0.1/?a=1&amp;b=2</v></c></row><row><c><v>6</v></c></row>',
  '<row r="7"><c r="A7" t="str"><v>&#3585;</v></c></row><row r="8"><!-- </row> --><c r="A8"><v>8</v></c></row>',
  '<row r="9" ><c r="A9" t="str"><v><![CDATA[<row r="1">]]></v></c></row ><row r="10"><c r="A10" s="1"><v>45000</v></c></row>',
  '<row r="11"><c t="str" r="A11"><v>x_x000D_y</v></c></row><row r="12"><c r="A12" t="e"><v>#N/A</v></c></row>',
].map((table) => Buffer.from(table));

/** In pieces of at most so many bytes. */
function zipOf(sheet: Buffer, most: number): ZipParts {
  const parts = workbookParts('');
  return {
    names: Object.keys(parts),
    has: (name) => name in parts,
    async *read(name) {
      const bytes = name === SHEET ? sheet : Buffer.from(parts[name] ?? '');
      for (let at = 0; at < bytes.length; at += most) yield bytes.subarray(at, at + most);
    },
  };
}

async function rowsOf(table: Buffer, tag: string, most: number): Promise<SheetRow[] | string> {
  const sheet = Buffer.concat([
    Buffer.from(`<worksheet xmlns:x14ac="urn:x">${tag}`),
    table,
    Buffer.from('</sheetData></worksheet>'),
  ]);
  const rows: SheetRow[] = [];
  try {
    for (const one of await xlsxSheets(zipOf(sheet, most))) {
      for await (const batch of one.rows) rows.push(...batch);
    }
  } catch (error) {
    if (error instanceof WorkbookRefused) return error.reason;
    throw error;
  }
  return rows;
}

/** A blank in the tag, and all rows are read by the XML parser. */
const PARSED = '<sheetData >';
const READ = '<sheetData>';

test('rows are read as the XML parser reads them, whole or broken, wherever pieces of the file end', async () => {
  const random = seededRandom(11);
  const whole = Buffer.concat(tables);
  expect(await rowsOf(whole, READ, 1_000)).toHaveLength(10);
  for (let time = 0; time < TIMES; time++) {
    const table = time < 50 ? whole : mutate([whole, ...tables], random);
    const most = 1 + Math.floor(random() * 200);
    const parsed = await rowsOf(table, PARSED, 1_000);
    expect(await rowsOf(table, READ, most), table.toString()).toEqual(parsed);
  }
});

test('what looks like rows within a comment is none', async () => {
  const hidden = '<!--<sheetData><row r="1"><c r="A1"><v>1</v></c></row>-->';
  const row = '<row r="2"><c r="A2"><v>2</v></c></row>';
  expect(await rowsOf(Buffer.from(hidden + row), PARSED, 10)).toEqual([
    { number: 2, cells: ['2'] },
  ]);
  expect(await rowsOf(Buffer.from(row), `${hidden}${READ}`, 10)).toEqual([
    { number: 2, cells: ['2'] },
  ]);
});
