import type { Kysely } from 'kysely';
import {
  dayPartitionsOf,
  type DayTables,
  type TendedDays,
} from '#registry/database/day-partitions.ts';
import { uuidV7Ms } from '#registry/uuid-v7.ts';
import type { Catalogue } from './tables.ts';

/**
 * Recordings and their fragment indexes are kept by day of their beginning. Deletions are not, for they are never
 * taken away; nor are gaps, of which one at most may last, whenever it began.
 */
export const recordingDays: DayTables = {
  main: { name: 'recordings', key: 'id' },
  beside: { name: 'recording_fragments', key: 'recording_id' },
  time: 'start_ms',
};

/** See DayPartitions.tendDays. */
export async function tendRecordingDays(catalogue: Catalogue, nowMs: number): Promise<TendedDays> {
  return dayPartitionsOf(catalogue).tendDays(
    catalogue as unknown as Kysely<never>,
    recordingDays,
    nowMs,
  );
}

/** What names a recording's row: a query that has both looks in one day. */
export interface RecordingName {
  id: string;
  startMs: number;
}

/** Times that hold all of these. */
export function timesOf(recordings: readonly RecordingName[]): { firstMs: number; lastMs: number } {
  let firstMs = Number.MAX_SAFE_INTEGER;
  let lastMs = 0;
  for (const { startMs } of recordings) {
    firstMs = Math.min(firstMs, startMs);
    lastMs = Math.max(lastMs, startMs);
  }
  return { firstMs, lastMs };
}

const DAY_MS = 86_400_000;

/** Where the row of an id will be found; not where it must be, for the clock may have been set. */
export function likelyTimes(id: string): { firstMs: number; lastMs: number } {
  const madeMs = uuidV7Ms(id);
  return { firstMs: madeMs - DAY_MS, lastMs: madeMs + DAY_MS };
}
