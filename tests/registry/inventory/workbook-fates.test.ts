import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dryRun } from './read-file.ts';
import { csvOf, headings, rowWith } from './rows.ts';

const folder = join(import.meta.dirname, '../../../../shared/data/xlsx');
const table = join(import.meta.dirname, 'workbook-fates.md');

/** `WRITE_FATES=1` writes the table anew, to be looked at before it is committed. */
test.skipIf(!existsSync(folder))(
  "every workbook of other projects' tests has the fate that the table names [../shared/data/xlsx is not there]",
  { timeout: 120_000 },
  async () => {
    const lines = [
      "# What becomes of other projects' workbooks, and of 37,000 rows",
      '',
      'Checked by `workbook-fates.test.ts`. None of these is an inventory, so none may be taken, stop the thread, or get an answer that says nothing.',
      '',
      '| workbook | fate | said to whoever chose it |',
      '| --- | --- | --- |',
    ];
    for (const set of ['calamine', 'exceljs']) {
      for (const name of readdirSync(join(folder, set)).toSorted()) {
        const { state } = await dryRun(readFileSync(join(folder, set, name)));
        const { code, thai } = state.refusal ?? { code: state.phase, thai: '' };
        expect(code, name).not.toBe('import_failed');
        lines.push(`| ${set}/${name} | ${code} | ${thai} |`);
      }
    }
    const rows = Array.from({ length: 37_000 }, (_row, number) =>
      rowWith({ ตำแหน่งในการติดตั้งกล้อง: `จุดที่ ${number}` }),
    );
    const { state } = await dryRun(csvOf(headings, ...rows));
    expect(state.counts).toMatchObject({ new: 37_000, refused: 0 });
    lines.push(`| 37,000 rows made by the test | ${state.phase} | new: 37,000 |`, '');
    const text = lines.join('\n');
    if (process.env['WRITE_FATES'] === '1') writeFileSync(table, text);
    expect(plain(readFileSync(table, 'utf8'))).toBe(plain(text));
  },
);

/** Prettier draws tables straight. */
function plain(markdown: string): string {
  return markdown.replace(/ +/g, ' ').replace(/-+/g, '-').trim();
}
