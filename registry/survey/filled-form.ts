import { unguarded } from '../inventory/formula-guard.ts';
import { cellName, textOf, type Cell, type Sheet, type SheetRow } from '../inventory/sheet-row.ts';
import { arabicDigits } from '../inventory/thai-numbers.ts';
import { agencyKey, matchKey } from '../thai-names.ts';
import type { FormCounts } from './counts.ts';
import { formColumns, totalLabel, type FormColumn } from './form.ts';

/**
 * A form that an LAO filled in (forms.md §2b), checked cell by cell against the form's own arithmetic (§2d). Nothing is guessed:
 * with one cell wrong, nothing of it is taken.
 */

export interface FilledRow extends FormCounts {
  budgetSource: string;
  note: string;
}

/** What is wrong at one cell, in Thai, for whoever filled it in. */
export interface FormProblem {
  /** As Excel names it; null: of the form as a whole. */
  cell: string | null;
  heading: string;
  text: string;
  reason: string;
}

export type FilledForm = { rows: FilledRow[] } | { problems: FormProblem[] };

/** Of one LAO there are as many as it has budget sources. */
const MAX_ROWS = 500;
const MAX_COUNT = 1_000_000;
const MAX_TEXT_LENGTH = 200;
/** Remarks that are told. */
const MAX_PROBLEMS = 100;
const counts = ['total', 'working', 'underRepair', 'unrepairable'] as const;

interface Column {
  at: number;
  heading: string;
}
type Columns = Partial<Record<FormColumn, Column>>;

export async function readFilledForm(
  sheets: readonly Sheet[],
  lao: { name: string },
): Promise<FilledForm> {
  for (const sheet of sheets) {
    const rows: SheetRow[] = [];
    for await (const batch of sheet.rows) {
      rows.push(...batch);
      if (rows.length > MAX_ROWS + 100) break;
    }
    const found = findHeader(rows);
    if (found !== undefined) return readRows(rows.slice(found.next), found.columns, lao);
  }
  return whole(
    'ไม่พบหัวตารางของแบบสำรวจ กรุณาใช้แบบสำรวจ (สำหรับ อปท.) ที่ดาวน์โหลดจากระบบ และอย่าแก้หัวตาราง',
  );
}

/** Both forms' headings are known: a province's form of one LAO is a form of that LAO. */
const known = new Map<string, FormColumn>(
  [...formColumns.province, ...formColumns.lao].map(({ column, heading }) => [
    matchKey(heading),
    column,
  ]),
);

function findHeader(rows: readonly SheetRow[]): { columns: Columns; next: number } | undefined {
  const columns: Columns = {};
  let last = -1;
  for (const [index, row] of rows.entries()) {
    let met = 0;
    for (const [at, cell] of row.cells.entries()) {
      const heading = textOf(cell).replace(/\s+/gu, ' ').trim();
      const column = known.get(matchKey(heading));
      if (column === undefined) continue;
      met++;
      columns[column] ??= { at, heading };
    }
    if (met >= 2) last = index;
    // The header has two rows.
    else if (last >= 0 && index > last + 1) break;
  }
  const complete =
    last >= 0 &&
    columns.budgetSource !== undefined &&
    counts.every((name) => columns[name] !== undefined);
  return complete ? { columns, next: last + 1 } : undefined;
}

