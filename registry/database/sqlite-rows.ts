import type { WrittenRows } from './row-writer.ts';
import type { ListedStatement } from './sqlite-protocol.ts';

/** Rows in one statement: its parameters are limited to 32,766. */
const ROWS_A_STATEMENT = 200;
/** Texts of such statements that are kept, 6 to 20 KB each. */
const MAX_TEXTS = 100;
/** Sets of columns of which it is known which had one value in all rows. */
const MAX_SETS = 200;

/**
 * Makes statements of rows. A column that has one value in all of them, as a version's author and time in a page of an inventory, is a
 * parameter once: two in five values are, and each costs when it is sent to the thread, taken out there and bound.
 */
export class SqliteRows {
  /** By what they write: they come again with other values. */
  readonly #texts = new Map<string, string>();
  /**
   * Of such columns, those that had one value in each statement until now. It only shrinks: texts would else be others for every page, and
   * to read one takes as long as to write its rows.
   */
  readonly #alike = new Map<string, readonly boolean[]>();

  statementsOf(written: WrittenRows): ListedStatement[] {
    const { table, rows, change } = written;
    const columns = Object.keys(rows[0] ?? {});
    const kind = [table, change?.key, change?.where, ...columns].join(' ');
    const statements: ListedStatement[] = [];
    for (let from = 0; from < rows.length; from += ROWS_A_STATEMENT) {
      // Every row has the columns of the first, in its order.
      const some = rows.slice(from, from + ROWS_A_STATEMENT).map((row) => Object.values(row));
      // Of few rows nothing is gained.
      const alike = some.length < ROWS_A_STATEMENT ? [] : this.#alikeOf(kind, some);
      statements.push({
        sql: this.#textOf(kind, written, columns, alike, some.length),
        parameters: parametersOf(some, alike),
      });
    }
    return statements;
  }

  #alikeOf(kind: string, rows: readonly (readonly unknown[])[]): readonly boolean[] {
    const [first = []] = rows;
    const before = this.#alike.get(kind);
    const now = first.map(
      (value, column) =>
        before?.[column] !== false && rows.every((values) => values[column] === value),
    );
    // One at least is written by row: a list of no columns is none.
    if (!now.includes(false)) now[0] = false;
    if (this.#alike.size >= MAX_SETS) this.#alike.clear();
    this.#alike.set(kind, now);
    return now;
  }

  #textOf(
    kind: string,
    written: WrittenRows,
    columns: readonly string[],
    alike: readonly boolean[],
    count: number,
  ): string {
    const name = `${count} ${columns.map((_, at) => (alike[at] === true ? 1 : 0)).join('')} ${kind}`;
    let text = this.#texts.get(name);
    if (text === undefined) {
      text = textOf(written, columns, alike, count);
      if (this.#texts.size >= MAX_TEXTS) this.#texts.clear();
      this.#texts.set(name, text);
    }
    return text;
  }
}

/** Those of columns that are alike, then row by row. */
function parametersOf(
  rows: readonly (readonly unknown[])[],
  alike: readonly boolean[],
): readonly unknown[] {
  const parameters: unknown[] = [];
  if (alike.length === 0) {
    for (const values of rows) parameters.push(...values);
    return parameters;
  }
  const varying: number[] = [];
  for (const [column, isAlike] of alike.entries()) {
    if (isAlike) parameters.push(rows[0]?.[column]);
    else varying.push(column);
  }
  for (const values of rows) for (const column of varying) parameters.push(values[column]);
  return parameters;
}

/** `count` rows as a statement's values, and as a table that it reads from. */
function textOf(
  { table, change }: WrittenRows,
  columns: readonly string[],
  alike: readonly boolean[],
  count: number,
): string {
  const names = columns.map((column) => `"${column}"`);
  const varying = names.filter((_, at) => alike[at] !== true);
  const row = `(${varying.map(() => '?').join(', ')})`;
  const values = `values ${Array.from({ length: count }, () => row).join(', ')}`;
  // SQLite names the columns of VALUES column1, column2 and so on.
  const read = names.map((name, at) =>
    alike[at] === true ? '?' : `column${varying.indexOf(name) + 1}`,
  );
  if (change === undefined) {
    const from =
      varying.length === names.length ? values : `select ${read.join(', ')} from (${values})`;
    return `insert into "${table}" (${names.join(', ')}) ${from}`;
  }
  const { key, where = 'true' } = change;
  const named = names.map((name, at) => `${read[at]} as ${name}`).join(', ');
  const set = names
    .filter((name) => name !== `"${key}"`)
    .map((name) => `${name} = page.${name}`)
    .join(', ');
  return `update "${table}" set ${set} from (select ${named} from (${values})) as page where "${table}"."${key}" = page."${key}" and (${where})`;
}
