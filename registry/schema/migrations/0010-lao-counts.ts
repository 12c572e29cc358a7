import { sql, type Kysely } from 'kysely';
import { changeMarksOf } from '../../database/change-marks.ts';
import type { RegistryTables } from '../tables.ts';

/**
 * Counts kept of each LAO, and the marks of those that are to be counted again (lao-counts.ts). All LAOs are marked: what
 * is there is counted by the first who asks, and kept from the first second on.
 */
export async function up(db: Kysely<RegistryTables>): Promise<void> {
  await db.schema
    .createTable('lao_counts')
    .addColumn('lao_id', 'text', (column) => column.primaryKey())
    .addColumn('counts', 'text', (column) => column.notNull())
    .execute();
  const marks = { name: 'lao_count_marks', key: 'lao_id' };
  const any = db as unknown as Kysely<never>;
  const port = changeMarksOf(db);
  await port.createMarks(any, marks);
  await port.markChanges(any, marks, {
    table: 'cameras',
    id: 'id',
    columns: ['lao_id', 'budget_source_id', 'declared', 'declared_at_ms', 'deleted_at_ms'],
  });
  for (const [table, columns] of [
    ['streams', []],
    ['observed_states', ['state', 'incident_id']],
    ['survey_statuses', ['awaiting', 'in_incident', 'declared_at_ms']],
  ] as const) {
    const keyIn = { table: 'cameras', id: 'id' };
    await port.markChanges(any, marks, { table, id: 'camera_id', columns, keyIn });
  }
  await sql`insert into lao_count_marks (lao_id) select distinct lao_id from cameras`.execute(db);
}
