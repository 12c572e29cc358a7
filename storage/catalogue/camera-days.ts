import { sql, type Transaction } from 'kysely';
import type { Catalogue, CatalogueTables } from './tables.ts';

/**
 * What each camera's day holds. A row is written in the transaction that makes a recording whole or takes it away, so
 * that it is what a count of the recordings would be: each passes these states once (tables.ts).
 */

const DAY_MS = 86_400_000;
/** Days begin at midnight in Thailand, as sealed days do (sealed-day.ts). */
const THAI_OFFSET_MS = 7 * 3_600_000;
const ROWS_A_STATEMENT = 100;

/** Days since 1970-01-01 of the day in Thailand. */
export function dayNumber(ms: number): number {
  return Math.floor((ms + THAI_OFFSET_MS) / DAY_MS);
}

/** Of `2026-11-25`. */
export function numberOfDay(day: string): number {
  return Date.parse(`${day}T00:00:00Z`) / DAY_MS;
}

/** `2026-11-25`. */
export function dayOfNumber(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/**
 * Recordings became whole. The last thing that a transaction writes, and in order: two of these then never wait for
 * each other.
 */
export async function countMade(
  transaction: Transaction<CatalogueTables>,
  made: readonly { cameraId: string; startMs: number; byteLength: number }[],
): Promise<void> {
  const sums = new Map<string, { camera_id: string; day: number; made: number; bytes: number }>();
  for (const { cameraId, startMs, byteLength } of made) {
    const day = dayNumber(startMs);
    const key = `${cameraId} ${day}`;
    const sum = sums.get(key) ?? { camera_id: cameraId, day, made: 0, bytes: 0 };
    sum.made++;
    sum.bytes += byteLength;
    sums.set(key, sum);
  }
  const rows = [...sums]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { camera_id, day, made: count, bytes }]) => ({
      camera_id,
      day,
      made: count,
      recordings: count,
      byte_length: bytes,
    }));
  for (let i = 0; i < rows.length; i += ROWS_A_STATEMENT) {
    await transaction
      .insertInto('camera_days')
      .values(rows.slice(i, i + ROWS_A_STATEMENT))
      .onConflict((conflict) =>
        conflict.columns(['camera_id', 'day']).doUpdateSet((row) => ({
          made: row('camera_days.made', '+', row.ref('excluded.made')),
          recordings: row('camera_days.recordings', '+', row.ref('excluded.recordings')),
          byte_length: row('camera_days.byte_length', '+', row.ref('excluded.byte_length')),
        })),
      )
      .execute();
  }
}

/** A whole recording's row went. */
export async function countRemoved(
  transaction: Transaction<CatalogueTables>,
  row: { camera_id: string; start_ms: number; byte_length: number },
): Promise<void> {
  await transaction
    .updateTable('camera_days')
    .set((day) => ({
      recordings: day('recordings', '-', 1),
      byte_length: day('byte_length', '-', row.byte_length),
    }))
    .where('camera_id', '=', row.camera_id)
    .where('day', '=', dayNumber(row.start_ms))
    .execute();
}

/** The note of a recording that was made went: it was there all the time. */
export async function uncountMade(
  transaction: Transaction<CatalogueTables>,
  row: { camera_id: string; start_ms: number },
): Promise<void> {
  await transaction
    .updateTable('camera_days')
    .set((day) => ({ made: day('made', '-', 1) }))
    .where('camera_id', '=', row.camera_id)
    .where('day', '=', dayNumber(row.start_ms))
    .execute();
}

/** Of a row: the day that it counts for. Whole numbers divided are whole on both databases. */
const dayOfRow = sql`(start_ms + ${sql.lit(THAI_OFFSET_MS)}) / ${sql.lit(DAY_MS)}`;

/**
 * Days of a camera of which its recordings, and the notes of those that were, say otherwise than `camera_days`, oldest first. One
 * statement: of what is made and taken away meanwhile it sees all or nothing.
 */
