import type { Connection, Submittable } from 'pg';
import type { LockedRows } from './database.ts';
import type { RowChange, WrittenRows } from './row-writer.ts';

/** A statement of a batch: with the values of its parameters, or a COPY FROM STDIN with the rows that it is to read. */
export interface BatchedStatement {
  text: string;
  values?: readonly unknown[];
  rows?: string;
}

/** What pg's connection has beside what its types tell: the messages of the protocol (§55.7 of PostgreSQL's manual). */
interface Messages {
  stream: { cork: () => void; uncork: () => void };
  parse: (message: { text: string }) => void;
  bind: (message: { values: readonly unknown[] }) => void;
  execute: (message: object) => void;
  sync: () => void;
  sendCopyFromChunk: (chunk: Buffer) => void;
  endCopyFrom: () => void;
}

/**
 * Statements that are sent in one go, each answered when PostgreSQL is through with it; `written` has the rows that each wrote, in
 * their order. It waits for none of them to be answered before it has the next: between two of a page of an inventory it would
 * stand still while this thread makes rows of the page behind. Of the first that fails it skips the rest (§55.2.3, Sync), and the
 * rows of a COPY that failed are passed over. For `query` of a client of pg, which calls the methods.
 */
export class StatementBatch implements Submittable {
  readonly #statements: readonly BatchedStatement[];
  readonly #written: number[] = [];
  readonly #answer = Promise.withResolvers<readonly number[]>();
  readonly written = this.#answer.promise;

  constructor(statements: readonly BatchedStatement[]) {
    this.#statements = statements;
  }

  submit(connection: Connection): void {
    const messages = connection as unknown as Messages;
    messages.stream.cork();
    try {
      for (const { text, values = [], rows } of this.#statements) {
        messages.parse({ text });
        messages.bind({ values: values.map(parameter) });
        messages.execute({});
        if (rows === undefined) continue;
        messages.sendCopyFromChunk(Buffer.from(rows));
        messages.endCopyFrom();
      }
      messages.sync();
    } finally {
      messages.stream.uncork();
    }
  }

  /** Its rows were sent with it. */
  handleCopyInResponse(): void {}

  handleDataRow(): void {}

  handleCommandComplete({ text }: { text: string }): void {
    // INSERT 0 5, UPDATE 5, COPY 5; SELECT 5 wrote nothing.
    const [command, ...counts] = text.split(' ');
    this.#written.push(command === 'SELECT' ? 0 : Number(counts.at(-1)));
  }

  handleError(error: Error): void {
    this.#answer.reject(error);
  }

  handleReadyForQuery(): void {
    this.#answer.resolve(this.#written);
  }
}

/** As the protocol has it, by text. */
function parameter(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  throw new TypeError('a parameter is neither text nor number');
}

/**
 * Rows that are added. Not by INSERT: of rows in parameters PostgreSQL makes a table of each column before it reads the first row,
 * which took a fifth of an inventory's time; and COPY writes a page of the table at a time.
 */
export function copyOf({ table, rows }: WrittenRows): BatchedStatement {
  const columns = Object.keys(rows[0] ?? {});
  const names = columns.map((column) => `"${column}"`).join(', ');
  let text = '';
  for (const row of rows) {
    let between = '';
    for (const column of columns) {
      text += between + copied(row[column], column);
      between = '\t';
    }
    text += '\n';
  }
  return { text: `copy "${table}" (${names}) from stdin`, rows: text };
}

/** A value in COPY's text format. */
function copied(value: unknown, column: string): string {
  if (value === null || value === undefined) return '\\N';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') {
    return ESCAPED.test(value)
      ? value.replace(EVERY_ESCAPED, (letter) => escapes[letter] ?? '')
      : value;
  }
  if (value instanceof Uint8Array) return `\\\\x${Buffer.from(value).toString('hex')}`;
  throw new TypeError(`a row's ${column} is neither text, number nor bytes`);
}

const ESCAPED = /[\\\n\r\t]/;
const EVERY_ESCAPED = /[\\\n\r\t]/g;
const escapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

/** One row answers, whatever the number of those that are locked. */
export function lockOf({ table, locked }: LockedRows): BatchedStatement {
  return {
    text: `select count(*) from (
      select 1 from "${table}" where id = any($1::text[]) order by id for update) as locked`,
    values: [`{${locked.map(quoted).join()}}`],
  };
}

/** One array a column: the statement is read and planned as one of a few parameters, however many rows it carries. */
export function changeOf(
  { table, rows }: WrittenRows,
  { key, where = 'true' }: RowChange,
  types: ReadonlyMap<string, string>,
): BatchedStatement {
  const columns = Object.keys(rows[0] ?? {});
  const names = columns.map((column) => `"${column}"`).join(', ');
  const arrays = columns.map((column, index) => `$${index + 1}::${types.get(column)}[]`);
  const page = `unnest(${arrays.join(', ')}) as page (${names})`;
  const written = columns.filter((column) => column !== key);
  const set = written.map((column) => `"${column}" = page."${column}"`).join(', ');
  return {
    text: `update "${table}" set ${set} from ${page} where "${table}"."${key}" = page."${key}" and (${where})`,
    values: columns.map((column) => arrayText(rows, column)),
  };
}

/** A column of rows as an array literal (§8.15.2 of PostgreSQL's manual). */
function arrayText(rows: WrittenRows['rows'], column: string): string {
  let text = '{';
  for (const row of rows) {
    if (text.length > 1) text += ',';
    const value = row[column];
    if (value === null || value === undefined) text += 'NULL';
    else if (typeof value === 'number') text += value;
    else if (typeof value === 'string') text += quoted(value);
    else if (value instanceof Uint8Array) text += `"\\\\x${Buffer.from(value).toString('hex')}"`;
    else throw new TypeError(`a row's ${column} is neither text, number nor bytes`);
  }
  return `${text}}`;
}

function quoted(value: string): string {
  return /["\\]/.test(value) ? `"${value.replace(/["\\]/g, '\\$&')}"` : `"${value}"`;
}
