import { sql } from 'kysely';
import { countRemoved, uncountMade } from './camera-days.ts';
import { isHeld, lockRecordings } from './holds.ts';
import { timesOf } from './recording-days.ts';
import { isUnsettled, LONGEST_RECORDING_MS, recordingOf, type Recording } from './recordings.ts';
import type { Catalogue, DeletionTable, RecordingTable } from './tables.ts';

/** Recordings marked at once: the lock is held for them. */
const MAX_MARKED = 500;

/**
 * Step 1 of a deletion: stored recordings of a camera that ended before `beforeMs`, and that no hold keeps, become
 * garbage. Returns how many; at most MAX_MARKED, so call again until none is left.
 */
export async function markGarbage(
  catalogue: Catalogue,
  cameraId: string,
  beforeMs: number,
): Promise<number> {
  return catalogue.transaction().execute(async (transaction) => {
    await lockRecordings(transaction, cameraId);
    const due = await transaction
      .selectFrom('recordings')
      .select(['id', 'start_ms'])
      .where('camera_id', '=', cameraId)
      .where('start_ms', '<', beforeMs)
      .where('end_ms', '<=', beforeMs)
      .where('state', '=', 'stored')
      .where((where) => where.not(isHeld))
      .orderBy('start_ms')
      .limit(MAX_MARKED)
      .execute();
    if (due.length === 0) return 0;
    const { firstMs, lastMs } = timesOf(due.map(({ id, start_ms: startMs }) => ({ id, startMs })));
    await transaction
      .updateTable('recordings')
      .set({ state: 'garbage' })
      .where(
        'id',
        'in',
        due.map(({ id }) => id),
      )
      .where('start_ms', '>=', firstMs)
      .where('start_ms', '<=', lastMs)
      .execute();
    return due.length;
  });
}

/**
 * Instead of step 2, of an object that is there still: a hold was placed over it, or its camera's days were lengthened, since it was
 * marked, and it is kept after all. Returns whether it is. For whoever deletes: nobody else may be at it.
 */
export async function keepMarked(
  catalogue: Catalogue,
  { id, startMs, cameraId }: Pick<Recording, 'id' | 'startMs' | 'cameraId'>,
  beforeMs: number,
): Promise<boolean> {
  return catalogue.transaction().execute(async (transaction) => {
    await lockRecordings(transaction, cameraId);
    const { numUpdatedRows } = await transaction
      .updateTable('recordings')
      .set({ state: 'stored' })
      .where('id', '=', id)
      .where('start_ms', '=', startMs)
      .where('state', '=', 'garbage')
      .where((where) => where.or([isHeld, where('end_ms', '>', beforeMs)]))
      .executeTakeFirstOrThrow();
    return numUpdatedRows === 1n;
  });
}

