import { sql, type RawBuilder, type SqlBool } from 'kysely';
import type { Area, Place } from './area.ts';
import { laosNamed } from './named-rows.ts';
import { openStates, type Repair } from './repair.ts';
import { repairOf } from './repairs.ts';
import type { CameraTable, ObservedStateTable, RegistryDatabase } from './schema/tables.ts';
import { thaiDay } from './thai-day.ts';
import { isWithinAreas } from './within-areas.ts';

/**
 * Cameras that are broken: declared so, seen so, or in repair; longest first. What the letters ask to be repaired
 * (forms.md §3, "always ready for use"), and who is late with it.
 */

/**
 * Which of them. `to-repair`: all but those declared unrepairable; `undeclared`: their streams show it and nobody has said
 * so yet; `without-repair`: no repair is open; `overdue`: its repair should have been done.
 */
export const brokenKinds = [
  'to-repair',
  'undeclared',
  'without-repair',
  'overdue',
  'unrepairable',
] as const;
export type BrokenKind = (typeof brokenKinds)[number];

export interface BrokenFilter {
  kind: BrokenKind;
  /** Of the actor: nothing outside of these is told. */
  within: readonly Area[];
  province?: string | undefined;
  district?: string | undefined;
  lao?: string | undefined;
}

export interface BrokenCamera {
  cameraId: string;
  position: string;
  lao: Place;
  budgetSource: string;
  declared: CameraTable['declared'];
  declaredReason: string | null;
  /** What its stream shows; null: nobody has looked yet. */
  observed: {
    state: ObservedStateTable['state'];
    reason: ObservedStateTable['reason'];
    sinceMs: number;
    inIncident: boolean;
  } | null;
  /** Since when it is broken by anybody's account, Unix ms. */
  sinceMs: number;
  repair: Repair | null;
}

/** Of one place of a list: an LAO, a district, a province. */
export interface BrokenTotal {
  province: string;
  district: string | null;
  lao: string | null;
  /** Seen or declared, and not given up. */
  toRepair: number;
  undeclared: number;
  withoutRepair: number;
  overdue: number;
  unrepairable: number;
  /** Of those to repair; null: there are none. Unix ms. */
  longestSinceMs: number | null;
}

export const totalLevels = ['province', 'district', 'lao'] as const;
export type TotalLevel = (typeof totalLevels)[number];

/** Places of one list of totals: there are 7,850 LAOs. */
const MAX_TOTALS = 10_000;

/** A page of them. `after`: the cursor of the page before; `nowMs` says what is overdue. */
export async function brokenCameras(
  database: RegistryDatabase,
  filter: BrokenFilter,
  { after, limit, nowMs }: { after?: string | undefined; limit: number; nowMs: number },
): Promise<{ cameras: BrokenCamera[]; nextCursor: string | null }> {
  const today = thaiDay(nowMs);
  let query = joined(database, filter, await namedIn(database, filter))
    .where(conditionOf(filter.kind, today))
    .selectAll('repairs')
    .select([
      'cameras.id as cameraId',
      'cameras.position',
      'cameras.declared',
      'cameras.declared_reason',
      'laos.name',
      'laos.district',
      'laos.province',
      'budget_sources.name as budgetSource',
      'observed_states.state as observedState',
      'observed_states.reason as observedReason',
      'observed_states.since_ms as observedSinceMs',
      'observed_states.incident_id',
      brokenSince.as('sinceMs'),
    ])
    .orderBy(brokenSince)
    .orderBy('cameras.id')
    .limit(limit + 1);
  const position = after === undefined ? undefined : cursorOf(after);
  if (position !== undefined) {
    const { sinceMs, cameraId } = position;
    query = query.where(
      sql<SqlBool>`(${brokenSince} > ${sinceMs} or (${brokenSince} = ${sinceMs} and cameras.id > ${cameraId}))`,
    );
  }
  const rows = await query.execute();
  const cameras = rows.slice(0, limit).map((row): BrokenCamera => {
    const { id, camera_id, version, state, opened_ms, reported_on, reported_by, cause } = row;
    const repaired =
      id === null ||
      camera_id === null ||
      version === null ||
      state === null ||
      opened_ms === null ||
      reported_on === null ||
      reported_by === null ||
      cause === null
        ? null
        : repairOf(
            { ...row, id, camera_id, version, state, opened_ms, reported_on, reported_by, cause },
            nowMs,
          );
    return {
      cameraId: row.cameraId,
      position: row.position,
      lao: { name: row.name, district: row.district, province: row.province },
      budgetSource: row.budgetSource,
      declared: row.declared,
      declaredReason: row.declared_reason,
      observed:
        row.observedState === null || row.observedSinceMs === null
          ? null
          : {
              state: row.observedState,
              reason: row.observedReason,
              sinceMs: row.observedSinceMs,
              inIncident: row.incident_id !== null,
            },
      sinceMs: row.sinceMs,
      repair: repaired,
    };
  });
  const last = cameras.at(-1);
  return {
    cameras,
    nextCursor:
      rows.length > limit && last !== undefined ? `${last.sinceMs}_${last.cameraId}` : null,
  };
}

