import { matchKey } from '../thai-names.ts';
import { columns, purposesHeading, type Column, type ColumnKey } from './columns.ts';
import { purposesInOneCell } from './purposes-column.ts';
import { textOf, type Cell, type Sheet, type SheetRow } from './sheet-row.ts';
import { WorkbookRefused } from './workbook-refused.ts';

/** Data rows of one file. */
export const MAX_ROWS = 100_000;
/** A heading is looked for in so many rows; titles and logos come before it. */
const MAX_ROWS_BEFORE_DATA = 40;
/** Fewer known headings are a coincidence. */
const MIN_HEADINGS = 5;

/** In the answer about several. */
const MAX_NAMED_SHEETS = 10;

/** Where the inventory is in a file. */
export interface TableHeading {
  sheet: string;
  /** By column of the sheet, from 0. */
  columns: ReadonlyMap<number, Column>;
  /** Headings that are not of the inventory; their columns are not read. */
  unknown: readonly string[];
}

export interface Table {
  heading: TableHeading;
  rows: AsyncIterable<readonly SheetRow[]>;
}

/**
 * The one sheet that has the inventory's headings with rows beneath them; if none has rows, the first with headings. Of several
 * all but one would be lost without a word. Throws WorkbookRefused, also while rows are read.
 */
export async function findTable(sheets: readonly Sheet[]): Promise<Table> {
  const found: Beginning[] = [];
  for (const sheet of sheets) {
    const beginning = await beginningOf(sheet);
    if (beginning !== undefined) found.push(beginning);
  }
  const filled = found.filter(({ first }) => first.length > 0);
  const [one = found[0]] = filled;
  for (const other of found) if (other !== one || filled.length > 1) await other.end();
  if (one === undefined) throw new WorkbookRefused('no_header');
  if (filled.length > 1) {
    const names = filled.map(({ sheet }) => `“${sheet}”`);
    const more = names.length > MAX_NAMED_SHEETS ? ' …' : '';
    throw new WorkbookRefused('several_sheets', names.slice(0, MAX_NAMED_SHEETS).join(' ') + more);
  }
  try {
    return { heading: one.finder.heading(), rows: rowsFrom(one.first, one.iterator) };
  } catch (error) {
    await one.end();
    throw error;
  }
}

/** A sheet with the inventory's headings, read as far as the first rows beneath them. */
interface Beginning {
  sheet: string;
  finder: HeadingFinder;
  first: readonly SheetRow[];
  iterator: AsyncIterator<readonly SheetRow[]>;
  end: () => Promise<void>;
}

async function beginningOf({ name, rows }: Sheet): Promise<Beginning | undefined> {
  const iterator = rows[Symbol.asyncIterator]();
  const end = async (): Promise<void> => void (await iterator.return?.());
  const finder = new HeadingFinder(name);
  for (;;) {
    const { done, value } = await iterator.next();
    const first = done === true ? [] : finder.take(value);
    if (first === 'more') continue;
    if (first !== 'none' && finder.isFound) return { sheet: name, finder, first, iterator, end };
    await end();
    return undefined;
  }
}

async function* rowsFrom(
  first: readonly SheetRow[],
  iterator: AsyncIterator<readonly SheetRow[]>,
): AsyncGenerator<readonly SheetRow[]> {
  let count = 0;
  let batch: readonly SheetRow[] = first;
  try {
    for (;;) {
      count += batch.length;
      if (count > MAX_ROWS) throw new WorkbookRefused('too_many_rows');
      if (batch.length > 0) yield batch;
      const next = await iterator.next();
      if (next.done === true) return;
      batch = next.value;
    }
  } finally {
    await iterator.return?.();
  }
}

const known = knownHeadings();
const purposesKey = matchKey(purposesHeading);

class HeadingFinder {
  readonly #sheet: string;
  readonly #columns = new Map<number, Column>();
  /** By column. */
  readonly #unknown = new Map<number, string>();
  #purposesAt: number | undefined;
  #seen = 0;
  #found = false;

  constructor(sheet: string) {
    this.#sheet = sheet;
  }

  /** The rows behind the headings; `more`: not seen yet; `none`: this sheet has none. */
  take(rows: readonly SheetRow[]): readonly SheetRow[] | 'more' | 'none' {
    for (const [index, row] of rows.entries()) {
      const headings = row.cells.map((cell) => headingKey(cell));
      const columnsThere = headings.filter((key) => known.has(key)).length;
      const purposesThere = headings.some((key) => isPurpose(known.get(key)?.key));
      const isHeading = this.#found
        ? columnsThere >= MIN_HEADINGS || purposesThere || isMostly(headings, columnsThere)
        : columnsThere >= MIN_HEADINGS;
      if (isHeading) this.#add(row, headings);
      else if (this.#found) return rows.slice(index);
      else if (++this.#seen >= MAX_ROWS_BEFORE_DATA) return 'none';
    }
    return 'more';
  }

  get isFound(): boolean {
    return this.#found;
  }

  heading(): TableHeading {
    if (this.#purposesAt !== undefined && !this.#has('prevention')) {
      this.#columns.set(this.#purposesAt, purposesInOneCell);
    }
    const missing = columns.filter(({ required, key }) => required && !this.#has(key));
    const purposesMissing = !['prevention', 'investigation', 'traffic', 'purposes'].some((key) =>
      this.#has(key as ColumnKey),
    );
    const names = missing.map(({ heading }) => heading);
    if (purposesMissing) names.push(purposesHeading);
    if (names.length > 0) throw new WorkbookRefused('columns_missing', names.join(', '));
    return { sheet: this.#sheet, columns: this.#columns, unknown: [...this.#unknown.values()] };
  }

  #has(key: ColumnKey): boolean {
    return this.#columns.values().some((column) => column.key === key);
  }

  #add(row: SheetRow, headings: readonly string[]): void {
    this.#found = true;
    for (const [index, key] of headings.entries()) {
      if (key === undefined || key === '') continue;
      if (key === purposesKey) {
        this.#purposesAt ??= index;
        continue;
      }
      const column = known.get(key);
      if (column === undefined) {
        this.#unknown.set(index, textOf(row.cells[index]).trim().slice(0, 100));
        continue;
      }
      // What stood above it was the heading of a group.
      this.#unknown.delete(index);
      const before = this.#columns.entries().find(([, { key }]) => key === column.key)?.[0];
      if (before !== undefined && before !== index) {
        throw new WorkbookRefused('header_twice', column.heading);
      }
      this.#columns.set(index, column);
    }
  }
}

/** A second row of headings beneath those of groups, such as ละติจูด and ลองจิจูด beneath พิกัด: no camera's row names columns. */
function isMostly(headings: readonly string[], known: number): boolean {
  const there = headings.filter((key) => key !== '').length;
  return known > 0 && known * 2 > there;
}

function isPurpose(key: ColumnKey | undefined): boolean {
  return key === 'prevention' || key === 'investigation' || key === 'traffic';
}

function headingKey(cell: Cell): string {
  // A star marks what must be filled in.
  return matchKey(textOf(cell).replace(/[*\n\r]/g, ' '));
}

function knownHeadings(): Map<string, Column> {
  const found = new Map<string, Column>();
  for (const column of columns) {
    for (const heading of [column.heading, ...column.aliases]) found.set(matchKey(heading), column);
  }
  return found;
}
