import type { Kysely } from 'kysely';

/** What people were notified of, how they want to be, what is still to be sent, and of which cameras something was said. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('notices')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('account_id', 'text', (column) =>
      column.notNull().references('accounts.id').onDelete('cascade'),
    )
    .addColumn('kind', 'text', (column) => column.notNull())
    // What it is about: nobody is told the same thing twice.
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('content', 'text', (column) => column.notNull())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addColumn('read_ms', 'bigint')
    .execute();
  await db.schema
    .createIndex('notices_once')
    .unique()
    .on('notices')
    .columns(['account_id', 'subject'])
    .execute();
  await db.schema
    .createIndex('notices_of_account')
    .on('notices')
    .columns(['account_id', 'id'])
    .execute();
  await db.schema
    .createTable('notice_settings')
    .addColumn('account_id', 'text', (column) =>
      column.primaryKey().references('accounts.id').onDelete('cascade'),
    )
    .addColumn('email', 'integer', (column) => column.notNull())
    .addColumn('emailed_ms', 'bigint', (column) => column.notNull())
    .addColumn('webhook_url', 'text')
    .addColumn('webhook_secret', 'text')
    .execute();
  await db.schema
    .createTable('notice_deliveries')
    .addColumn('notice_id', 'text', (column) =>
      column.notNull().references('notices.id').onDelete('cascade'),
    )
    .addColumn('channel', 'text', (column) => column.notNull())
    .addColumn('account_id', 'text', (column) =>
      column.notNull().references('accounts.id').onDelete('cascade'),
    )
    .addColumn('attempts', 'integer', (column) => column.notNull())
    // Null: it was sent, or given up.
    .addColumn('next_ms', 'bigint')
    .addColumn('failure', 'text')
    .addPrimaryKeyConstraint('notice_deliveries_key', ['notice_id', 'channel'])
    .execute();
  await db.schema
    .createIndex('notice_deliveries_due')
    .on('notice_deliveries')
    .column('next_ms')
    .execute();
  await db.schema
    .createTable('notified_cameras')
    .addColumn('camera_id', 'text', (column) => column.primaryKey())
    .addColumn('told_ms', 'bigint', (column) => column.notNull())
    .execute();
}
