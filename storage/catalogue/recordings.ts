import { sql, type RawBuilder } from 'kysely';
import { executeTogether } from '#registry/database/database.ts';
import type { FinishedRecording, OpenedRecording } from '../recorder-protocol.ts';
import { countMade, newestDay } from './camera-days.ts';
import { objectKey } from './object-key.ts';
import { likelyTimes, timesOf, type RecordingName } from './recording-days.ts';
import { inSpool, type SpoolId } from './spools.ts';
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
  /** Of what is not stored yet. */
  spoolId: SpoolId;
}

/** Rows of recordings that have their first fragment, in a spool; those that are there already are passed over. */
export async function insertOpened(
  catalogue: Catalogue,
  opened: readonly OpenedRecording[],
  spoolId: SpoolId = null,
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
    spool_id: spoolId,
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

/**
 * open → spooled, with what is known of the whole; one transaction for all. Those further on are left as they are. A thousand
 * cameras make seventeen a second: the serving thread waits for the statements of all at once, not for each one's answer.
 */
export async function markSpooled(
  catalogue: Catalogue,
  finished: readonly FinishedRecording[],
  clocksOf: (cameraId: string) => RecordedClocks = () => unknownClocks,
): Promise<void> {
  if (finished.length === 0) return;
  await catalogue.transaction().execute(async (transaction) => {
    const marks = finished.map((recording) => {
      const { offsetMs, inStep } = clocksOf(recording.cameraId);
      return transaction
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
        .where('start_ms', '=', recording.startMs)
        .where('state', '=', 'open')
        .compile();
    });
    const marked = await executeTogether(transaction, marks);
    const made = finished.filter((_, i) => marked[i] === 1);
    for (let i = 0; i < made.length; i += ROWS_A_STATEMENT) {
      await transaction
        .insertInto('recording_fragments')
        .values(
          made.slice(i, i + ROWS_A_STATEMENT).map((recording) => ({
            recording_id: recording.recordingId,
            start_ms: recording.startMs,
            fragment_index: recording.fragmentIndex,
          })),
        )
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    }
    await countMade(transaction, made);
  });
}

/** spooled → stored; one transaction for all. Returns how many were spooled: others are stored already, or given up. */
export async function markStored(
  catalogue: Catalogue,
  stored: readonly (RecordingName & { versionId: string | null })[],
): Promise<number> {
  if (stored.length === 0) return 0;
  return catalogue.transaction().execute(async (transaction) => {
    const marks = stored.map(({ id, startMs, versionId }) =>
      transaction
        .updateTable('recordings')
        .set({ state: 'stored', version_id: versionId, spool_id: null })
        .where('id', '=', id)
        .where('start_ms', '=', startMs)
        .where('state', '=', 'spooled')
        .compile(),
    );
    const marked = await executeTogether(transaction, marks);
    return marked.reduce((sum, rows) => sum + rows, 0);
  });
}

/** It was never whole, and there is no picture in it, or its bytes are gone. */
export async function removeLost(
  catalogue: Catalogue,
  { id, startMs }: RecordingName,
): Promise<void> {
  await catalogue
    .deleteFrom('recordings')
    .where('id', '=', id)
    .where('start_ms', '=', startMs)
    .where('state', '=', 'open')
    .execute();
}

/**
 * For use beside a condition on such a state: SQLite takes the index of what is not stored only where the words of the
 * index stand in the query. Nearly all rows are stored.
 */
export const isUnsettled = sql<boolean>`recordings.state <> 'stored'`;

/** Recordings of a spool that wait or grow, oldest first; `sinceMs`: of those that began then or later. */
export async function recordingsIn(
  catalogue: Catalogue,
  state: 'open' | 'spooled',
  limit: number,
  { sinceMs = 0, spoolId = null }: { sinceMs?: number; spoolId?: SpoolId } = {},
): Promise<Recording[]> {
  const rows = await catalogue
    .selectFrom('recordings')
    .selectAll()
    .where('state', '=', state)
    .where(isUnsettled)
    .where(inSpool(spoolId))
    .where('start_ms', '>=', sinceMs)
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

/** Unbroken footage: recordings that follow on each other. */
export interface Span {
  startMs: number;
  endMs: number;
}

interface SpansBetween {
  spans: Span[];
  /** Footage whose deletion has begun, and whose objects are not all gone. */
  goes: Span[];
  open: (RecordingName & Span)[];
  /** In the spool of another gateway; null: its row says only when it began. */
  elsewhere: { startMs: number; endMs: number | null }[];
}

interface SpanRow {
  id: string | null;
  start_ms: number;
  end_ms: number;
  /** `garbage` with an id of null: of several. */
  state: RecordingState | null;
  elsewhere: 0 | 1;
}

/**
 * Whole recordings of a range, oldest first, as one where they follow on each other within `joinMs`, at most `limit`; likewise those that
 * are being deleted; and those that were not whole when their row was written last, or wait in another spool. An index alone answers it, and of a day's
 * 1,440 recordings mostly one row comes back. They may reach beyond the range.
 */
export async function spansBetween(
  catalogue: Catalogue,
  cameraId: string,
  { fromMs, toMs }: { fromMs: number; toMs: number },
  { joinMs, limit, spoolId }: { joinMs: number; limit: number; spoolId: SpoolId },
): Promise<SpansBetween> {
  const ofRange = sql`camera_id = ${cameraId} and start_ms >= ${fromMs - LONGEST_RECORDING_MS} and start_ms < ${toMs}`;
  const waitingElsewhere = sql`
    union all
    select id, start_ms, end_ms, state, 1
    from recordings where ${ofRange} and state = 'spooled' and ${isUnsettled} and not ${inSpool(spoolId)}`;
  const stretches = (ofState: RawBuilder<boolean>): RawBuilder<unknown> => sql`
      select number, min(start_ms) as start_ms, max(end_ms) as end_ms
      from (
        select start_ms, end_ms, sum(begins) over (order by start_ms, end_ms) as number
        from (
          select start_ms, end_ms,
            case when start_ms - max(end_ms) over
              (order by start_ms, end_ms rows between unbounded preceding and 1 preceding) <= ${joinMs}
            then 0 else 1 end as begins
          from recordings
          where ${ofRange} and end_ms > ${fromMs} and ${ofState}
        ) told
      ) numbered
      group by number order by number limit ${limit}`;
  // One statement for all: on PostgreSQL a connection makes the acquaintance of each day's partition once.
  const { rows } = await sql<SpanRow>`
    select cast(null as text) as id, start_ms, end_ms, cast(null as text) as state, 0 as elsewhere
    from (${stretches(sql`state in ('spooled', 'stored')`)}) spans
    union all
    select null, start_ms, end_ms, 'garbage', 0
    from (${stretches(sql`state = 'garbage' and ${isUnsettled}`)}) goes
    union all
    select id, start_ms, end_ms, state, case when ${inSpool(spoolId)} then 0 else 1 end
    from recordings where ${ofRange} and state = 'open' and ${isUnsettled}
    ${spoolId === null ? sql`` : waitingElsewhere}`.execute(catalogue);
  const found: SpansBetween = { spans: [], goes: [], open: [], elsewhere: [] };
  for (const { id, start_ms: startMs, end_ms: endMs, state, elsewhere } of rows) {
    if (id === null) (state === 'garbage' ? found.goes : found.spans).push({ startMs, endMs });
    else if (elsewhere === 0) found.open.push({ id, startMs, endMs });
    else found.elsewhere.push({ startMs, endMs: state === 'open' ? null : endMs });
  }
  return found;
}

/** Looked for where its id says that it was made, and then everywhere. */
export async function recordingById(
  catalogue: Catalogue,
  id: string,
): Promise<Recording | undefined> {
  const anywhere = catalogue.selectFrom('recordings').selectAll().where('id', '=', id);
  const { firstMs, lastMs } = likelyTimes(id);
  const row =
    (await anywhere
      .where('start_ms', '>=', firstMs)
      .where('start_ms', '<=', lastMs)
      .executeTakeFirst()) ?? (await anywhere.executeTakeFirst());
  return row === undefined ? undefined : recordingOf(row);
}

/** Encoded fragment indexes of whole recordings, by recording. */
export async function fragmentIndexes(
  catalogue: Catalogue,
  recordings: readonly RecordingName[],
): Promise<Map<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>();
  for (let i = 0; i < recordings.length; i += ROWS_A_STATEMENT) {
    const some = recordings.slice(i, i + ROWS_A_STATEMENT);
    const { firstMs, lastMs } = timesOf(some);
    const rows = await catalogue
      .selectFrom('recording_fragments')
      .select(['recording_id', 'fragment_index'])
      .where(
        'recording_id',
        'in',
        some.map(({ id }) => id),
      )
      .where('start_ms', '>=', firstMs)
      .where('start_ms', '<=', lastMs)
      .execute();
    for (const row of rows) found.set(row.recording_id, row.fragment_index);
  }
  return found;
}

/** When the latest recording of a camera ends, Unix ms; undefined when there is none. */
export async function lastEndMs(
  catalogue: Catalogue,
  cameraId: string,
): Promise<number | undefined> {
  // One that is not whole yet is of no day, but begins after those that are.
  const { fromMs } = (await newestDay(catalogue, cameraId)) ?? { fromMs: 0 };
  const row = await catalogue
    .selectFrom('recordings')
    .select('end_ms')
    .where('camera_id', '=', cameraId)
    .where('start_ms', '>=', fromMs)
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
    spoolId: row.spool_id,
  };
}
