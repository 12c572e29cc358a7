import { sql } from 'kysely';
import type { ObjectReference } from '../objects/object-store.ts';
import { LONGEST_RECORDING_MS } from './recordings.ts';
import type { Catalogue } from './tables.ts';

/** Which objects the store was told to hold. The catalogue's holds decide; this is what has been carried out of them. */
export interface HeldObject extends ObjectReference {
  recordingId: string;
  cameraId: string;
  startMs: number;
  endMs: number;
}

/** Recordings in the store that a hold in force keeps and that the store has not been told of. */
export async function objectsToHold(catalogue: Catalogue, limit: number): Promise<HeldObject[]> {
  const rows = await catalogue
    .selectFrom('holds')
    .innerJoin('recordings', (join) =>
      join
        .onRef('recordings.camera_id', '=', 'holds.camera_id')
        .on(sql<boolean>`recordings.start_ms >= holds.from_ms - ${sql.lit(LONGEST_RECORDING_MS)}`)
        .onRef('recordings.start_ms', '<', 'holds.to_ms')
        .onRef('recordings.end_ms', '>', 'holds.from_ms')
        .on('recordings.state', '=', 'stored'),
    )
    .select([
      'recordings.id',
      'recordings.camera_id',
      'recordings.start_ms',
      'recordings.end_ms',
      'recordings.object_key',
      'recordings.version_id',
    ])
    .distinct()
    .where('holds.released_ms', 'is', null)
    .where(
      sql<boolean>`not exists (select 1 from held_objects where held_objects.recording_id = recordings.id)`,
    )
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    recordingId: row.id,
    cameraId: row.camera_id,
    startMs: row.start_ms,
    endMs: row.end_ms,
    key: row.object_key,
    versionId: row.version_id,
  }));
}

/** Objects that the store holds and no hold in force keeps any more. */
export async function objectsToFree(catalogue: Catalogue, limit: number): Promise<HeldObject[]> {
  const rows = await catalogue
    .selectFrom('held_objects')
    .selectAll()
    .where(
      sql<boolean>`not exists (
        select 1 from holds
        where holds.camera_id = held_objects.camera_id and holds.released_ms is null
          and holds.from_ms < held_objects.end_ms and holds.to_ms > held_objects.start_ms
      )`,
    )
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    recordingId: row.recording_id,
    cameraId: row.camera_id,
    startMs: row.start_ms,
    endMs: row.end_ms,
    key: row.object_key,
    versionId: row.version_id,
  }));
}

export async function noteHeld(
  catalogue: Catalogue,
  object: HeldObject,
  guarded: boolean,
): Promise<void> {
  await catalogue
    .insertInto('held_objects')
    .values({
      recording_id: object.recordingId,
      camera_id: object.cameraId,
      start_ms: object.startMs,
      end_ms: object.endMs,
      object_key: object.key,
      version_id: object.versionId,
      guarded: guarded ? 1 : 0,
    })
    .onConflict((conflict) => conflict.column('recording_id').doNothing())
    .execute();
}

export async function noteFreed(catalogue: Catalogue, recordingId: string): Promise<void> {
  await catalogue.deleteFrom('held_objects').where('recording_id', '=', recordingId).execute();
}
