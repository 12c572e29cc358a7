import { sql, type Expression, type Kysely, type RawBuilder, type SqlBool } from 'kysely';
import type { SearchTable } from './text-search.ts';

/** Text search in SQLite: FTS5's `trigram` over the texts of a table. */

/** Letters of a run that FTS5's `trigram` indexes. */
const GRAM_LENGTH = 3;
/** In one transaction: whoever else writes waits for it, some 50 ms. */
const INDEXED_AT_ONCE = 1_000;

/** FTS5 with its tokenizer of three letters, over the table's own text; triggers keep the two the same. */
export async function createSearchTable(
  db: Kysely<never>,
  { name, of }: SearchTable,
): Promise<void> {
  const grams = `${name}_grams`;
  const statements = [
    `create table ${name} (number integer primary key,
       id text not null unique references ${of} (id) on delete cascade, text text not null)`,
    `create virtual table ${grams} using fts5
       (text, content = '${name}', content_rowid = 'number', tokenize = 'trigram')`,
    `create trigger ${name}_added after insert on ${name} begin
       insert into ${grams} (rowid, text) values (new.number, new.text); end`,
    `create trigger ${name}_removed after delete on ${name} begin
       insert into ${grams} (${grams}, rowid, text) values ('delete', old.number, old.text); end`,
    `create trigger ${name}_changed after update of text on ${name} begin
       insert into ${grams} (${grams}, rowid, text) values ('delete', old.number, old.text);
       insert into ${grams} (rowid, text) values (new.number, new.text); end`,
  ];
  for (const statement of statements) await sql.raw(statement).execute(db);
}

/**
 * Without positions and without a copy of the text (a third of the size): that its letters follow each other is looked for
 * in the rows that have all its runs of three. A short part is the beginning of a run, also where it ends a text: two line
 * breaks follow there.
 */
export async function indexShortParts(db: Kysely<never>, table: string): Promise<void> {
  const grams = `${table}_grams`;
  const add = `insert into ${grams} (rowid, text) values (new.number, ${padded('new')});`;
  const remove = `insert into ${grams} (${grams}, rowid, text)
    values ('delete', old.number, ${padded('old')});`;
  const statements = [
    ...['added', 'removed', 'changed'].map((act) => `drop trigger ${table}_${act}`),
    `drop table ${grams}`,
    `create virtual table ${grams} using fts5 (text, content = '', columnsize = 0, detail = none,
       tokenize = 'trigram case_sensitive 1')`,
    `create virtual table ${table}_runs using fts5vocab (${grams}, 'instance')`,
    `create trigger ${table}_added after insert on ${table} begin ${add} end`,
    `create trigger ${table}_removed after delete on ${table} begin ${remove} end`,
    `create trigger ${table}_changed after update of text on ${table} begin ${remove} ${add} end`,
    `insert into ${grams} (rowid, text) select number, ${padded(table)} from ${table}`,
  ];
  for (const statement of statements) await sql.raw(statement).execute(db);
}

/**
 * A table beside has the rows whose texts are not in the index as they are, each with the text that is in it, if any: what the index has of
 * a row is taken out by the text it was made of. Triggers write there, and to the index alone where a row goes.
 */
export async function indexInBulk(db: Kysely<never>, table: string): Promise<void> {
  const grams = `${table}_grams`;
  const rest = `${table}_rest`;
  const isRest = `exists (select 1 from ${rest} where number = old.number)`;
  const statements = [
    ...['added', 'removed', 'changed'].map((act) => `drop trigger ${table}_${act}`),
    `create table ${rest} (number integer primary key, indexed_text text)`,
    `create trigger ${table}_added after insert on ${table} begin
       insert into ${rest} (number) values (new.number); end`,
    `create trigger ${table}_changed after update of text on ${table}
       when old.text <> new.text and not ${isRest} begin
       insert into ${rest} (number, indexed_text) values (old.number, old.text); end`,
    `create trigger ${table}_removed after delete on ${table} begin
       insert into ${grams} (${grams}, rowid, text) select 'delete', old.number, ${padded('indexed')}
         from (select case when ${isRest} then (select indexed_text from ${rest} where number = old.number)
           else old.text end as text) as indexed where indexed.text is not null;
       delete from ${rest} where number = old.number; end`,
  ];
  for (const statement of statements) await sql.raw(statement).execute(db);
}

