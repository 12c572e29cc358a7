import type { Row } from './compared-row.ts';
import { columnOf, type ColumnKey } from './columns.ts';
import type { CellRemark, GivenCamera } from './row-reading.ts';
import { cellName } from './sheet-row.ts';
import type { TableHeading } from './table.ts';

/** What is wrong with rows, or worth a look, by the cells of their file. */
export class RowRemarks {
  readonly #at: ReadonlyMap<ColumnKey, number>;

  constructor({ columns }: Pick<TableHeading, 'columns'>) {
    this.#at = new Map([...columns].map(([index, column]) => [column.key, index]));
  }

  /** Whether the file has the column. */
  has(key: ColumnKey): boolean {
    return this.#at.has(key);
  }

  refuse(row: Row, key: ColumnKey, reason: string): void {
    row.problems = [...row.problems, this.of(row, key, reason)];
  }

  warn(row: Row, key: ColumnKey, reason: string): void {
    row.warnings = [...row.warnings, this.of(row, key, reason)];
  }

  of(row: Row, key: ColumnKey, reason: string): CellRemark {
    const index = this.#at.get(key);
    return {
      cell: index === undefined ? null : cellName(index, row.reading.number),
      heading: columnOf(key).heading,
      text: textOfKey(row.reading.given ?? row.given, key),
      reason,
    };
  }
}

function textOfKey(given: GivenCamera, key: ColumnKey): string {
  switch (key) {
    case 'id':
      return given.id ?? '';
    case 'position':
      return given.position;
    case 'laoName':
      return given.lao.name;
    case 'laoDistrict':
      return given.lao.district;
    case 'laoProvince':
      return given.lao.province;
    case 'budgetSource':
      return given.budgetSource;
    default:
      return '';
  }
}
