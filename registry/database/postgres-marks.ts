import {
  sql,
  type Expression,
  type Kysely,
  type RawBuilder,
  type SqlBool,
  type Transaction,
} from 'kysely';
import { keyOf, type MarkedRows, type MarkTable, type RowMarkedTable } from './change-marks.ts';

/** Marks in PostgreSQL, by triggers over the rows of a statement. */

export async function createMarks(db: Kysely<never>, { name, key }: MarkTable): Promise<void> {
  await sql.raw(`create table ${name} (${key} text not null)`).execute(db);
}

/** Once a statement, over the rows that it changed: an import writes some hundred at a time. */
export async function markChanges(
  db: Kysely<never>,
  { name, key }: MarkTable,
  { table, id, columns, keyIn }: MarkedRows,
): Promise<void> {
  const keys = (rows: string): string =>
    keyIn === undefined
      ? `select distinct ${key} from (${rows}) as changed`
      : // Looked up row by row: a join is planned while its table is empty, in a new registry, and then reads all of it for
        // each page of an inventory.
        `select distinct ${key} from (
           select (select ${key} from ${keyIn.table} where ${keyIn.id} = changed.${id}) as ${key}
           from (${rows}) as changed) as keys where ${key} is not null`;
  const wanted = keyIn === undefined ? key : id;
  for (const { act, rows, of } of changesOf(id, wanted, columns)) {
    const trigger = `${table}_${act}_marks`;
    const mark = `insert into ${name} (${key}) ${keys(rows)}`;
    for (const statement of [
      `create function ${trigger}() returns trigger language plpgsql as
         $$ begin ${mark}; return null; end $$`,
      `create trigger ${trigger} after ${act} on ${table} referencing ${of}
         for each statement execute function ${trigger}()`,
    ]) {
      await sql.raw(statement).execute(db);
    }
  }
}

/**
 * A key whose row this transaction has written itself nobody else can change before it ends: it is marked at once. So an import
 * marks LAOs by the page, and not each of its cameras.
 */
export async function markRows(
  db: Kysely<never>,
  { name, key, rows: { name: rowMarks, id: row, keyIn } }: RowMarkedTable,
  { table, id, columns }: Omit<MarkedRows, 'keyIn'>,
): Promise<void> {
  for (const { act, rows } of changesOf(id, id, columns)) {
    const statement = `create or replace function ${table}_${act}_marks() returns trigger language plpgsql as
      $$ begin
        with changed as materialized (select distinct ${id} as id from (${rows}) as every_one),
        known as materialized (
          select id, (select ${key} from ${keyIn.table} as own
            where own.${keyIn.id} = changed.id and own.xmin = pg_current_xact_id()::xid) as key
          from changed),
        marked as (insert into ${name} (${key}) select distinct key from known where key is not null)
        insert into ${rowMarks} (${row}) select id from known where key is null;
        return null;
      end $$`;
    await sql.raw(statement).execute(db);
  }
}

/** In one statement, and so of one moment: a mark that it does not see stays. */
export async function keyRows(
  transaction: Transaction<unknown>,
  { name, key, rows }: RowMarkedTable,
  atMost: number,
): Promise<number> {
  const { rows: answer } = await sql<{ taken: number }>`
    with taken as (
      delete from ${sql.table(rows.name)}
      where ctid = any(array(select ctid from ${sql.table(rows.name)} limit ${sql.lit(atMost)}))
      returning ${sql.ref(rows.id)}
    ),
    keyed as (
      insert into ${sql.table(name)} (${sql.ref(key)})
      select distinct ${sql.ref(key)} from (select ${keyOf(rows, key, 'taken')} from taken) as found
      where ${sql.ref(key)} is not null
    )
    select count(*) as taken from taken`.execute(transaction);
  return answer[0]?.taken ?? 0;
}

export async function sweepMarks(
  db: Kysely<unknown>,
  { name, rows }: RowMarkedTable,
): Promise<void> {
  await sql`vacuum (skip_locked) ${sql.table(name)}, ${sql.table(rows.name)}`.execute(db);
}

/** As an array: of a join, the planner would guess from what the table of marks once held, and read all cameras. */
export function isSelected(column: string, keys: RawBuilder<unknown>): Expression<SqlBool> {
  return sql<SqlBool>`${sql.ref(column)} = any(array(${keys}))`;
}

/** From a subquery the planner expects ten: some hundred, it would rather read all that is joined, each time. */
export function isAmong(column: string, keys: readonly string[]): Expression<SqlBool> {
  return sql<SqlBool>`${sql.ref(column)} = any(array(select unnest(${keys}::text[])))`;
}

/** By act: the rows that it inserted, deleted or made others, as a query for `wanted` of each, over its transition tables. */
function changesOf(id: string, wanted: string, columns: readonly string[]) {
  const row = (of: string): string => columns.map((column) => `${of}.${column}`).join(', ');
  const differing = (of: string): string =>
    `select ${of}.${wanted} from rows_before join rows_after on rows_before.${id} = rows_after.${id}
       where (${row('rows_before')}) is distinct from (${row('rows_after')})`;
  const acts = [
    { act: 'insert', rows: `select ${wanted} from rows_after`, of: 'new table as rows_after' },
    { act: 'delete', rows: `select ${wanted} from rows_before`, of: 'old table as rows_before' },
  ];
  if (columns.length === 0) return acts;
  const update = {
    act: 'update',
    rows: `${differing('rows_before')} union all ${differing('rows_after')}`,
    of: 'old table as rows_before new table as rows_after',
  };
  return [...acts, update];
}
