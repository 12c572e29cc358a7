/** Where the inventory is in a file. */
import { expect, test } from 'vitest';
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
