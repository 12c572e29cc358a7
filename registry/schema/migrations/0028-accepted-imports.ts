import { sql, type Kysely } from 'kysely';

/** Inventories that were accepted: whether their rows were saved is known when the process that wrote them is gone. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('accepted_imports')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('actor_id', 'text', (column) => column.notNull())
    .addColumn('file_name', 'text', (column) => column.notNull())
    .addColumn('areas', 'text', (column) => column.notNull())
    .addColumn('counts', 'text', (column) => column.notNull())
    .addColumn('accepted_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('state', 'text', (column) =>
      column.notNull().check(sql`state in ('begun', 'saved', 'lost')`),
    )
    .execute();
}
