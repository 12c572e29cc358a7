import { sql } from 'kysely';
import type { RegistryDatabase } from '../schema/tables.ts';
import type { CameraEvent } from './camera-event.ts';

/** Where a page of a camera's history ends. */
export interface HistoryPosition {
  atMs: number;
  epoch: number;
  sequence: number;
}

/** Half-open in time; `before`: those before it. */
export interface HistoryQuery {
  fromMs?: number | undefined;
  toMs?: number | undefined;
  before?: HistoryPosition | undefined;
  limit: number;
}

/** A camera's transitions, newest first. */
export async function conditionHistory(
  database: RegistryDatabase,
  cameraId: string,
  { fromMs, toMs, before, limit }: HistoryQuery,
): Promise<CameraEvent[]> {
  let query = database
    .selectFrom('camera_events')
    .selectAll()
    .where('camera_id', '=', cameraId)
    .orderBy('at_ms', 'desc')
    .orderBy('epoch', 'desc')
    .orderBy('sequence', 'desc')
    .limit(limit);
  if (fromMs !== undefined) query = query.where('at_ms', '>=', fromMs);
  if (toMs !== undefined) query = query.where('at_ms', '<', toMs);
  if (before !== undefined) {
    const { atMs, epoch, sequence } = before;
    query = query.where(sql<boolean>`(at_ms, epoch, sequence) < (${atMs}, ${epoch}, ${sequence})`);
  }
  const rows = await query.execute();
  return rows.map((row) => ({
    eventId: row.event_id,
    cameraId: row.camera_id,
    epoch: row.epoch,
    sequence: row.sequence,
    atMs: row.at_ms,
    state: row.state,
    previous: row.previous,
    reason: row.reason,
    measured: JSON.parse(row.measured) as CameraEvent['measured'],
    worker: row.worker,
  }));
}