export async function miscountedDays(catalogue: Catalogue, cameraId: string): Promise<string[]> {
  const { rows } = await sql<{ day: number }>`
    select day from (
      select day, made, recordings, byte_length from camera_days where camera_id = ${cameraId}
      union all
      select ${dayOfRow}, -1, -1, -byte_length from recordings
      where camera_id = ${cameraId} and state <> 'open'
      union all
      select ${dayOfRow}, -1, 0, 0 from deletions
      where camera_id = ${cameraId} and sha256 is not null
    ) told
    group by day
    having sum(made) <> 0 or sum(recordings) <> 0 or sum(byte_length) <> 0
    order by day`.execute(catalogue);
  return rows.map(({ day }) => dayOfNumber(day));
}

/** Counts a camera's day anew. */
export async function recountDay(
  catalogue: Catalogue,
  cameraId: string,
  day: string,
): Promise<void> {
  const number = numberOfDay(day);
  const fromMs = number * DAY_MS - THAI_OFFSET_MS;
  const ofDay = sql`camera_id = ${cameraId} and start_ms >= ${fromMs} and start_ms < ${fromMs + DAY_MS}`;
  const whole = sql`from recordings where ${ofDay} and state <> 'open'`;
  await catalogue.transaction().execute(async (transaction) => {
    // The row is locked first: who has written it is counted then, and who waits for it adds to the count.
    await transaction
      .insertInto('camera_days')
      .values({ camera_id: cameraId, day: number, made: 0, recordings: 0, byte_length: 0 })
      .onConflict((conflict) =>
        conflict
          .columns(['camera_id', 'day'])
          .doUpdateSet((row) => ({ made: row.ref('camera_days.made') })),
      )
      .execute();
    await sql`update camera_days set
        recordings = (select count(*) ${whole}),
        byte_length = (select coalesce(sum(byte_length), 0) ${whole}),
        made = (select count(*) ${whole}) +
          (select count(*) from deletions where ${ofDay} and sha256 is not null)
      where camera_id = ${cameraId} and day = ${number}`.execute(transaction);
  });
}

/**
 * Every camera that has, or ever had, a recording, in order: those too whose days are not counted. Each is one step in an index of
 * each table, however many rows it has.
 */
export async function* camerasOf(catalogue: Catalogue): AsyncGenerator<string> {
  for (let after = ''; ;) {
    const { rows } = await sql<{ camera_id: string | null }>`
      select min(camera_id) as camera_id from (
        select min(camera_id) as camera_id from camera_days where camera_id > ${after}
        union all
        select min(camera_id) from recordings where camera_id > ${after}
        union all
        select min(camera_id) from deletions where camera_id > ${after}
      ) told`.execute(catalogue);
    const cameraId = rows[0]?.camera_id ?? null;
    if (cameraId === null) return;
    yield cameraId;
    after = cameraId;
  }
}

/** Cameras with a recording of a day, also if it was deleted since, in order; and how many recordings each ever had. */
export async function madeOfDay(
  catalogue: Catalogue,
  day: string,
): Promise<{ cameraId: string; made: number }[]> {
  const rows = await catalogue
    .selectFrom('camera_days')
    .select(['camera_id', 'made'])
    .where('day', '=', numberOfDay(day))
    .orderBy('camera_id')
    .execute();
  return rows.map(({ camera_id, made }) => ({ cameraId: camera_id, made }));
}

/** The newest day of which a camera has whole recordings; undefined when it has none. */
export async function newestDay(
  catalogue: Catalogue,
  cameraId: string,
): Promise<{ fromMs: number } | undefined> {
  const row = await catalogue
    .selectFrom('camera_days')
    .select('day')
    .where('camera_id', '=', cameraId)
    .where('recordings', '>', 0)
    .orderBy('day', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? undefined : { fromMs: row.day * DAY_MS - THAI_OFFSET_MS };
}

/** The first day of which anything was recorded; undefined when there is none. */
export async function firstRecordedDay(catalogue: Catalogue): Promise<string | undefined> {
  const { day } = await catalogue
    .selectFrom('camera_days')
    .select(({ fn }) => fn.min<number | null>('day').as('day'))
    .executeTakeFirstOrThrow();
  return day === null ? undefined : dayOfNumber(day);
}
