import type { FinishedRecording, OpenedRecording } from '../recorder-protocol.ts';
import { objectKey } from './object-key.ts';
import type { Catalogue, RecordingState, RecordingTable } from './tables.ts';

/** Longest recording there can be, and then some: a query looks back so far for one that began before its range. */
export const LONGEST_RECORDING_MS = 10 * 60_000;
const ROWS_A_STATEMENT = 100;

/** A recorded span as the catalogue knows it. */
export interface Recording {
  id: string;
  cameraId: string;
  runId: string;
  startMs: number;
  endMs: number;
  state: RecordingState;
  objectKey: string;
  versionId: string | null;
  byteLength: number;
  initBytes: number;
  codec: string;
  width: number;
  height: number;
  sha256: string | null;
  previousSha256: string | null;
  endReason: string | null;
  clocks: RecordedClocks;
}

/** Rows of recordings that have their first fragment; those that are there already are passed over. */
export async function insertOpened(
  catalogue: Catalogue,
  opened: readonly OpenedRecording[],
): Promise<void> {
  const rows = opened.map((recording): RecordingTable => ({
    id: recording.recordingId,
    camera_id: recording.cameraId,
    run_id: recording.runId,
    start_ms: recording.startMs,
    end_ms: recording.startMs,
    state: 'open',
    object_key: objectKey(recording),
    version_id: null,
    byte_length: recording.headBytes,
    init_bytes: recording.initBytes,
    codec: recording.codec,
    width: recording.width,
    height: recording.height,
    sha256: null,
    previous_sha256: recording.previousSha256,
    end_reason: null,
    clock_offset_ms: null,
    clock_in_step: null,
  }));
  for (let i = 0; i < rows.length; i += ROWS_A_STATEMENT) {
    await catalogue
      .insertInto('recordings')
      .values(rows.slice(i, i + ROWS_A_STATEMENT))
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

/** What the clocks said when a recording was made. */
export interface RecordedClocks {
  /** Camera's clock minus ours, ms; null when it tells no time. */
  offsetMs: number | null;
  /** Whether ours was in step with true time; null when nobody could tell. */
  inStep: boolean | null;
}

const unknownClocks: RecordedClocks = { offsetMs: null, inStep: null };

/** open → spooled, with what is known of the whole; one transaction for all. Those further on are left as they are. */
export async function markSpooled(
  catalogue: Catalogue,
  finished: readonly FinishedRecording[],
  clocksOf: (cameraId: string) => RecordedClocks = () => unknownClocks,
): Promise<void> {
  if (finished.length === 0) return;
  await catalogue.transaction().execute(async (transaction) => {
    for (const recording of finished) {
      const { offsetMs, inStep } = clocksOf(recording.cameraId);
      const { numUpdatedRows } = await transaction
        .updateTable('recordings')
        .set({
          state: 'spooled',
          end_ms: recording.endMs,
          byte_length: recording.byteLength,
          sha256: recording.sha256,
          end_reason: recording.endReason,
          clock_offset_ms: offsetMs,
          clock_in_step: inStep === null ? null : inStep ? 1 : 0,
        })
        .where('id', '=', recording.recordingId)
        .where('state', '=', 'open')
        .executeTakeFirstOrThrow();
      if (numUpdatedRows === 0n) continue;
      await transaction
        .insertInto('recording_fragments')
        .values({
          recording_id: recording.recordingId,
          fragment_index: recording.fragmentIndex,
        })
        .onConflict((conflict) => conflict.column('recording_id').doNothing())
        .execute();
    }
  });
}

/** spooled → stored; one transaction for all. Returns how many were spooled: others are stored already, or given up. */
export async function markStored(
  catalogue: Catalogue,
  stored: readonly { id: string; versionId: string | null }[],
): Promise<number> {
  if (stored.length === 0) return 0;
  return catalogue.transaction().execute(async (transaction) => {
    let marked = 0;
    for (const { id, versionId } of stored) {
      const { numUpdatedRows } = await transaction
        .updateTable('recordings')
        .set({ state: 'stored', version_id: versionId })
        .where('id', '=', id)
        .where('state', '=', 'spooled')
        .executeTakeFirstOrThrow();
      marked += Number(numUpdatedRows);
    }
    return marked;
  });
}

/** There is no picture in it, or its bytes are gone. */
export async function removeLost(catalogue: Catalogue, id: string): Promise<void> {
  await catalogue
    .deleteFrom('recordings')
    .where('id', '=', id)
    .where('state', 'in', ['open', 'spooled'])
    .execute();
}

/** Recordings in a state on the way, oldest first. */
export async function recordingsIn(
  catalogue: Catalogue,
  state: Exclude<RecordingState, 'stored'>,
  limit: number,
): Promise<Recording[]> {
  const rows = await catalogue
    .selectFrom('recordings')
    .selectAll()
    .where('state', '=', state)
    .orderBy('start_ms')
    .limit(limit)
    .execute();
  return rows.map(recordingOf);
}

/** Recordings of a camera that overlap a range and are not being deleted, oldest first. */
export async function recordingsBetween(
  catalogue: Catalogue,
  cameraId: string,
  fromMs: number,
  toMs: number,
): Promise<Recording[]> {
  const rows = await catalogue
    .selectFrom('recordings')
    .selectAll()
    .where('camera_id', '=', cameraId)
    .where('start_ms', '>=', fromMs - LONGEST_RECORDING_MS)
    .where('start_ms', '<', toMs)
    .where('state', '<>', 'garbage')
    .where((where) => where.or([where('end_ms', '>', fromMs), where('state', '=', 'open')]))
    .orderBy('start_ms')
    .orderBy('id')
    .execute();
  return rows.map(recordingOf);
}

/** When the recordings of a range begin and end, oldest first: answered by an index alone. */
export async function spansBetween(
  catalogue: Catalogue,
  cameraId: string,
  fromMs: number,
  toMs: number,
): Promise<Pick<Recording, 'id' | 'startMs' | 'endMs'>[]> {
  const rows = await catalogue
    .selectFrom('recordings')
    .select(['id', 'start_ms', 'end_ms'])
    .where('camera_id', '=', cameraId)
    .where('start_ms', '>=', fromMs - LONGEST_RECORDING_MS)
    .where('start_ms', '<', toMs)
    .where('state', '<>', 'garbage')
    .where((where) => where.or([where('end_ms', '>', fromMs), where('state', '=', 'open')]))
    .orderBy('start_ms')
    .execute();
  return rows.map((row) => ({ id: row.id, startMs: row.start_ms, endMs: row.end_ms }));
}

export async function recordingById(
  catalogue: Catalogue,
  id: string,
): Promise<Recording | undefined> {
  const row = await catalogue
    .selectFrom('recordings')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst();
  return row === undefined ? undefined : recordingOf(row);
}

/** Encoded fragment indexes of whole recordings, by recording. */
export async function fragmentIndexes(
  catalogue: Catalogue,
  ids: readonly string[],
): Promise<Map<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>();
  for (let i = 0; i < ids.length; i += ROWS_A_STATEMENT) {
    const rows = await catalogue
      .selectFrom('recording_fragments')
      .selectAll()
      .where('recording_id', 'in', ids.slice(i, i + ROWS_A_STATEMENT))
      .execute();
    for (const row of rows) found.set(row.recording_id, row.fragment_index);
  }
  return found;
}

/** When the oldest recording of a camera begins, Unix ms; undefined when there is none. */
export async function firstStartMs(
  catalogue: Catalogue,
  cameraId: string,
): Promise<number | undefined> {
  const row = await catalogue
    .selectFrom('recordings')
    .select('start_ms')
    .where('camera_id', '=', cameraId)
    .orderBy('start_ms')
    .limit(1)
    .executeTakeFirst();
  return row?.start_ms;
}

/** When the latest recording of a camera ends, Unix ms; undefined when there is none. */
export async function lastEndMs(
  catalogue: Catalogue,
  cameraId: string,
): Promise<number | undefined> {
  const row = await catalogue
    .selectFrom('recordings')
    .select('end_ms')
    .where('camera_id', '=', cameraId)
    .orderBy('start_ms', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.end_ms;
}

export function recordingOf(row: RecordingTable): Recording {
  return {
    id: row.id,
    cameraId: row.camera_id,
    runId: row.run_id,
    startMs: row.start_ms,
    endMs: row.end_ms,
    state: row.state,
    objectKey: row.object_key,
    versionId: row.version_id,
    byteLength: row.byte_length,
    initBytes: row.init_bytes,
    codec: row.codec,
    width: row.width,
    height: row.height,
    sha256: row.sha256,
    previousSha256: row.previous_sha256,
    endReason: row.end_reason,
    clocks: {
      offsetMs: row.clock_offset_ms,
      inStep: row.clock_in_step === null ? null : row.clock_in_step === 1,
    },
  };
}
