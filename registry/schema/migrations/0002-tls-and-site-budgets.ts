import { sql, type Kysely } from 'kysely';

/** How a stream's certificate is verified, and what a site's line and recorders can bear. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('streams')
    .addColumn('tls_verify', 'text', (column) =>
      column
        .notNull()
        .defaultTo('system')
        .check(sql`tls_verify in ('system', 'pin', 'skip')`),
    )
    .execute();
  await db.schema.alterTable('streams').addColumn('tls_fingerprint', 'text').execute();
  for (const budget of ['max_sessions', 'max_sessions_per_box', 'uplink_bits_per_second']) {
    await db.schema
      .alterTable('sites')
      .addColumn(budget, 'bigint', (column) => column.check(sql`${sql.ref(budget)} >= 1`))
      .execute();
  }
}