/** Step 3: the object is gone, and its row with it; that it was there, and under which rule it went, stays. */
export async function noteDeletion(
  catalogue: Catalogue,
  recording: Recording,
  deletion: { policy: string; deletedMs: number },
): Promise<void> {
  await catalogue.transaction().execute(async (transaction) => {
    await transaction
      .insertInto('deletions')
      .values({
        recording_id: recording.id,
        camera_id: recording.cameraId,
        run_id: recording.runId,
        start_ms: recording.startMs,
        end_ms: recording.endMs,
        byte_length: recording.byteLength,
        sha256: recording.sha256,
        previous_sha256: recording.previousSha256,
        policy: deletion.policy,
        deleted_ms: deletion.deletedMs,
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    const removed = await transaction
      .deleteFrom('recordings')
      .where('id', '=', recording.id)
      .where('start_ms', '=', recording.startMs)
      .returning(['camera_id', 'start_ms', 'byte_length', 'state'])
      .executeTakeFirst();
    if (removed !== undefined && removed.state !== 'open') await countRemoved(transaction, removed);
  });
}

/** What stays known of a recording that goes: also its place in its run's chain (seals.ts). */
export function sealedColumns(row: RecordingTable): Omit<DeletionTable, 'policy' | 'deleted_ms'> {
  return {
    recording_id: row.id,
    camera_id: row.camera_id,
    run_id: row.run_id,
    start_ms: row.start_ms,
    end_ms: row.end_ms,
    byte_length: row.byte_length,
    sha256: row.sha256,
    previous_sha256: row.previous_sha256,
  };
}

/**
 * Not deleted by anybody: looked for and not found, or not what was hashed. Also the details of their gaps. A disk that was
 * not mounted looks the same.
 */
const lostPolicies = [
  'spool-missing',
  'spool-file-missing',
  'spool-given-up',
  'spool-corrupt',
  'object-missing',
] as const;
export type LostPolicy = (typeof lostPolicies)[number];

/** Whether a recording was there, and was deleted by a rule: what is left of it is to go too. */
export async function wasDeleted(catalogue: Catalogue, id: string): Promise<boolean> {
  const row = await catalogue
    .selectFrom('deletions')
    .select('recording_id')
    .where('recording_id', '=', id)
    .where('policy', 'not in', lostPolicies)
    .executeTakeFirst();
  return row !== undefined;
}

/** Of a recording that was taken for lost; undefined when it was not, or was never whole. */
export async function hashOfLost(catalogue: Catalogue, id: string): Promise<string | undefined> {
  const row = await catalogue
    .selectFrom('deletions')
    .select('sha256')
    .where('recording_id', '=', id)
    .where('policy', 'in', lostPolicies)
    .executeTakeFirst();
  return row?.sha256 ?? undefined;
}

/**
 * A recording that was taken for lost is there: it was not, and its time is no gap. Only for bytes that are those that were
 * hashed (found-again.ts): the note goes, and its hash with it.
 */
export async function noteFound(
  catalogue: Catalogue,
  { recordingId, cameraId, startMs }: { recordingId: string; cameraId: string; startMs: number },
): Promise<void> {
  await catalogue.transaction().execute(async (transaction) => {
    const note = await transaction
      .deleteFrom('deletions')
      .where('recording_id', '=', recordingId)
      .where('policy', 'in', lostPolicies)
      .returning(['camera_id', 'start_ms', 'sha256'])
      .executeTakeFirst();
    if (note === undefined) return;
    await transaction
      .deleteFrom('gaps')
      .where('camera_id', '=', cameraId)
      .where('start_ms', '=', startMs)
      .where('detail', 'in', lostPolicies)
      .execute();
    // It is entered once more, and was made once.
    if (note.sha256 !== null) await uncountMade(transaction, note);
  });
}

/** What was deleted, and under which rule. */
export interface Deletion {
  recordingId: string;
  cameraId: string;
  startMs: number;
  endMs: number;
  byteLength: number;
  sha256: string | null;
  policy: string;
  deletedMs: number;
}

/** Of these times of deletion, oldest first; `after`: the last of the page before. */
export async function listDeletions(
  catalogue: Catalogue,
  filter: { fromMs: number; toMs: number; cameraId?: string | undefined },
  { after, limit }: { after?: Deletion | undefined; limit: number },
): Promise<Deletion[]> {
  let query = catalogue
    .selectFrom('deletions')
    .selectAll()
    .where('deleted_ms', '>=', filter.fromMs)
    .where('deleted_ms', '<', filter.toMs)
    .orderBy('deleted_ms')
    .orderBy('recording_id')
    .limit(limit);
  if (filter.cameraId !== undefined) query = query.where('camera_id', '=', filter.cameraId);
  if (after !== undefined) {
    const { deletedMs, recordingId } = after;
    query = query.where((where) =>
      where.or([
        where('deleted_ms', '>', deletedMs),
        where.and([where('deleted_ms', '=', deletedMs), where('recording_id', '>', recordingId)]),
      ]),
    );
  }
  return (await query.execute()).map((row) => ({
    recordingId: row.recording_id,
    cameraId: row.camera_id,
    startMs: row.start_ms,
    endMs: row.end_ms,
    byteLength: row.byte_length,
    sha256: row.sha256,
    policy: row.policy,
    deletedMs: row.deleted_ms,
  }));
}

/** Time of which there was footage that a rule has deleted. */
export interface DeletedSpan {
  startMs: number;
  endMs: number;
  policy: string;
  /** Of its recordings, which go one by one as each becomes too old; null: their deletion has begun, and their objects are not all gone. */
  firstDeletedMs: number | null;
  lastDeletedMs: number | null;
}

/**
 * What was deleted of a camera's range, oldest first, as one where it followed on each other within `joinMs` and went by the same rule, at
 * most `limit`. What was taken for lost is not of it: that is a gap of the storage. It may reach beyond the range.
 */
export async function deletedBetween(
  catalogue: Catalogue,
  cameraId: string,
  { fromMs, toMs }: { fromMs: number; toMs: number },
  { joinMs, limit }: { joinMs: number; limit: number },
): Promise<DeletedSpan[]> {
  const { rows } = await sql<{
    start_ms: number;
    end_ms: number;
    policy: string;
    first_ms: number;
    last_ms: number;
  }>`
    select min(start_ms) as start_ms, max(end_ms) as end_ms, policy,
      min(deleted_ms) as first_ms, max(deleted_ms) as last_ms
    from (
      select told.*, sum(begins) over (order by start_ms, end_ms, recording_id) as number
      from (
        select recording_id, start_ms, end_ms, policy, deleted_ms,
          case when policy = lag(policy) over (order by start_ms, end_ms, recording_id)
            and start_ms - lag(end_ms) over (order by start_ms, end_ms, recording_id) <= ${joinMs}
          then 0 else 1 end as begins
        from deletions
        where camera_id = ${cameraId} and start_ms >= ${fromMs - LONGEST_RECORDING_MS} and start_ms < ${toMs}
          and end_ms > ${fromMs} and policy not in (${sql.join([...lostPolicies])})
      ) told
    ) numbered
    group by number, policy order by number limit ${limit}`.execute(catalogue);
  return rows.map((row) => ({
    startMs: row.start_ms,
    endMs: row.end_ms,
    policy: row.policy,
    firstDeletedMs: row.first_ms,
    lastDeletedMs: row.last_ms,
  }));
}

/** Recordings whose deletion was begun, oldest first: of all cameras, or those of one that began before a time. */
export async function garbage(
  catalogue: Catalogue,
  limit: number,
  of?: { cameraId: string; beforeMs: number },
): Promise<Recording[]> {
  let query = catalogue
    .selectFrom('recordings')
    .selectAll()
    .where('state', '=', 'garbage')
    .where(isUnsettled)
    .orderBy('start_ms')
    .limit(limit);
  if (of !== undefined) {
    query = query.where('camera_id', '=', of.cameraId).where('start_ms', '<', of.beforeMs);
  }
  return (await query.execute()).map(recordingOf);
}