function readRows(rows: readonly SheetRow[], columns: Columns, lao: { name: string }): FilledForm {
  const problems: FormProblem[] = [];
  const say = (row: number, column: Column | undefined, text: string, reason: string): void => {
    if (problems.length >= MAX_PROBLEMS) return;
    problems.push({
      cell: column === undefined ? null : cellName(column.at, row),
      heading: column?.heading ?? '',
      text,
      reason,
    });
  };
  const cellOf = (row: SheetRow, column: FormColumn): Cell => {
    const at = columns[column]?.at;
    return at === undefined ? undefined : row.cells[at];
  };
  const given: FilledRow[] = [];
  const sums = { total: 0, working: 0, underRepair: 0, unrepairable: 0 };
  const seen = new Map<string, number>();
  let footer: SheetRow | undefined;

  for (const row of rows) {
    if (row.cells.some((cell) => matchKey(textOf(cell)) === matchKey(totalLabel))) {
      footer = row;
      break;
    }
    const filled = (['budgetSource', ...counts] as const).some(
      (column) => textOf(cellOf(row, column)).trim() !== '',
    );
    if (!filled) continue;
    if (given.length >= MAX_ROWS) return whole(`แบบสำรวจมีเกิน ${MAX_ROWS} แถว`);
    const { number } = row;
    const name = textOf(cellOf(row, 'lao')).trim();
    if (name !== '' && agencyKey(name) !== agencyKey(lao.name)) {
      say(number, columns.lao, name, `แถวนี้ไม่ใช่ของ ${lao.name}`);
    }
    const budgetSource = lineOf(cellOf(row, 'budgetSource'));
    if (budgetSource === '') {
      say(number, columns.budgetSource, '', 'ต้องระบุชื่อหน่วยงานที่สนับสนุนเงินจัดซื้อและติดตั้งกล้อง');
    } else if (budgetSource.length > MAX_TEXT_LENGTH) {
      say(
        number,
        columns.budgetSource,
        budgetSource.slice(0, 50),
        `ยาวเกิน ${MAX_TEXT_LENGTH} ตัวอักษร`,
      );
    }
    const key = agencyKey(budgetSource);
    const before = seen.get(key);
    if (budgetSource !== '' && before !== undefined) {
      say(
        number,
        columns.budgetSource,
        budgetSource,
        `แหล่งที่มางบประมาณซ้ำกับแถวที่ ${before} กรุณารวมเป็นแถวเดียว`,
      );
    }
    seen.set(key, number);
    const values = numbersOf(row);
    if (values === undefined) continue;
    if (values.working + values.underRepair + values.unrepairable !== values.total) {
      say(
        number,
        columns.total,
        String(values.total),
        `ใช้การได้ ${values.working} + อยู่ระหว่างซ่อม ${values.underRepair} + ไม่สามารถซ่อมได้ ${values.unrepairable} ` +
          `รวมเป็น ${values.working + values.underRepair + values.unrepairable} ไม่เท่ากับจำนวนทั้งหมด`,
      );
    }
    for (const column of counts) sums[column] += values[column];
    given.push({
      budgetSource,
      ...values,
      note: lineOf(cellOf(row, 'note')).slice(0, MAX_TEXT_LENGTH),
    });
  }

  if (footer === undefined) {
    say(0, undefined, '', `ไม่พบแถว “${totalLabel}”`);
  } else if (problems.length === 0) {
    const total = numbersOf(footer);
    for (const column of counts) {
      if (total !== undefined && total[column] !== sums[column]) {
        say(
          footer.number,
          columns[column],
          String(total[column]),
          `ผลรวมของคอลัมน์นี้คือ ${sums[column]}`,
        );
      }
    }
  }
  return problems.length > 0 ? { problems } : { rows: given };

  /** Undefined: one of them is none, and it was said. */
  function numbersOf(row: SheetRow): FormCounts | undefined {
    const read = counts.map((column) => {
      const text = textOf(cellOf(row, column)).trim();
      const value = countOf(text);
      if (value === undefined) {
        say(row.number, columns[column], text, 'ต้องเป็นจำนวนเต็มตั้งแต่ 0 ขึ้นไป (ไม่มีให้ใส่ 0)');
      }
      return value;
    });
    const [total, working, underRepair, unrepairable] = read;
    if (
      total === undefined ||
      working === undefined ||
      underRepair === undefined ||
      unrepairable === undefined
    ) {
      return undefined;
    }
    return { total, working, underRepair, unrepairable };
  }
}

/** Thai or Arabic digits, with commas between thousands; a dash is what people write for none. */
function countOf(text: string): number | undefined {
  const plain = arabicDigits(text).replace(/(?<=\d),(?=\d{3}(?:\D|$))/gu, '');
  if (/^[-–—]$/u.test(plain)) return 0;
  if (!/^\d{1,7}(?:\.0+)?$/.test(plain)) return undefined;
  const value = Number(plain);
  return value <= MAX_COUNT ? value : undefined;
}

// Controls, halves of pairs, and marks that turn the reading order round have no place in a name (text.ts).
const UNREADABLE = /[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

function lineOf(cell: Cell): string {
  return unguarded(textOf(cell).trim()).replace(UNREADABLE, ' ').normalize('NFC').trim();
}

function whole(reason: string): FilledForm {
  return { problems: [{ cell: null, heading: '', text: '', reason }] };
}
