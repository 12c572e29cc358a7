import { sql, type Kysely } from 'kysely';
import type { RegistryTables } from '../tables.ts';

/**
 * A return whose snapshot lacked cameras is corrected with its cameras taken anew from the registry. Nothing of the round's
 * snapshot, nor of one taken before, is overwritten: each has a number, and each version of a return names the one it counts.
 */
export async function up(db: Kysely<RegistryTables>): Promise<void> {
  // 0: the round's own.
  await db.schema
    .alterTable('survey_versions')
    .addColumn('snapshot', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
  await db.schema
    .createTable('survey_retakes')
    .addColumn('return_id', 'text', (column) =>
      column.notNull().references('survey_returns.id').onDelete('cascade'),
    )
    .addColumn('snapshot', 'integer', (column) => column.notNull().check(sql`snapshot > 0`))
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addColumn('by', 'text', (column) => column.notNull())
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('added', 'integer', (column) => column.notNull())
    .addColumn('removed', 'integer', (column) => column.notNull())
    .addColumn('changed', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('survey_retakes_key', ['return_id', 'snapshot'])
    .execute();
  const columns = sql`('working', 'under-repair', 'unrepairable')`;
  await db.schema
    .createTable('survey_retaken_cameras')
    .addColumn('return_id', 'text', (column) =>
      column.notNull().references('survey_returns.id').onDelete('cascade'),
    )
    .addColumn('snapshot', 'integer', (column) => column.notNull())
    // No reference, as in survey_cameras.
    .addColumn('camera_id', 'text', (column) => column.notNull())
    .addColumn('budget_source_id', 'text', (column) => column.notNull())
    .addColumn('budget_source', 'text', (column) => column.notNull())
    .addColumn('position', 'text', (column) => column.notNull())
    .addColumn('linked', 'integer', (column) => column.notNull())
    .addColumn('declared', 'text', (column) => column.notNull().check(sql`declared in ${columns}`))
    .addColumn('declared_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('observed', 'text')
    .addColumn('status', 'text', (column) => column.notNull().check(sql`status in ${columns}`))
    .addColumn('awaiting', 'integer', (column) => column.notNull())
    .addColumn('in_incident', 'integer', (column) => column.notNull())
    .addColumn('basis', 'text', (column) => column.notNull())
    .addColumn('rule', 'text', (column) => column.notNull())
    .addColumn('proposal', 'text')
    .addColumn('evidence', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('survey_retaken_cameras_key', ['return_id', 'snapshot', 'camera_id'])
    .execute();
  // A camera is counted by one LAO of a round: looked for by its id.
  await db.schema
    .createIndex('survey_retaken_cameras_counted')
    .on('survey_retaken_cameras')
    .column('camera_id')
    .execute();
}
