import { sql } from 'kysely';
import { dayNumber } from './camera-days.ts';
import type { Catalogue } from './tables.ts';

/** What a camera's recordings take, and will. */
export interface CameraUse {
  cameraId: string;
  /** Whole recordings whose object is not deleted. */
  recordings: number;
  byteLength: number;
  /** Of yesterday, in Thailand; of today if that is more already. */
  dayBytes: number;
  oldestStartMs: number;
}

/** Of every camera that has a whole recording: as its days say, without reading recordings but the oldest of each. */
export async function useByCamera(catalogue: Catalogue, nowMs: number): Promise<CameraUse[]> {
  const today = dayNumber(nowMs);
  const rows = await catalogue
    .selectFrom((from) =>
      from
        .selectFrom('camera_days')
        .select(({ fn }) => [
          'camera_id',
          fn.sum<number>('recordings').as('recordings'),
          fn.sum<number>('byte_length').as('bytes'),
          fn.min<number>('day').as('oldest_day'),
          sql<number>`max(case when day >= ${today - 1} then byte_length else 0 end)`.as(
            'day_bytes',
          ),
        ])
        .where('recordings', '>', 0)
        .groupBy('camera_id')
        .as('kept'),
    )
    .select([
      'camera_id',
      'recordings',
      'bytes',
      'day_bytes',
      'oldest_day',
      // The day begins seven hours before UTC's of that number.
      sql<number | null>`(
        select min(recordings.start_ms) from recordings
        where recordings.camera_id = kept.camera_id
          and recordings.start_ms >= kept.oldest_day * 86400000 - 25200000
          and recordings.start_ms < kept.oldest_day * 86400000 + 61200000
      )`.as('oldest_ms'),
    ])
    .orderBy('camera_id')
    .execute();
  return rows.map((row) => ({
    cameraId: row.camera_id,
    recordings: row.recordings,
    byteLength: row.bytes,
    dayBytes: row.day_bytes,
    oldestStartMs: row.oldest_ms ?? nowMs,
  }));
}
