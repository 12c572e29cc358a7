import assert from 'node:assert/strict';
import { sql, type Kysely } from 'kysely';
import type { SurveyColumn } from './condition.ts';
import type { ObservedState } from './events/camera-event.ts';
import type { RegistryTables } from './schema/tables.ts';

/** All that a count asks of a camera. */
export interface CountedKind {
  declared: SurveyColumn;
  /** What is seen of it; null: it is linked, and nobody has looked yet. */
  observed: Exclude<ObservedState, 'not-linked'> | 'not-linked' | null;
  /** Of those that are linked: within an incident that is not over. */
  incident: boolean;
  /** For the survey (survey_statuses): seen damaged for most of the window, and nobody has said what it is. */
  awaiting: boolean;
  /** For the survey: would count as damaged, had an incident not been taken out. */
  spared: boolean;
}

/**
 * A kind is kept as a number of three digits: what is declared, what is observed, and which of `incident` (1), `awaiting` (2)
 * and `spared` (4) hold. Numbers that are kept mean this for good; another meaning wants a migration that marks all LAOs.
 */
const declaredDigits = {
  working: 1,
  'under-repair': 2,
  unrepairable: 3,
} as const satisfies Record<SurveyColumn, number>;
const observedDigits = [
  ['not-linked', 0],
  [null, 1],
  ['up', 2],
  ['degraded', 3],
  ['down', 4],
  ['unknown', 5],
] as const satisfies readonly (readonly [CountedKind['observed'], number])[];
const flagValues = { incident: 1, awaiting: 2, spared: 4 } as const;

/** Cameras that are there, beside all that decides what they count as. */
export function camerasCounted(database: Kysely<RegistryTables>) {
  return database
    .selectFrom('cameras')
    .leftJoin('streams', 'streams.camera_id', 'cameras.id')
    .leftJoin('observed_states', 'observed_states.camera_id', 'cameras.id')
    .leftJoin('survey_statuses', (join) =>
      join
        .onRef('survey_statuses.camera_id', '=', 'cameras.id')
        // Reckoned with an earlier declaration it says nothing any more.
        .onRef('survey_statuses.declared_at_ms', '=', 'cameras.declared_at_ms'),
    )
    .where('cameras.deleted_at_ms', 'is', null);
}

/**
 * The one GROUP BY that all counts are made of: cameras that are there, by LAO, budget source and kind. The columns that it
 * reads are those that mark an LAO (migrations 0010 and 0014): one more column here is one more there, in a migration of its own.
 */
export function countedRows(database: Kysely<RegistryTables>) {
  return camerasCounted(database)
    .select(({ fn }) => [
      'cameras.lao_id',
      'cameras.budget_source_id',
      kindNumber.as('kind'),
      fn.countAll<number>().as('cameras'),
    ])
    .groupBy(['cameras.lao_id', 'cameras.budget_source_id', kindNumber]);
}

/** What was seen before a camera lost its link is not what is seen now. */
const kindNumber = sql<number>`
  case cameras.declared ${sql.join(
    Object.entries(declaredDigits).map(
      ([status, digit]) => sql`when ${sql.lit(status)} then ${sql.lit(100 * digit)}`,
    ),
    sql` `,
  )} end + case when streams.camera_id is null then 0 else
    case observed_states.state ${sql.join(
      observedDigits
        .filter(([state]) => state !== null && state !== 'not-linked')
        .map(([state, digit]) => sql`when ${sql.lit(state)} then ${sql.lit(10 * digit)}`),
      sql` `,
    )} else ${sql.lit(10 * digitOf(null))} end
    + case when observed_states.incident_id is null then 0 else ${sql.lit(flagValues.incident)} end
    + case when survey_statuses.awaiting = 1 then ${sql.lit(flagValues.awaiting)} else 0 end
    + case when survey_statuses.in_incident = 1 then ${sql.lit(flagValues.spared)} else 0 end
  end`;

function digitOf(observed: CountedKind['observed']): number {
  const [, digit] = observedDigits.find(([state]) => state === observed) ?? [];
  assert(digit !== undefined);
  return digit;
}

/** By number. */
const kinds: CountedKind[] = [];
for (const declared of Object.keys(declaredDigits) as SurveyColumn[]) {
  for (const [observed, digit] of observedDigits) {
    for (let flags = 0; flags < 8; flags++) {
      kinds[100 * declaredDigits[declared] + 10 * digit + flags] = {
        declared,
        observed,
        incident: (flags & flagValues.incident) !== 0,
        awaiting: (flags & flagValues.awaiting) !== 0,
        spared: (flags & flagValues.spared) !== 0,
      };
    }
  }
}

/** Numbers of what is not linked; nothing is seen of it, so no flag holds. */
export const unlinkedKinds: readonly number[] = Object.values(declaredDigits).map(
  (digit) => 100 * digit + 10 * digitOf('not-linked'),
);

export function kindOf(number: number): CountedKind {
  const kind = kinds[number];
  assert(kind !== undefined, 'a number that kindNumber makes');
  return kind;
}
