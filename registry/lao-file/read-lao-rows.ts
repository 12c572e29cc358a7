import { unguarded } from '../inventory/formula-guard.ts';
import { cellName, textOf, type Cell, type Sheet, type SheetRow } from '../inventory/sheet-row.ts';
import { arabicDigits } from '../inventory/thai-numbers.ts';
import { WorkbookRefused } from '../inventory/workbook-refused.ts';
import { MAX_IMPORTED_LAOS } from '../lao-import.ts';
import { newLao, type NewLao } from '../lao.ts';
import { laoTypes, laoTypeWords, matchKey, splitLaoName } from '../thai-names.ts';
import {
  laoColumns,
  laoHeadings,
  parents,
  type LaoColumn,
  type LaoColumnKey,
} from './lao-columns.ts';

/** The Department's list out of the sheets of a file, row by row: an LAO, or what is wrong by the cell, in Thai. */

export interface LaoRow {
  /** As Excel counts, from 1. */
  row: number;
  /** As it stands there, for whoever looks for the row. */
  name: string;
  /** Null: it cannot be taken. */
  lao: NewLao | null;
  problems: LaoCellProblem[];
}

export interface LaoCellProblem {
  /** As Excel names it. */
  cell: string | null;
  heading: string;
  text: string;
  reason: string;
}

/** A title may stand above the headings. */
const MAX_ROWS_ABOVE = 40;
const MAX_TOLD_TEXT = 100;

/** Throws WorkbookRefused: `no_header`, `columns_missing`, `header_twice`, `too_many_rows`, `no_rows`, and what its sheets throw. */
export async function readLaoRows(sheets: readonly Sheet[]): Promise<LaoRow[]> {
  for (const sheet of sheets) {
    const found = await rowsOf(sheet);
    if (found === undefined) continue;
    if (found.length === 0) throw new WorkbookRefused('no_rows');
    return found;
  }
  throw new WorkbookRefused('no_header', laoColumns.map(({ heading }) => heading).join(', '));
}

/** Undefined: it has no such headings. */
async function rowsOf({ rows }: Sheet): Promise<LaoRow[] | undefined> {
  const found: LaoRow[] = [];
  let columns: Columns | undefined;
  let above = 0;
  for await (const batch of rows) {
    for (const row of batch) {
      if (columns === undefined) {
        columns = headingsOf(row);
        if (columns === undefined && ++above >= MAX_ROWS_ABOVE) return undefined;
        continue;
      }
      if (!saysSomething(row, columns)) continue;
      if (found.length === MAX_IMPORTED_LAOS) {
        throw new WorkbookRefused('too_many_rows', `อปท. ไม่เกิน ${MAX_IMPORTED_LAOS} แถว`);
      }
      found.push(readRow(row, columns));
    }
  }
  return columns === undefined ? undefined : found;
}

/** By key, where in a row. */
type Columns = ReadonlyMap<LaoColumnKey, { at: number; column: LaoColumn }>;

/** Of the row that has the name's heading and another one. */
function headingsOf({ cells }: SheetRow): Columns | undefined {
  const columns = new Map<LaoColumnKey, { at: number; column: LaoColumn }>();
  for (const [at, cell] of cells.entries()) {
    const column = laoHeadings.get(matchKey(textOf(cell).replace(/[*\n\r]/gu, ' ')));
    if (column === undefined) continue;
    if (columns.has(column.key)) throw new WorkbookRefused('header_twice', column.heading);
    columns.set(column.key, { at, column });
  }
  if (!columns.has('name') || columns.size < 2) return undefined;
  const missing = laoColumns.filter(({ key, required }) => required && !columns.has(key));
  if (missing.length > 0) {
    const names = missing.map(({ heading }) => heading).join(', ');
    throw new WorkbookRefused('columns_missing', names);
  }
  return columns;
}

function saysSomething({ cells }: SheetRow, columns: Columns): boolean {
  return columns.values().some(({ at }) => textOf(cells[at]).trim() !== '');
}

function readRow({ number, cells }: SheetRow, columns: Columns): LaoRow {
  const problems: LaoCellProblem[] = [];
  const textAt = (key: LaoColumnKey): string => lineOf(cells[columns.get(key)?.at ?? -1]);
  const say = (key: LaoColumnKey, reason: string): void => {
    const found = columns.get(key);
    problems.push({
      cell: found === undefined ? null : cellName(found.at, number),
      heading: laoColumns.find((column) => column.key === key)?.heading ?? key,
      text: textAt(key).slice(0, MAX_TOLD_TEXT),
      reason,
    });
  };
  const type = textAt('type') === '' ? null : typeOf(textAt('type'));
  if (type === undefined) say('type', `ต้องเป็น ${laoTypes.join(' / ')} หรือเว้นว่าง`);
  const parent =
    textAt('reportingParent') === '' ? null : parents.get(matchKey(textAt('reportingParent')));
  if (parent === undefined) say('reportingParent', 'ต้องเป็น อำเภอ หรือ จังหวัด หรือเว้นว่าง');
  const parsed = newLao.safeParse({
    name: textAt('name'),
    district: textAt('district'),
    province: textAt('province'),
    code: arabicDigits(textAt('code')) || null,
    type: type ?? null,
    reportingParent: parent ?? null,
  });
  for (const { path } of parsed.error?.issues ?? []) {
    const key = path[0] as LaoColumnKey;
    if (problems.some(({ heading }) => heading === columns.get(key)?.column.heading)) continue;
    say(key, textAt(key) === '' ? 'ต้องกรอก' : reasons[key]);
  }
  const lao = parsed.success && problems.length === 0 ? parsed.data : null;
  return { row: number, name: textAt('name').slice(0, MAX_TOLD_TEXT), lao, problems };
}

const reasons: Readonly<Record<LaoColumnKey, string>> = {
  code: 'ต้องเป็นตัวเลข 4 ถึง 10 หลัก ถ้ารหัสขึ้นต้นด้วย 0 ให้จัดช่องเป็นข้อความ',
  type: 'ค่าในช่องนี้ใช้ไม่ได้',
  name: 'ต้องเป็นชื่อ อปท. ไม่เกิน 200 ตัวอักษร ไม่ใช่คำนำหน้า (เช่น ทต.) หรือเครื่องหมายอย่างเดียว',
  district: 'ค่าในช่องนี้ใช้ไม่ได้',
  province: 'ค่าในช่องนี้ใช้ไม่ได้',
  reportingParent: 'ค่าในช่องนี้ใช้ไม่ได้',
};

/** ทต. as ทต or in full; undefined: neither. */
function typeOf(given: string): NewLao['type'] | undefined {
  const key = matchKey(given);
  const special = laoTypes.find((type) => matchKey(type) === key);
  return special ?? (laoTypeWords.has(key) ? splitLaoName(`${given} ก`)?.type : undefined);
}

/** Line breaks within a cell, which Excel makes with Alt+Enter, are blanks. */
function lineOf(cell: Cell): string {
  return unguarded(textOf(cell).trim())
    .replace(/[\r\n\t\v]+/gu, ' ')
    .trim();
}
