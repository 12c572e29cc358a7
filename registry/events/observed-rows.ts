import { sql, type Kysely } from 'kysely';
import type { RegistryTables } from '../schema/tables.ts';
import type { ObservedCondition } from './observed-state.ts';

/** Between rows of `observed_states` and conditions. */

/** Rows of one statement: bounded by what one may hold. */
export const ROWS_A_STATEMENT = 500;

type Row = Omit<RegistryTables['observed_states'], 'incident_id'>;

const columns = [
  'camera_id',
  'state',
  'reason',
  'since_ms',
  'at_ms',
  'epoch',
  'sequence',
  'event_id',
  'flapping',
  'measured',
] as const;

/** All, or those of these cameras. */
export async function readConditions(
  database: Kysely<RegistryTables>,
  cameraIds?: readonly string[],
): Promise<ObservedCondition[]> {
  const query = database.selectFrom('observed_states').select(columns);
  if (cameraIds === undefined) return (await query.execute()).map(conditionOf);
  const found: ObservedCondition[] = [];
  for (let at = 0; at < cameraIds.length; at += ROWS_A_STATEMENT) {
    const some = cameraIds.slice(at, at + ROWS_A_STATEMENT);
    found.push(...(await query.where('camera_id', 'in', some).execute()).map(conditionOf));
  }
  return found;
}

/** The incidents of rows that are there stay. `newer`: rows that have something as new (epoch, sequence) stay as they are. */
export async function writeConditions(
  database: Kysely<RegistryTables>,
  conditions: readonly ObservedCondition[],
  which: 'newer' | 'all',
): Promise<void> {
  for (let at = 0; at < conditions.length; at += ROWS_A_STATEMENT) {
    await database
      .insertInto('observed_states')
      .values(conditions.slice(at, at + ROWS_A_STATEMENT).map(rowOf))
      .onConflict((conflict) => {
        const update = conflict.column('camera_id').doUpdateSet((eb) => ({
          state: eb.ref('excluded.state'),
          reason: eb.ref('excluded.reason'),
          since_ms: eb.ref('excluded.since_ms'),
          at_ms: eb.ref('excluded.at_ms'),
          epoch: eb.ref('excluded.epoch'),
          sequence: eb.ref('excluded.sequence'),
          event_id: eb.ref('excluded.event_id'),
          flapping: eb.ref('excluded.flapping'),
          measured: eb.ref('excluded.measured'),
        }));
        return which === 'all' ? update : update.where(isNewerRow);
      })
      .execute();
  }
}

const isNewerRow = sql<boolean>`excluded.epoch > observed_states.epoch
  or (excluded.epoch = observed_states.epoch and excluded.sequence > observed_states.sequence)`;

function rowOf(condition: ObservedCondition): Row {
  return {
    camera_id: condition.cameraId,
    state: condition.state,
    reason: condition.reason,
    since_ms: condition.sinceMs,
    at_ms: condition.atMs,
    epoch: condition.epoch,
    sequence: condition.sequence,
    event_id: condition.eventId,
    flapping: condition.flapping ? 1 : 0,
    measured: JSON.stringify(condition.measured),
  };
}

function conditionOf(row: Row): ObservedCondition {
  return {
    cameraId: row.camera_id,
    state: row.state,
    reason: row.reason,
    sinceMs: row.since_ms,
    atMs: row.at_ms,
    epoch: row.epoch,
    sequence: row.sequence,
    eventId: row.event_id,
    flapping: row.flapping === 1,
    measured: JSON.parse(row.measured) as ObservedCondition['measured'],
  };
}
