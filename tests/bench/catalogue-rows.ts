/**
 * Recordings of a thousand cameras, a minute each, made within the database: through the catalogue's own schema, lean where a
 * column's width does not matter to an index, and without fragment indexes. Day after day, in the order in which they
 * would be made.
 */
import { DatabaseSync } from 'node:sqlite';
import { sql, type Kysely } from 'kysely';
import { Client } from 'pg';
import { makePartition, partitionOfDay } from '#registry/database/postgres-days.ts';
import { recordingDays } from '#storage/catalogue/recording-days.ts';
import type { Catalogue } from '#storage/catalogue/tables.ts';

export const CAMERAS = 1_000;
export const MINUTES_A_DAY = 1_440;
export const ROWS_A_DAY = CAMERAS * MINUTES_A_DAY;
export const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;
/** Midnight of a UTC day. */
export const BEGIN_MS = Date.UTC(2026, 0, 1);
export const BYTES_A_RECORDING = 15_000_000;
/** Cameras begin their minutes so far apart: all of them within the minute. */
const APART_MS = 59;
/** Of each camera, in a minute of these hours, five seconds are missing. */
const GAPS_A_DAY = 4;
/** In Thailand a UTC day's last hours are the next day's. */
const LATE_MINUTES = 7 * 60;

export function cameraId(i: number): string {
  return `019e0000-0000-7000-8000-${String(i).padStart(12, '0')}`;
}

const COLUMNS = `id, camera_id, run_id, start_ms, end_ms, state, object_key, byte_length, init_bytes, codec, width, height,
  sha256, end_reason`;
const REST = `'stored', 'k', ${BYTES_A_RECORDING}, 760, 'avc1.640028', 1920, 1080, '00ff00ff', 'rotated'`;

/** Days from `first` on, counted from the beginning. Indexes that are not made in the order of time are made after. */
export function seedSqlite(path: string, first: number, end: number): void {
  const database = new DatabaseSync(path);
  database.exec('pragma synchronous = off; pragma cache_size = -400000');
  const index = database
    .prepare(`select sql from sqlite_schema where name = 'recordings_by_time'`)
    .get();
  database.exec('drop index recordings_by_time');
  // An id holds the time it was made at, in its first 48 bits.
  const insert = database.prepare(`insert into recordings (${COLUMNS})
    with recursive ${numbers('camera', CAMERAS)}
    select printf('%08x-%04x-7000-8000-%012d', at >> 16, at & 65535, i), printf('019e0000-0000-7000-8000-%012d', i),
      'r1', at, at + ${MINUTE_MS}, ${REST}
    from (select i, ? + i * ${APART_MS} as at from camera)`);
  for (let day = first; day < end; day++) {
    database.exec('begin');
    for (let minute = 0; minute < MINUTES_A_DAY; minute++) {
      insert.run(BEGIN_MS + day * DAY_MS + minute * MINUTE_MS);
    }
    const withCameras = `with recursive ${numbers('camera', CAMERAS)}`;
    const text = `printf('019e0000-0000-7000-8000-%012d', i)`;
    database.exec(daysOf(withCameras, 'camera', text, day));
    database.exec(
      `insert into gaps (id, camera_id, start_ms, end_ms, cause)
       with recursive ${numbers('camera', CAMERAS)}, ${numbers('gap', GAPS_A_DAY)}
       select printf('${day}-%d-%d', camera.i, gap.i), printf('019e0000-0000-7000-8000-%012d', camera.i),
         ${gapBegin(day)}, ${gapBegin(day)} + 5000, 'network' from camera, gap`,
    );
    database.exec('commit');
  }
  database.exec(String(index?.['sql']));
  database.exec('pragma wal_checkpoint(truncate)');
  database.close();
}

/** SQLite's own generate_series is not in every build. */
function numbers(name: string, below: number): string {
  return `${name} (i) as (select 0 union all select i + 1 from ${name} where i < ${below - 1})`;
}

/**
 * Partition by partition, as they are made for rows that lay elsewhere before: filled first, keys and indexes after. Returns the
 * day it has come to when it is `untilMs`.
 */
export async function seedPostgres(
  catalogue: Catalogue,
  url: string,
  first: number,
  end: number,
  untilMs: number,
): Promise<number> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('set search_path to catalogue');
    let day = first;
    for (; day < end && Date.now() < untilMs; day++) {
      const partition = partitionOfDay(BEGIN_MS / DAY_MS + day);
      await catalogue.transaction().execute(async (transaction) => {
        await sql`set local statement_timeout = 0`.execute(transaction);
        const db = transaction as unknown as Kysely<never>;
        await makePartition(db, recordingDays, partition, async ({ suffix }) => {
          const statement = `insert into recordings_${suffix} (${COLUMNS})
            select lpad(to_hex(at >> 16), 8, '0') || '-' || lpad(to_hex(at & 65535), 4, '0') || '-7000-8000-' || lpad(i::text, 12, '0'),
              '019e0000-0000-7000-8000-' || lpad(i::text, 12, '0'), 'r1', at, at + ${MINUTE_MS}, ${REST}
            from (select i, ${BEGIN_MS + day * DAY_MS} + m::bigint * ${MINUTE_MS} + i * ${APART_MS} as at
              from generate_series(0, ${MINUTES_A_DAY - 1}) m, generate_series(0, ${CAMERAS - 1}) i) made`;
          await sql.raw(statement).execute(transaction);
        });
      });
      const cameras = `generate_series(0, ${CAMERAS - 1}) as camera (i)`;
      const text = `'019e0000-0000-7000-8000-' || lpad(i::text, 12, '0')`;
      await client.query(daysOf('', cameras, text, day));
      await client.query(
        `insert into gaps (id, camera_id, start_ms, end_ms, cause)
         select '${day}-' || camera.i || '-' || gap.i, '019e0000-0000-7000-8000-' || lpad(camera.i::text, 12, '0'),
           ${gapBegin(day)}, ${gapBegin(day)} + 5000, 'network'
         from ${cameras}, generate_series(0, ${GAPS_A_DAY - 1}) as gap (i)`,
      );
      await client.query(`vacuum (analyze) recordings_${partition.suffix}`);
    }
    if (day > first) await client.query('vacuum (analyze) gaps, camera_days');
    await client.query('checkpoint');
    return day;
  } finally {
    await client.end();
  }
}

function gapBegin(day: number): string {
  const hours = 24 / GAPS_A_DAY;
  return `${BEGIN_MS + day * DAY_MS} + cast(gap.i as bigint) * ${hours * 3_600_000} + camera.i * ${APART_MS} + 20000`;
}

/** What camera_days would have counted: of a UTC day, the hours before 17:00 and those after. */
function daysOf(withCameras: string, cameras: string, text: string, day: number): string {
  const number = BEGIN_MS / DAY_MS + day;
  const early = MINUTES_A_DAY - LATE_MINUTES;
  // "where true": SQLite would take ON for a join's.
  return `insert into camera_days (camera_id, day, made, recordings, byte_length)
    ${withCameras}
    select ${text}, ${number} + late, minutes, minutes, minutes * cast(${BYTES_A_RECORDING} as bigint)
    from ${cameras}, (select 0 as late, ${early} as minutes union all select 1, ${LATE_MINUTES}) parts where true
    on conflict (camera_id, day) do update set made = camera_days.made + excluded.made,
      recordings = camera_days.recordings + excluded.recordings, byte_length = camera_days.byte_length + excluded.byte_length`;
}
