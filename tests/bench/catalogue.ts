/**
 * npm run bench:catalogue: how long a day's timeline of a camera takes, with so many rows in the catalogue.
 * `-- --rows 10000000 --database sqlite` (a folder of its own), or `--database postgres` (a container of its own).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseArgs } from 'node:util';
import { Client } from 'pg';
import { openDatabases } from '#registry/database/open-databases.ts';
import { openCatalogue } from '#storage/catalogue/open-catalogue.ts';
import { OpenRecordings } from '#storage/open-recordings.ts';
import { timeline } from '#storage/timeline.ts';
import { startPostgres } from '../contracts/each-database.ts';
import { quantile } from './quantile.ts';
import { markdownTable, report, rounded } from './results.ts';

const CAMERAS = 1_000;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const BEGIN_MS = Date.UTC(2026, 0, 1);
const TRIES = 200;
const LIMIT_MS = 10;

const { values: flags } = parseArgs({
  options: {
    rows: { type: 'string', default: '10000000' },
    database: { type: 'string', default: 'sqlite' },
    append: { type: 'boolean', default: false },
  },
});
const rows = Number(flags.rows);
const minutes = Math.floor(rows / CAMERAS);

/** In the order in which they would be made: minute by minute, all cameras. */
const columns = `insert into recordings (id, camera_id, run_id, start_ms, end_ms, state, object_key, version_id, byte_length,
  init_bytes, codec, width, height, sha256, previous_sha256, end_reason)`;

function cameraId(i: number): string {
  return `019e0000-0000-7000-8000-${String(i).padStart(12, '0')}`;
}

function seedSqlite(path: string): void {
  const database = new DatabaseSync(path);
  database.exec('pragma synchronous = off; pragma cache_size = -400000');
  const numbers = `with recursive n (i) as (select 0 union all select i + 1 from n where i < ${CAMERAS - 1})`;
  const insert = database.prepare(`${columns} ${numbers}
    select printf('019e0000-0000-7000-9%03d-%012d', i, :minute), printf('019e0000-0000-7000-8000-%012d', i), 'mfk3abcd',
      ${BEGIN_MS} + :minute * ${MINUTE_MS} + i * 60, ${BEGIN_MS} + (:minute + 1) * ${MINUTE_MS} + i * 60, 'stored',
      printf('019e0000-0000-7000-8000-%012d/2026-01-01/019e0000-0000-7000-9%03d-%012d.mp4', i, i, :minute), null, 15000000,
      760, 'avc1.640028', 1920, 1080, hex(zeroblob(32)), hex(zeroblob(32)), 'rotated' from n`);
  database.exec('begin');
  for (let minute = 0; minute < minutes; minute++) {
    insert.run({ minute });
    if (minute % 500 === 499) database.exec('commit; begin');
  }
  database.exec('commit; pragma wal_checkpoint(truncate)');
  database.close();
}

async function seedPostgres(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query('set search_path to catalogue; set synchronous_commit to off');
  for (let minute = 0; minute < minutes; minute += 500) {
    await client.query(`${columns}
      select '019e0000-0000-7000-9' || lpad(i::text, 3, '0') || '-' || lpad(m::text, 12, '0'),
        '019e0000-0000-7000-8000-' || lpad(i::text, 12, '0'), 'mfk3abcd',
        ${BEGIN_MS} + m::bigint * ${MINUTE_MS} + i * 60, ${BEGIN_MS} + (m::bigint + 1) * ${MINUTE_MS} + i * 60, 'stored',
        '019e0000-0000-7000-8000-' || lpad(i::text, 12, '0') || '/2026-01-01/' || lpad(m::text, 12, '0') || '.mp4', null, 15000000,
        760, 'avc1.640028', 1920, 1080, repeat('0', 64), repeat('0', 64), 'rotated'
      from generate_series(${minute}, ${Math.min(minute + 500, minutes) - 1}) m, generate_series(0, ${CAMERAS - 1}) i`);
  }
  await client.query('vacuum analyze recordings');
  await client.end();
}

async function measure(dataDir: string, databaseUrl: string | undefined): Promise<number[]> {
  const databases = openDatabases({ dataDir, databaseUrl });
  try {
    const catalogue = await openCatalogue(databases);
    const open = new OpenRecordings();
    const days = Math.max(1, Math.floor((minutes * MINUTE_MS) / DAY_MS));
    const tries: number[] = [];
    for (let i = 0; i < TRIES; i++) {
      const fromMs = BEGIN_MS + Math.floor(Math.random() * days) * DAY_MS;
      const camera = cameraId(Math.floor(Math.random() * CAMERAS));
      const began = performance.now();
      const { spans } = await timeline(catalogue, open, camera, { fromMs, toMs: fromMs + DAY_MS });
      tries.push(performance.now() - began);
      if (spans.length === 0) throw new Error('an empty day');
    }
    return tries;
  } finally {
    await databases.close();
  }
}

const dataDir = mkdtempSync(join(tmpdir(), 'bench-catalogue-'));
const container = flags.database === 'postgres' ? await startPostgres() : undefined;
try {
  const url = container?.getConnectionUri();
  const databases = openDatabases({ dataDir, databaseUrl: url });
  await openCatalogue(databases);
  await databases.close();
  const began = performance.now();
  if (url === undefined) seedSqlite(join(dataDir, 'catalogue.sqlite'));
  else await seedPostgres(url);
  console.log(`${minutes * CAMERAS} rows made in ${rounded((performance.now() - began) / 1000)} s`);
  const tries = await measure(dataDir, url);
  const [firstMs] = tries.splice(0, 1);
  const p99 = quantile(tries, 0.99);
  report(
    "A day's timeline",
    markdownTable(
      ['database', 'rows', 'days', 'p50 ms', 'p99 ms', 'first ms', `p99 ≤ ${LIMIT_MS} ms`],
      [
        [
          flags.database,
          String(minutes * CAMERAS),
          rounded((minutes * MINUTE_MS) / DAY_MS, 1),
          rounded(quantile(tries, 0.5), 1),
          rounded(p99, 1),
          rounded(firstMs, 1),
          p99 <= LIMIT_MS ? 'held' : '**NOT HELD**',
        ],
      ],
    ),
    flags.append,
  );
} finally {
  await container?.stop();
  rmSync(dataDir, { recursive: true, force: true });
}
