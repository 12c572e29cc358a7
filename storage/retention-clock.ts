import type { Catalogue } from './catalogue/tables.ts';

/** A sweep goes on from the last one's time by at most so much. */
export const MOST_PER_SWEEP_MS = 3_600_000;
/** So far behind the machine's clock somebody is told of it. */
const TOLD_MS = 86_400_000;

/** Until when days of keeping are counted, Unix ms. */
export interface RetentionClock {
  /** Counted by now; where the machine's clock runs away, behind it. */
  nowMs: number;
  /** How far the machine's clock is ahead of that, ms; 0 where they agree. */
  behindMs: number;
}

/**
 * The time by which a sweep deletes: the machine's, but never more than MOST_PER_SWEEP_MS beyond that of the sweep before it, whichever process
 * made it. A clock that is set a year forward (a dead battery, a wrong time server) would have every recording past its days in one sweep; so it
 * costs an hour's worth every ten minutes, and there is time to look. After a week in which no gateway ran, deleting is as it was within a day
 * and a half. Throws what the catalogue throws.
 */
export async function retentionClock(
  catalogue: Catalogue,
  machineMs: number,
): Promise<RetentionClock> {
  const before = await catalogue.selectFrom('retention_clock').select('at_ms').executeTakeFirst();
  const nowMs =
    before === undefined ? machineMs : Math.min(machineMs, before.at_ms + MOST_PER_SWEEP_MS);
  // Never back: after one sweep with a clock that was a year behind, deleting would stand still for months.
  const atMs = before === undefined ? machineMs : Math.max(before.at_ms, nowMs);
  await catalogue
    .insertInto('retention_clock')
    .values({ id: 1, at_ms: atMs })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ at_ms: atMs }))
    .execute();
  return { nowMs, behindMs: machineMs - nowMs };
}

/** Whether an operator is told: the machine's clock is wrong, or no gateway ran for a while. */
export function isToldOf({ behindMs }: RetentionClock): boolean {
  return behindMs > TOLD_MS;
}
