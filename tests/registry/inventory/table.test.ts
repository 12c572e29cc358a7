/** Where the inventory is in a file. */
import { expect, test } from 'vitest';
import { columnOf } from '#registry/inventory/columns.ts';
import { guarded } from '#registry/inventory/formula-guard.ts';
import type { Sheet, SheetRow } from '#registry/inventory/sheet-row.ts';
import { findTable } from '#registry/inventory/table.ts';
import { goodRow, headings } from './rows.ts';

let ended: string[] = [];

function sheetOf(name: string, ...rows: readonly (readonly string[])[]): Sheet {
  async function* read(): AsyncGenerator<readonly SheetRow[]> {
    try {
      yield rows.map((cells, index) => ({ number: index + 1, cells }));
    } finally {
      ended.push(name);
    }
  }
  return { name, rows: read() };
}

test('of several sheets with cameras none is read, and all are named; empty forms beside one are no second', async () => {
  ended = [];
  const filled = (name: string): Sheet => sheetOf(name, headings, goodRow);
  const several = findTable([filled('ทต.ก'), sheetOf('คำอธิบาย', ['ก']), filled('ทต.ข')]);
  await expect(several).rejects.toMatchObject({ reason: 'several_sheets' });
  await expect(several).rejects.toThrow(
    expect.objectContaining({ thai: expect.stringContaining('“ทต.ก” “ทต.ข”') }),
  );
  expect(ended.toSorted()).toEqual(['คำอธิบาย', 'ทต.ก', 'ทต.ข']);

  const { heading, rows } = await findTable([sheetOf('แบบฟอร์ม', headings), filled('ทต.ข')]);
  expect(heading.sheet).toBe('ทต.ข');
  const read: (readonly SheetRow[])[] = [];
  for await (const some of rows) read.push(some);
  expect(read.flat().map(({ number }) => number)).toEqual([2]);
  expect((await findTable([sheetOf('แบบฟอร์ม', headings)])).heading.sheet).toBe('แบบฟอร์ม');
});

test('headings in a second row beneath that of their group are read, and the group is no unknown column', async () => {
  const [group, leaves] = [
    [...headings, 'พิกัด', '', 'ผู้บันทึก'],
    [...headings.map(() => ''), 'ละติจูด', 'ลองจิจูด'],
  ];
  const filled = [...goodRow, '7.5', '99.1', 'ก'];
  const { heading, rows } = await findTable([sheetOf('', group, leaves, filled)]);
  expect(heading.unknown).toEqual(['ผู้บันทึก']);
  const at = (index: number) => heading.columns.get(index)?.key;
  expect([at(headings.length), at(headings.length + 1)]).toEqual(['latitude', 'longitude']);
  const read: (readonly SheetRow[])[] = [];
  for await (const some of rows) read.push(some);
  expect(read.flat().map(({ number }) => number)).toEqual([3]);
});

test.each([
  [['สภ.ก;ข', '-', 'ค']],
  [['"ก" และ ข', '"', 'ก"ข']],
  [['สภ.เกาะลันตา', 'ศูนย์ดำรงธรรม']],
  [['=1+1', '; ']],
])('agencies %j come out of their cell as they went in', (listed) => {
  const names = listed.map((name) => name.trim());
  const column = columnOf('linkedAgencies');
  expect(column.read(guarded(String(column.write(names))))).toEqual({ value: names });
});

test('agencies that people typed are told apart by ; and line breaks, and - is none', () => {
  const { read } = columnOf('linkedAgencies');
  for (const [text, value] of [
    ['ก; ข;ค', ['ก', 'ข', 'ค']],
    ['ก\r\nข\n', ['ก', 'ข']],
    ['-', []],
    ['ก;;ก ', ['ก']],
    ['"ก" ข; ค', ['"ก" ข', 'ค']],
    ['สภ.ก; สภ. ก', ['สภ.ก']],
  ] as const) {
    expect([text, read(text)]).toEqual([text, { value }]);
  }
});

test.each([
  ['position', '\u200b\u00ad', 'มีแต่อักขระที่มองไม่เห็น กรุณาพิมพ์ใหม่'],
  ['position', 'ก\uffff', 'มีอักขระที่มองไม่เห็น (อักขระควบคุม) กรุณาพิมพ์ใหม่'],
  ['laoName', '...', 'ต้องเป็นชื่อหน่วยงาน ไม่ใช่คำนำหน้า (เช่น ทต.) หรือเครื่องหมายอย่างเดียว'],
  ['budgetSource', 'อบต.', 'ต้องเป็นชื่อหน่วยงาน ไม่ใช่คำนำหน้า (เช่น ทต.) หรือเครื่องหมายอย่างเดียว'],
] as const)('in the column %s, %j is refused: it names nothing', (key, text, problem) => {
  expect(columnOf(key).read(text)).toEqual({ problem });
  expect(columnOf(key).read('ทต.\u200bเกาะลันตา')).toEqual({ value: 'ทต.\u200bเกาะลันตา' });
});
