import { PostgresAdapter, sql, type Kysely } from 'kysely';
import { GENESIS_HASH } from '../chain.ts';

export async function up(db: Kysely<never>): Promise<void> {
  await db.schema
    .createTable('entries')
    .addColumn('sequence', 'bigint', (column) => column.primaryKey().check(sql`sequence >= 1`))
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addColumn('actor_id', 'text', (column) => column.notNull())
    .addColumn('action', 'text', (column) => column.notNull())
    .addColumn('object_kind', 'text', (column) => column.notNull())
    .addColumn('object_id', 'text', (column) => column.notNull())
    .addColumn('outcome', 'text', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .execute();
  // A page is read from its newest entry down, whichever of these it is searched by.
  const searchedBy = [[], ['actor_id'], ['action'], ['object_id'], ['outcome']] as const;
  for (const columns of searchedBy) {
    await db.schema
      .createIndex(['entries_by', ...columns, 'at'].join('_'))
      .on('entries')
      .columns([...columns, 'at_ms', 'sequence'])
      .execute();
  }

  await db.schema
    .createTable('head')
    .addColumn('id', 'integer', (column) => column.primaryKey().check(sql`id = 1`))
    .addColumn('sequence', 'bigint', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .addColumn('key_id', 'text', (column) => column.notNull())
    .addColumn('signature', 'text', (column) => column.notNull())
    .execute();
  await sql`insert into head (id, sequence, hash, key_id, signature) values (1, 0, ${GENESIS_HASH}, '', '')`.execute(
    db,
  );

  await db.schema
    .createTable('anchors')
    .addColumn('number', 'bigint', (column) => column.primaryKey().check(sql`number >= 1`))
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('sequence', 'bigint', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .execute();

  // Against mistakes, and against whoever has rights to the rows but not to the schema. Whoever has both is found by
  // the chain and its anchors.
  const inPostgres = db.getExecutor().adapter instanceof PostgresAdapter;
  for (const statement of inPostgres ? postgresGuards : sqliteGuards) {
    await sql.raw(statement).execute(db);
  }
}

const CUT = `coalesce((select max(sequence) from anchors where kind = 'cut'), 0)`;

const sqliteGuards = [
  `create trigger entries_not_changed before update on entries
   begin select raise(abort, 'audit entries are not changed'); end`,
  `create trigger entries_not_removed before delete on entries when old.sequence > ${CUT}
   begin select raise(abort, 'audit entries are kept to the end of their time'); end`,
  `create trigger anchors_not_changed before update on anchors
   begin select raise(abort, 'audit anchors are not changed'); end`,
  `create trigger anchors_not_removed before delete on anchors
   begin select raise(abort, 'audit anchors are kept'); end`,
  `create trigger head_not_back before update on head when new.sequence < old.sequence
   begin select raise(abort, 'the audit log does not go back'); end`,
  `create trigger head_not_removed before delete on head
   begin select raise(abort, 'the audit log does not go back'); end`,
];

const postgresGuards = [
  `create function entry_removed() returns trigger language plpgsql set search_path from current as $$
   begin
     if old.sequence > ${CUT} then raise exception 'audit entries are kept to the end of their time'; end if;
     return old;
   end $$`,
  `create function head_changed() returns trigger language plpgsql as $$
   begin
     if new.sequence < old.sequence then raise exception 'the audit log does not go back'; end if;
     return new;
   end $$`,
  `create function refuse_change() returns trigger language plpgsql as $$
   begin raise exception 'the audit log is only added to'; end $$`,
  `create trigger entries_not_changed before update on entries for each row execute function refuse_change()`,
  `create trigger entries_not_removed before delete on entries for each row execute function entry_removed()`,
  `create trigger entries_not_emptied before truncate on entries for each statement execute function refuse_change()`,
  `create trigger anchors_not_changed before update or delete on anchors for each row execute function refuse_change()`,
  `create trigger anchors_not_emptied before truncate on anchors for each statement execute function refuse_change()`,
  `create trigger head_not_back before update on head for each row execute function head_changed()`,
  `create trigger head_not_removed before delete on head for each row execute function refuse_change()`,
  `create trigger head_not_emptied before truncate on head for each statement execute function refuse_change()`,
];
