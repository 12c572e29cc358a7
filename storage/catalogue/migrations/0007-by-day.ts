import type { Kysely } from 'kysely';
import { dayPartitionsOf } from '#registry/database/day-partitions.ts';

/** Recordings and their fragment indexes by day. Written out: what `recording-days.ts` says may change after it. */
export async function up(database: Kysely<unknown>): Promise<void> {
  await dayPartitionsOf(database).keepByDay(
    database as unknown as Kysely<never>,
    {
      main: { name: 'recordings', key: 'id' },
      beside: { name: 'recording_fragments', key: 'recording_id' },
      time: 'start_ms',
    },
    Date.now(),
  );
}
