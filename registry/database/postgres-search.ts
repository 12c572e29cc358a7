import { sql, type Expression, type Kysely, type RawBuilder, type SqlBool } from 'kysely';
import { takeLock } from './database.ts';
import { createBlocks, indexPage, spansOf } from './search-blocks.ts';
import type { SearchTable } from './text-search.ts';

/** Text search in PostgreSQL: pg_trgm for what few rows hold, blocks (search-blocks.ts) for what many do. */

/** Letters of a run that pg_trgm indexes. */
const GRAM_LENGTH = 3;
/** Of a search table's pages, to see how many rows hold a part; and the share of rows that makes it a frequent one. */
const SAMPLED_PERCENT = 1;
const FREQUENT_SHARE = 1 / 50;
const INDEXED_AT_ONCE = 500;
/** Rows that were indexed, from which on the planner is told how many there are. */
const COUNTED_FROM = 1_000;

/** pg_trgm, where the role may have it: it comes with PostgreSQL, and is trusted. Without it, searches look at each row. */
export async function createSearchTable(
  db: Kysely<never>,
  { name, of }: SearchTable,
): Promise<void> {
  await sql
    .raw(
      `create table ${name}
         (id text primary key references ${of} (id) on delete cascade, text text not null)`,
    )
    .execute(db);
  await sql
    .raw(
      `do $$ begin
         create extension if not exists pg_trgm;
         create index ${name}_grams on ${name} using gin (text gin_trgm_ops);
       exception when insufficient_privilege or undefined_file or undefined_object then
         raise notice 'no pg_trgm: searches will look at each row';
       end $$`,
    )
    .execute(db);
}

/**
 * A row says whether it is in the index, which is of those rows alone; a small one has the others. Not GIN's own list of what is pending: whoever writes next would have to wait for all of it.
 */
export async function mayBeIndexedLater(db: Kysely<never>, name: string): Promise<void> {
  const statements = [
    `alter table ${name} add column indexed integer not null default 1`,
    `create function ${name}_indexed() returns trigger language plpgsql as $$ begin
       new.indexed := 0;
       return new;
     end $$`,
    `create trigger ${name}_indexed before insert or update of text on ${name}
       for each row execute function ${name}_indexed()`,
    `create index ${name}_rest on ${name} (id) where indexed = 0`,
    `do $$ begin
       if to_regclass('${name}_grams') is not null then
         drop index ${name}_grams;
         create index ${name}_grams on ${name} using gin (text gin_trgm_ops) where indexed = 1;
       end if;
     end $$`,
  ];
  for (const statement of statements) await sql.raw(statement).execute(db);
}

/** Texts that others write meanwhile would be in no block: they wait for the migration. */
export async function indexInBlocks(db: Kysely<never>, name: string): Promise<void> {
  await sql.raw(`lock table ${name} in share row exclusive mode`).execute(db);
  await sql
    .raw(
      `create or replace function ${name}_indexed() returns trigger language plpgsql as
         $$ begin new.indexed := 0; return new; end $$`,
    )
    .execute(db);
  await createBlocks(db as unknown as Kysely<unknown>, name);
}

/** As the column's default: a trigger before each row would have rows written one by one. */
export async function beginsUnindexed(db: Kysely<never>, name: string): Promise<void> {
  const statements = [
    `alter table ${name} alter column indexed set default 0`,
    `drop trigger ${name}_indexed on ${name}`,
    `create trigger ${name}_indexed before update of text on ${name}
       for each row execute function ${name}_indexed()`,
  ];
  for (const statement of statements) await sql.raw(statement).execute(db);
}

export async function indexRest(
  db: Kysely<unknown>,
  { name, of }: SearchTable,
  signal?: AbortSignal,
): Promise<void> {
  const table = sql.table(name);
  const { rows } = await sql`select from ${table} where indexed = 0 limit 1`.execute(db);
  if (rows.length === 0) return;
  let indexed = 0;
  let after = '';
  for (;;) {
    if (signal?.aborted === true) break;
    const begin = after;
    const page = await db.transaction().execute(async (transaction) => {
      await takeLock(transaction, `${name}-blocks`);
      return indexPage(transaction, name, begin, INDEXED_AT_ONCE);
    });
    if (page === undefined) break;
    after = page.last;
    indexed += page.count;
  }
  // Until they are counted, the planner takes few rows to be there, and looks at each. PostgreSQL counts within a minute.
  if (indexed >= COUNTED_FROM) await sql`analyze ${table}, ${sql.table(of)}`.execute(db);
}

/**
 * pg_trgm's index for what few rows hold, all parts together. What many hold, and parts too short for it, are looked for in order, in
 * the blocks that may have them, by strpos, which takes a third of the time of LIKE.
 */
export async function matching<Tables>(
  db: Kysely<Tables>,
  table: string,
  parts: readonly string[],
  from: string,
): Promise<RawBuilder<{ id: string }>[]> {
  const text = sql.ref<string>('text');
  const holds = parts.map((part) => scanned(text, part));
  const indexed = parts.filter((part) => Array.from(part).length >= GRAM_LENGTH);
  if (indexed.length === 0 || (await areFrequent(db, table, indexed))) {
    return spansOf(db, table, { parts, scanned: sql.join(holds, sql` and `), from });
  }
  const likes = sql.join(
    indexed.map((part) => sql`${text} like ${`%${part.replace(/[\\%_]/g, '\\$&')}%`}`),
    sql` and `,
  );
  const found = sql`((indexed = 1 and ${likes}) or (indexed = 0 and ${likes}))`;
  // An id that no index knows: else the planner, which takes more rows to be found than are, looks at all in their order.
  return [
    sql`(select id || '' as id from ${sql.table(table)} where ${sql.join([found, ...holds], sql` and `)})`,
  ];
}

/** Texts that hold all of `parts`, of a sample of its pages: some thousand rows of 300,000, some milliseconds. */
async function areFrequent<Tables>(
  db: Kysely<Tables>,
  table: string,
  parts: readonly string[],
): Promise<boolean> {
  const holds = parts.map((part) => scanned(sql.ref('text'), part));
  const { rows } = await sql<{ all: number; found: number }>`
    select count(*) as all, count(*) filter (where ${sql.join(holds, sql` and `)}) as found
      from ${sql.table(table)} tablesample system (${sql.lit(SAMPLED_PERCENT)})`.execute(db);
  const [{ all, found } = { all: 0, found: 0 }] = rows;
  return found > all * FREQUENT_SHARE;
}

export function scanned(text: Expression<string>, part: string): Expression<SqlBool> {
  return sql<SqlBool>`strpos(${text}, ${part}) > 0`;
}
