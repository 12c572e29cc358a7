import { sql, type Expression, type Kysely, type RawBuilder, type SqlBool } from 'kysely';
import type { MarkedRows, MarkTable } from './change-marks.ts';

/** Marks in SQLite, by triggers a row. Whoever writes is alone: a mark of a row is one of its key at once. */

export async function createMarks(db: Kysely<never>, { name, key }: MarkTable): Promise<void> {
  await sql
    .raw(`create table ${name} (${key} text not null primary key) without rowid`)
    .execute(db);
}

/** There is one writer: a mark that is there stays until this transaction is over, and is enough. */
export async function markChanges(
  db: Kysely<never>,
  { name, key }: MarkTable,
  { table, id, columns, keyIn }: MarkedRows,
): Promise<void> {
  const mark = (row: 'old' | 'new'): string => {
    const own =
      keyIn === undefined
        ? `select ${row}.${key} as ${key}`
        : `select ${key} from ${keyIn.table} where ${keyIn.id} = ${row}.${id}`;
    return `insert into ${name} (${key}) select ${key} from (${own}) as own
      where not exists (select 1 from ${name} where ${name}.${key} = own.${key});`;
  };
  const differs = columns.map((column) => `old.${column} is not new.${column}`).join(' or ');
  const statements = [
    `create trigger ${table}_insert_marks after insert on ${table} begin ${mark('new')} end`,
    `create trigger ${table}_delete_marks after delete on ${table} begin ${mark('old')} end`,
  ];
  if (columns.length > 0) {
    statements.push(
      `create trigger ${table}_update_marks after update of ${columns.join(', ')} on ${table}
         when ${differs} begin ${mark('old')} ${mark('new')} end`,
    );
  }
  for (const statement of statements) await sql.raw(statement).execute(db);
}

export function isSelected(column: string, keys: RawBuilder<unknown>): Expression<SqlBool> {
  return sql<SqlBool>`${sql.ref(column)} in (${keys})`;
}

export function isAmong(column: string, keys: readonly string[]): Expression<SqlBool> {
  return sql<SqlBool>`${sql.ref(column)} in (${sql.join(keys)})`;
}
