import type { Kysely } from 'kysely';
import { changeMarksOf } from '../../database/change-marks.ts';
import type { RegistryTables } from '../tables.ts';

/**
 * What is written of a camera marks the camera (lao-counts.ts), whose LAO is looked up when marks are read: somebody may move the
 * camera meanwhile. What was marked before stays; a count that came to be wrong before is found by the comparison at the start.
 */
export async function up(db: Kysely<RegistryTables>): Promise<void> {
  const any = db as unknown as Kysely<never>;
  const port = changeMarksOf(db);
  const rows = {
    name: 'lao_count_camera_marks',
    id: 'camera_id',
    keyIn: { table: 'cameras', id: 'id' },
  };
  await port.createMarks(any, { name: rows.name, key: rows.id });
  // As in 0010.
  for (const [table, columns] of [
    ['streams', []],
    ['observed_states', ['state', 'incident_id']],
    ['survey_statuses', ['awaiting', 'in_incident', 'declared_at_ms']],
  ] as const) {
    const marks = { name: 'lao_count_marks', key: 'lao_id', rows };
    await port.markRows(any, marks, { table, id: 'camera_id', columns });
  }
}