/** Page by page: by each statement that adds to it, FTS5 writes a piece of index, which it has to merge with others later. */
export async function indexRest(
  db: Kysely<unknown>,
  { name }: SearchTable,
  signal?: AbortSignal,
): Promise<void> {
  const grams = `${name}_grams`;
  const rest = `${name}_rest`;
  for (;;) {
    if (signal?.aborted === true) return;
    const { rows: left } = await sql`select 1 from ${sql.table(rest)} limit 1`.execute(db);
    if (left.length === 0) return;
    await db.transaction().execute(async (transaction) => {
      const { rows } = await sql<{ last: number | null }>`select max(number) as last from
        (select number from ${sql.table(rest)} order by number limit ${INDEXED_AT_ONCE})`.execute(
        transaction,
      );
      const last = rows[0]?.last ?? 0;
      const statements = [
        `insert into ${grams} (${grams}, rowid, text) select 'delete', number, indexed_text || char(10, 10)
           from ${rest} where number <= ${last} and indexed_text is not null order by number`,
        `insert into ${grams} (rowid, text) select number, ${padded(name)} from ${name}
           where number in (select number from ${rest} where number <= ${last}) order by number`,
        `delete from ${rest} where number <= ${last}`,
      ];
      for (const statement of statements) await sql.raw(statement).execute(transaction);
    });
  }
}

/** The longest part by the index, whatever the ids; the others are looked for in what it finds. */
export async function matching<Tables>(
  _db: Kysely<Tables>,
  table: string,
  parts: readonly string[],
): Promise<RawBuilder<{ id: string }>[]> {
  const text = sql.ref<string>(`${table}.text`);
  const [longest = '', ...others] = parts.toSorted((a, b) => b.length - a.length);
  const conditions = [
    sql`${sql.ref(`${table}.number`)} in (${rowsOfIndex(table, longest)}
      union all select number from ${sql.table(`${table}_rest`)})`,
    // The index says that its runs of letters are there, not that they follow each other. What is not in it is looked at.
    scanned(text, longest),
    ...others.map((part) => scanned(text, part)),
  ];
  return [
    sql`(select ${sql.ref(`${table}.id`)} from ${sql.table(table)} where ${sql.join(conditions, sql` and `)})`,
  ];
}

export function scanned(text: Expression<string>, part: string): Expression<SqlBool> {
  return sql<SqlBool>`instr(${text}, ${part}) > 0`;
}

/** A text as it is indexed: two line breaks make its last letters the beginning of a run. */
function padded(row: string): string {
  return `${row}.text || char(10, 10)`;
}

function rowsOfIndex(table: string, part: string): RawBuilder<unknown> {
  const letters = Array.from(part);
  if (letters.length < GRAM_LENGTH) {
    const runs = sql.table(`${table}_runs`);
    return sql`select doc from ${runs} where term >= ${part} and term < ${afterAll(letters)}`;
  }
  const grams = sql.table(`${table}_grams`);
  const runs = letters.slice(GRAM_LENGTH - 1).map((_, at) => letters.slice(at, at + GRAM_LENGTH));
  // Strings of FTS5's query language: quotes doubled, nothing else means anything.
  const all = runs.map((run) => `"${run.join('').replaceAll('"', '""')}"`).join(' AND ');
  return sql`select rowid from ${grams} where ${grams} match ${all}`;
}

/** Text that comes after every text that begins with these letters; the last letter of Unicode is nobody's. */
function afterAll(letters: readonly string[]): string {
  const last = letters.at(-1)?.codePointAt(0) ?? 0;
  // Between them lie halves of other letters.
  const next = last === 0xd7ff ? 0xe000 : Math.min(last + 1, 0x10ffff);
  return [...letters.slice(0, -1), String.fromCodePoint(next)].join('');
}
