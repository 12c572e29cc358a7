import { sql, type Kysely } from 'kysely';
import type { Reference } from './references.ts';

/**
 * A foreign key as triggers that promise what PostgreSQL's own do, under READ COMMITTED, which is all that we use:
 *
 * - A row that is added, or refers to another one from now on, finds what it refers to, and locks it until the end of the
 *   transaction, so that nobody deletes it meanwhile. A row that this transaction has written itself (`xmin`) nobody else can
 *   see or delete before it ends: that one needs no lock.
 * - Whoever deletes what rows refer to waits for such locks, and then sees those rows: they go too, or it is refused.
 *
 * Rows of a statement are looked up one by one within one query: of a join, the planner would read all that they may refer to.
 */
export async function checkByStatement(db: Kysely<never>, reference: Reference): Promise<void> {
  const { table, column, of, whenDeleted, follows } = reference;
  const name = `${table}_${column}`;
  await dropKey(db, reference);
  // KEY SHARE waits for changes of columns that have a unique index, which the one that is followed has not.
  const lock = follows === undefined ? 'key share' : 'share';
  const same = follows === undefined ? '' : ` and own.${follows} = child.${follows}`;
  const violated = (what: string): string =>
    `raise foreign_key_violation using message = '${what} violates foreign key "${name}"'`;
  const known = (rows: string): string => `if exists (
      select from (${rows}) as child where child.${column} is not null and case
        when (select own.xmin = pg_current_xact_id()::xid from ${of.table} as own
              where own.${of.key} = child.${column}${same}) then false
        else not exists (select from ${of.table} as own
              where own.${of.key} = child.${column}${same} for ${lock}) end)
    then ${violated(`insert or update on table "${table}"`)}; end if;`;
  const columns = [column, ...(follows === undefined ? [] : [follows])];
  const distinct = `select distinct ${columns.join(', ')} from rows_after`;
  const single = `select ${columns.map((one) => `new.${one} as ${one}`).join(', ')}`;
  const triggers = [
    trigger({
      name: `${name}_known`,
      when: `after insert on ${table} referencing new table as rows_after for each statement`,
      body: known(distinct),
    }),
    trigger({
      name: `${name}_stays_known`,
      when: `after update of ${columns.join(', ')} on ${table} for each row when (${differ(columns)})`,
      body: known(single),
    }),
    trigger({
      name: `${name}_not_there`,
      when: `after delete on ${of.table} for each row`,
      body:
        whenDeleted === 'deleted'
          ? `delete from ${table} where ${column} = old.${of.key};`
          : `if exists (select from ${table} where ${column} = old.${of.key})
             then ${violated(`delete on table "${of.table}"`)}; end if;`,
    }),
    trigger({
      name: `${name}_key_stays`,
      when: `after update of ${of.key} on ${of.table} for each row when (${differ([of.key])})`,
      body: `if exists (select from ${table} where ${column} = old.${of.key})
             then ${violated(`update on table "${of.table}"`)}; end if;`,
    }),
  ];
  if (follows !== undefined) {
    triggers.push(
      trigger({
        name: `${name}_follows`,
        when: `after update of ${follows} on ${of.table} for each row when (${differ([follows])})`,
        body: `update ${table} set ${follows} = new.${follows} where ${column} = new.${of.key};`,
      }),
    );
  }
  // In one message: a new registry makes two score of them.
  await sql.raw(triggers.join(';\n')).execute(db);
}

/** By its columns, the first of which is the one that is named; and the index of what it refers to, which nothing else asks. */
async function dropKey(
  db: Kysely<never>,
  { table, column, of, follows }: Reference,
): Promise<void> {
  const { rows } = await sql<{ of: string; name: string }>`
    select conrelid::regclass::text as of, conname as name from pg_constraint
    where conrelid = ${table}::regclass and contype = 'f'
        and conkey[1] = (select attnum from pg_attribute where attrelid = conrelid and attname = ${column})
      or conrelid = ${of.table}::regclass and contype = 'u'
        and conkey = array(select attnum from pg_attribute
          where attrelid = conrelid and attname in (${of.key}, ${follows ?? of.key}) order by attnum)
        and cardinality(conkey) > 1
    order by contype`.execute(db);
  for (const { of: owner, name } of rows) {
    await sql.raw(`alter table ${owner} drop constraint ${name}`).execute(db);
  }
}

function trigger({ name, when, body }: { name: string; when: string; body: string }): string {
  // Planned once a connection, perhaps while the table is a page: each row of an inventory would then read all of it.
  return `create function ${name}() returns trigger language plpgsql set enable_seqscan = off as
      $$ begin ${body} return null; end $$;
    create trigger ${name} ${when} execute function ${name}()`;
}

function differ(columns: readonly string[]): string {
  const row = (of: string): string => columns.map((column) => `${of}.${column}`).join(', ');
  return `(${row('old')}) is distinct from (${row('new')})`;
}
