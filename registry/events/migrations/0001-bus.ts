import type { Kysely } from 'kysely';

/** Messages by topic and number; of a compacted topic the latest of each key; where groups of subscribers are. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const { table, key } of [
    { table: 'bus_messages', key: 'number' },
    { table: 'bus_latest', key: 'key' },
  ]) {
    await db.schema
      .createTable(table)
      .addColumn('topic', 'text', (column) => column.notNull())
      .addColumn('number', 'bigint', (column) => column.notNull())
      .addColumn('key', 'text', (column) => column.notNull())
      .addColumn('value', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint(`${table}_key`, ['topic', key as never])
      .execute();
  }
  await db.schema
    .createIndex('bus_latest_by_number')
    .on('bus_latest')
    .columns(['topic', 'number'])
    .unique()
    .execute();
  await db.schema
    .createTable('bus_groups')
    .addColumn('topic', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('done', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('bus_groups_key', ['topic', 'name'])
    .execute();
}