/** By place, those with the most to repair first. Counted from what is there now. */
export async function brokenTotals(
  database: RegistryDatabase,
  filter: Omit<BrokenFilter, 'kind'>,
  { level, nowMs }: { level: TotalLevel; nowMs: number },
): Promise<BrokenTotal[]> {
  const today = thaiDay(nowMs);
  const count = (kind: BrokenKind) =>
    sql<number>`count(case when ${conditionOf(kind, today)} then 1 end)`;
  const columns = {
    province: ['laos.province'],
    district: ['laos.province', 'laos.district'],
    lao: ['laos.province', 'laos.district', 'laos.name'],
  } as const satisfies Record<TotalLevel, readonly string[]>;
  const toRepair = count('to-repair');
  const rows = await joined(database, filter, await namedIn(database, filter))
    .where(isBroken)
    .select([
      'laos.province',
      level === 'province' ? sql<string | null>`null`.as('district') : 'laos.district',
      level === 'lao' ? 'laos.name as lao' : sql<string | null>`null`.as('lao'),
      toRepair.as('toRepair'),
      count('undeclared').as('undeclared'),
      count('without-repair').as('withoutRepair'),
      count('overdue').as('overdue'),
      count('unrepairable').as('unrepairable'),
      sql<
        number | null
      >`min(case when ${conditionOf('to-repair', today)} then ${brokenSince} end)`.as(
        'longestSinceMs',
      ),
    ])
    .groupBy(columns[level])
    .orderBy(toRepair, 'desc')
    .orderBy('laos.province')
    .limit(MAX_TOTALS)
    .execute();
  return rows;
}

/** Without conditions of their own: each camera that is there, with its LAO, its open repair and what is seen of it. */
function joined(
  database: RegistryDatabase,
  { within, province, district, lao }: Omit<BrokenFilter, 'kind'>,
  named: readonly string[],
) {
  let query = database
    .selectFrom('cameras')
    .innerJoin('laos', 'laos.id', 'cameras.lao_id')
    .innerJoin('budget_sources', 'budget_sources.id', 'cameras.budget_source_id')
    .leftJoin('repairs', (join) =>
      join.onRef('repairs.camera_id', '=', 'cameras.id').on('repairs.closed_ms', 'is', null),
    )
    .leftJoin('observed_states', 'observed_states.camera_id', 'cameras.id')
    .where('cameras.deleted_at_ms', 'is', null)
    .where(isWithinAreas(within));
  if (lao !== undefined) {
    return named.length === 0
      ? query.where(sql<SqlBool>`1 = 0`)
      : query.where('cameras.lao_id', 'in', named);
  }
  if (province !== undefined) query = query.where('laos.province', '=', province);
  if (district !== undefined) query = query.where('laos.district', '=', district);
  return query;
}

/** The LAOs that the filter means by its name, also where it was merged into another. */
async function namedIn(
  database: RegistryDatabase,
  { province, district, lao }: Omit<BrokenFilter, 'kind' | 'within'>,
): Promise<string[]> {
  return lao === undefined ? [] : laosNamed(database, { province, district, lao });
}

const isSeenBroken = sql<SqlBool>`(observed_states.state in ('degraded', 'down') and observed_states.incident_id is null)`;
const isBroken = sql<SqlBool>`(cameras.damaged_since_ms is not null or repairs.id is not null or ${isSeenBroken})`;

/** The earliest of what people say, what the stream shows, and the report of its repair. */
const brokenSince = sql<number>`
  case
    when ${isSeenBroken} and observed_states.since_ms < coalesce(cameras.damaged_since_ms, repairs.opened_ms, observed_states.since_ms + 1)
      then observed_states.since_ms
    else coalesce(cameras.damaged_since_ms, repairs.opened_ms)
  end`;

function conditionOf(kind: BrokenKind, today: string): RawBuilder<SqlBool> {
  switch (kind) {
    case 'to-repair':
      return sql`(cameras.declared <> 'unrepairable' and ${isBroken})`;
    case 'undeclared':
      return sql`(cameras.declared = 'working' and repairs.id is null and ${isSeenBroken})`;
    case 'without-repair':
      return sql`(cameras.declared <> 'unrepairable' and repairs.id is null and ${isBroken})`;
    case 'overdue':
      return sql`(repairs.state in (${sql.join(openStates.map((state) => sql.lit(state)))}) and repairs.due_on < ${today})`;
    case 'unrepairable':
      return sql`cameras.declared = 'unrepairable'`;
  }
}

/** Undefined: none of this list. */
function cursorOf(text: string): { sinceMs: number; cameraId: string } | undefined {
  const match = /^(\d{1,15})_([0-9a-f-]{36})$/u.exec(text);
  if (match === null) return undefined;
  return { sinceMs: Number(match[1]), cameraId: match[2] ?? '' };
}
