import type { Catalogue } from './tables.ts';

const DAY_MS = 86_400_000;

/** What a camera's recordings take, and will. */
export interface CameraUse {
  cameraId: string;
  recordings: number;
  byteLength: number;
  /** Of the last day; what was recorded of it if it began later. */
  dayBytes: number;
  oldestStartMs: number;
}

/** Of every camera that has a recording. Reads the whole catalogue: not for every request. */
export async function useByCamera(catalogue: Catalogue, nowMs: number): Promise<CameraUse[]> {
  const rows = await catalogue
    .selectFrom('recordings')
    .select(({ fn }) => [
      'camera_id',
      fn.countAll<number>().as('recordings'),
      fn.sum<number>('byte_length').as('bytes'),
      fn.min<number>('start_ms').as('oldest_ms'),
    ])
    .where('state', '<>', 'garbage')
    .groupBy('camera_id')
    .orderBy('camera_id')
    .execute();
  const day = await catalogue
    .selectFrom('recordings')
    .select(({ fn }) => ['camera_id', fn.sum<number>('byte_length').as('bytes')])
    .where('start_ms', '>=', nowMs - DAY_MS)
    .where('state', '<>', 'garbage')
    .groupBy('camera_id')
    .execute();
  const ofDay = new Map(day.map(({ camera_id, bytes }) => [camera_id, bytes]));
  return rows.map((row) => ({
    cameraId: row.camera_id,
    recordings: row.recordings,
    byteLength: row.bytes,
    dayBytes: ofDay.get(row.camera_id) ?? 0,
    oldestStartMs: row.oldest_ms,
  }));
}
