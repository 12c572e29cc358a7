import type { Kysely } from 'kysely';
import type { SurveyLevel, SurveyReturnTable } from '../schema/survey-tables.ts';
import type { RegistryTables } from '../schema/tables.ts';
import type { Deadline, Round } from './rounds.ts';

/** By when a return is due, and whether it is late. */

/** A province's own deadline where it has one, else the Department's; later by as long as the gateway was at fault. */
export function deadlineOf(
  round: Round,
  level: SurveyLevel,
  province: string,
  oursMs: number,
): Deadline {
  const own =
    level === 'province'
      ? null
      : round.ofProvinces.find((one) => one.province === province)?.[level];
  const deadline = own ?? round.deadlines[level];
  return { ...deadline, dueMs: deadline.dueMs + oursMs };
}

/**
 * Late is who has not sent, or was sent back and has not sent again. A correction that somebody makes of what they sent in
 * time is not.
 */
export function isLate(
  { state, version }: Pick<SurveyReturnTable, 'state' | 'version'>,
  dueMs: number,
  nowMs: number,
): boolean {
  return nowMs > dueMs && (state === 'sent-back' || (state === 'draft' && version === 1));
}

/**
 * How long a fault of ours kept people from their returns: the snapshot came late, or the gateway did not run. A fault of
 * ours never makes an LAO late.
 */
export async function oursMs(
  database: Kysely<RegistryTables>,
  round: Round,
  nowMs: number,
): Promise<number> {
  if (round.frozenMs === null) return 0;
  const incidents = await database
    .selectFrom('incidents')
    .select(['from_ms', 'to_ms'])
    .where('kind', '=', 'gateway')
    .where('from_ms', '<', nowMs)
    .where((where) =>
      where.or([where('to_ms', 'is', null), where('to_ms', '>', round.frozenMs ?? 0)]),
    )
    .orderBy('from_ms')
    .execute();
  let untilMs = round.frozenMs;
  let sum = Math.max(0, round.frozenMs - round.cutOffMs - FREEZING_MS);
  for (const { from_ms, to_ms } of incidents) {
    const fromMs = Math.max(from_ms, untilMs);
    const toMs = Math.min(to_ms ?? nowMs, nowMs);
    if (toMs <= fromMs) continue;
    sum += toMs - fromMs;
    untilMs = toMs;
  }
  return sum;
}

/** Freezing takes a little; that is no fault. */
const FREEZING_MS = 5 * 60_000;
