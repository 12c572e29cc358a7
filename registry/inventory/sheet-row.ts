/** What a cell holds that is neither text nor a number. */
export interface OddCell {
  /** `formula`: one without its last result; `merged`: covers other columns too. */
  kind: 'date' | 'error' | 'formula' | 'merged';
  /** As people see it, dates in พ.ศ. */
  text: string;
}

/** Text as it stands, numbers in their shortest form; undefined: empty. */
export type Cell = string | OddCell | undefined;

export interface SheetRow {
  /** As Excel counts, from 1. */
  number: number;
  /** By column, from 0. */
  cells: readonly Cell[];
}

/** A table of a file: its rows in order, those without a word left out, in batches of no certain size. */
export interface Sheet {
  /** Empty for CSV. */
  name: string;
  rows: AsyncIterable<readonly SheetRow[]>;
}

/** Columns beyond these are not read. */
export const MAX_COLUMNS = 256;

export function textOf(cell: Cell): string {
  return typeof cell === 'string' ? cell : (cell?.text ?? '');
}

/** `D5`, as Excel names cells. */
export function cellName(column: number, row: number): string {
  let letters = '';
  for (let rest = column + 1; rest > 0; rest = Math.floor((rest - 1) / 26)) {
    letters = String.fromCharCode(65 + ((rest - 1) % 26)) + letters;
  }
  return `${letters}${row}`;
}
