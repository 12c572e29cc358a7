import { randomUUID } from 'node:crypto';
import { sql, type SelectQueryBuilder } from 'kysely';
import { lastEndMs } from './recordings.ts';
import type { Catalogue, CatalogueTables, GapCause, GapTable } from './tables.ts';

const ROWS_A_STATEMENT = 100;

export interface Gap {
  cameraId: string;
  startMs: number;
  /** Null while it lasts. */
  endMs: number | null;
  cause: GapCause;
  detail: string | null;
  /** It is a hole within this recording, or what is damaged of it: that one has no pictures of its time, another may. */
  recordingId?: string | null;
}

/** A gap begins. One that lasts already is left as it is: its first cause counts. */
export async function openGap(
  catalogue: Catalogue,
  id: string,
  gap: Omit<Gap, 'endMs'>,
): Promise<void> {
  await insertGap(catalogue, id, { ...gap, endMs: null });
}

/** A gap that is over when it is noticed, or one that begins. */
export async function insertGap(catalogue: Catalogue, id: string, gap: Gap): Promise<void> {
  await insertGaps(catalogue, [{ id, gap }]);
}

/** Those that are there already, by id, are passed over. */
export async function insertGaps(
  catalogue: Catalogue,
  gaps: readonly { id: string; gap: Gap }[],
): Promise<void> {
  const rows = gaps.map(({ id, gap }): GapTable => ({
    id,
    camera_id: gap.cameraId,
    start_ms: gap.startMs,
    end_ms: gap.endMs,
    cause: gap.cause,
    detail: gap.detail,
    recording_id: gap.recordingId ?? null,
  }));
  for (let i = 0; i < rows.length; i += ROWS_A_STATEMENT) {
    await catalogue
      .insertInto('gaps')
      .values(rows.slice(i, i + ROWS_A_STATEMENT))
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

/**
 * What keeps the camera from being recorded is another thing from a time on: the gap that lasts ends there, and the next one begins. One that began
 * no earlier was the other's from its beginning.
 */
export async function changeGap(
  catalogue: Catalogue,
  id: string,
  gap: Omit<Gap, 'endMs'>,
): Promise<void> {
  const { cameraId, startMs, cause, detail } = gap;
  await catalogue.transaction().execute(async (transaction) => {
    const lasting = transaction
      .updateTable('gaps')
      .where('camera_id', '=', cameraId)
      .where('end_ms', 'is', null);
    await lasting.set({ cause, detail }).where('start_ms', '>=', startMs).execute();
    await lasting.set({ end_ms: startMs }).where('start_ms', '<', startMs).execute();
    await openGap(transaction, id, gap);
  });
}

/** The camera's lasting gap ends, if there is one. One that would end before it began never was. */
export async function closeGap(
  catalogue: Catalogue,
  cameraId: string,
  endMs: number,
): Promise<void> {
  await catalogue.transaction().execute(async (transaction) => {
    await transaction
      .deleteFrom('gaps')
      .where('camera_id', '=', cameraId)
      .where('end_ms', 'is', null)
      .where('start_ms', '>=', endMs)
      .execute();
    await transaction
      .updateTable('gaps')
      .set({ end_ms: endMs })
      .where('camera_id', '=', cameraId)
      .where('end_ms', 'is', null)
      .execute();
  });
}

/** The camera's lasting gap ends, if it began before. */
export async function endGap(catalogue: Catalogue, cameraId: string, endMs: number): Promise<void> {
  await catalogue
    .updateTable('gaps')
    .set({ end_ms: endMs })
    .where('camera_id', '=', cameraId)
    .where('end_ms', 'is', null)
    .where('start_ms', '<', endMs)
    .execute();
}

/** There are pictures of these times: of a gap between recordings that is over, whatever it was called, what lies beside them is left. */
export async function cutGaps(
  catalogue: Catalogue,
  cameraId: string,
  footage: readonly { startMs: number; endMs: number }[],
): Promise<void> {
  for (const { startMs, endMs } of footage) {
    const rows = await rowsBetween(catalogue, cameraId, startMs, endMs).limit(MAX_GAPS).execute();
    const over = rows.filter((row) => row.end_ms !== null && row.recording_id === null);
    for (const { id, ...gap } of over) {
      const beside = [
        { ...gap, id, end_ms: startMs },
        { ...gap, id: randomUUID(), start_ms: endMs },
      ].filter((rest) => rest.start_ms < (rest.end_ms ?? 0));
      await catalogue.transaction().execute(async (transaction) => {
        const { numDeletedRows } = await transaction
          .deleteFrom('gaps')
          .where('id', '=', id)
          .executeTakeFirstOrThrow();
        if (numDeletedRows === 0n || beside.length === 0) return;
        await transaction.insertInto('gaps').values(beside).execute();
      });
    }
  }
}

/**
 * Until when a camera's time lies in a recording, or in a gap that is over and told of what was to be one, Unix ms; undefined
 * when it has no recording.
 */
export async function accountedToMs(
  catalogue: Catalogue,
  cameraId: string,
): Promise<number | undefined> {
  const endMs = await lastEndMs(catalogue, cameraId);
  if (endMs === undefined) return undefined;
  const gap = await catalogue
    .selectFrom('gaps')
    .select('end_ms')
    .where('camera_id', '=', cameraId)
    .orderBy('start_ms', 'desc')
    .limit(1)
    .executeTakeFirst();
  return Math.max(endMs, gap?.end_ms ?? endMs);
}

/** Gaps that last, by camera. */
export async function lastingGaps(catalogue: Catalogue): Promise<Map<string, Gap>> {
  const rows = await catalogue.selectFrom('gaps').selectAll().where('end_ms', 'is', null).execute();
  return new Map(rows.map((row) => [row.camera_id, gapOf(row)]));
}

/** All that last for this cause end: what was the cause is over. */
export async function closeGapsOf(
  catalogue: Catalogue,
  { cause, detail }: Pick<Gap, 'cause' | 'detail'>,
  endMs: number,
): Promise<void> {
  await catalogue
    .updateTable('gaps')
    .set({ end_ms: endMs })
    .where('end_ms', 'is', null)
    .where('start_ms', '<=', endMs)
    .where('cause', '=', cause)
    .where('detail', '=', detail)
    .execute();
}

/** Of one question. */
const MAX_GAPS = 10_000;

/** Gaps of a camera that overlap a range, oldest first: at most `limit`. */
export async function gapsBetween(
  catalogue: Catalogue,
  cameraId: string,
  fromMs: number,
  toMs: number,
  limit = MAX_GAPS,
): Promise<Gap[]> {
  const rows = await rowsBetween(catalogue, cameraId, fromMs, toMs).limit(limit).execute();
  return rows.map(gapOf);
}

function gapOf(row: GapTable): Gap {
  return {
    cameraId: row.camera_id,
    startMs: row.start_ms,
    endMs: row.end_ms,
    cause: row.cause,
    detail: row.detail,
    recordingId: row.recording_id,
  };
}

function rowsBetween(
  catalogue: Catalogue,
  cameraId: string,
  fromMs: number,
  toMs: number,
): SelectQueryBuilder<CatalogueTables, 'gaps', GapTable> {
  return (
    catalogue
      .selectFrom('gaps')
      .selectAll()
      .where('camera_id', '=', cameraId)
      // Gaps of a camera do not overlap, so only the last before the range may reach into it: however long its history.
      .where('start_ms', '>=', (query) =>
        query
          .selectFrom('gaps as earlier')
          .select(({ fn }) =>
            fn.coalesce(fn.max('earlier.start_ms'), sql<number>`${fromMs}`).as('at'),
          )
          .where('earlier.camera_id', '=', cameraId)
          .where('earlier.start_ms', '<=', fromMs),
      )
      .where('start_ms', '<', toMs)
      .where((where) => where.or([where('end_ms', '>', fromMs), where('end_ms', 'is', null)]))
      .orderBy('start_ms')
  );
}
