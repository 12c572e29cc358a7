/**
 * npm run bench:catalogue: the catalogue's hot questions with so many rows in it. `-- --database sqlite --days 1,7` (a folder
 * of its own), or `--database postgres --days 1,7,70` (a container of its own, on a disk): a day is 1,440,000 rows, and what is
 * asked at each number of days is asked in the same database as it grows. Making rows ends after `--minutes`.
 * `--url`: in a PostgreSQL database of one's own, which stays; `--made 70`: the rows of so many days are in it. See README.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PostgreSqlContainer, type StartedPostgreSqlContainer } from '@testcontainers/postgresql';
import { openDatabases } from '#registry/database/open-databases.ts';
import { uuidV7Source } from '#registry/uuid-v7.ts';
import { markGarbage } from '#storage/catalogue/deletion.ts';
import { openCatalogue } from '#storage/catalogue/open-catalogue.ts';
import { tendRecordingDays } from '#storage/catalogue/recording-days.ts';
import {
  insertOpened,
  markSpooled,
  markStored,
  recordingsBetween,
  recordingsIn,
} from '#storage/catalogue/recordings.ts';
import { listSeals } from '#storage/catalogue/seals.ts';
import { spooledUse } from '#storage/catalogue/spooled.ts';
import { useByCamera } from '#storage/catalogue/storage-use.ts';
import type { Catalogue } from '#storage/catalogue/tables.ts';
import { OpenRecordings } from '#storage/open-recordings.ts';
import type { OpenedRecording } from '#storage/recorder-protocol.ts';
import type { ObjectStore } from '#storage/objects/object-store.ts';
import { sweep } from '#storage/retention.ts';
import { reconcile } from '#storage/reconcile.ts';
import { sealDays, verifySeals } from '#storage/sealing.ts';
import { timeline } from '#storage/timeline.ts';
import { seededRandom } from '../simulator/seeded-random.ts';
import {
  BEGIN_MS,
  BYTES_A_RECORDING,
  cameraId,
  CAMERAS,
  DAY_MS,
  MINUTE_MS,
  MINUTES_A_DAY,
  ROWS_A_DAY,
  seedPostgres,
  seedSqlite,
} from './catalogue-rows.ts';
import { quantile } from './quantile.ts';
import { markdownTable, report, rounded } from './results.ts';

const TIMELINES = 400;
const LIMIT_MS = 10;
/** Recorders tell of what they opened and finished several times a second: of a thousand cameras so many at once. */
const TOLD_AT_ONCE = 5;
/** Recordings put side by side, and noted together. */
const PUT_AT_ONCE = 8;
const LOOKS = 50;
/** Cameras of which the sweep deletes, and how many minutes of each. */
const SWEPT = { cameras: 50, minutes: 10 };

const { values: flags } = parseArgs({
  options: {
    days: { type: 'string', default: '1,7' },
    database: { type: 'string', default: 'sqlite' },
    minutes: { type: 'string', default: '60' },
    url: { type: 'string' },
    made: { type: 'string', default: '0' },
    append: { type: 'boolean', default: false },
  },
});

/** A day of recordings is gone through; with more it would be minutes. */
const RECONCILED_DAYS = 1;

/** Milliseconds of each question, by its name; more than one where it was asked more than once. */
type Answers = Map<string, number[]>;

const random = seededRandom(20_261_126);
const newId = uuidV7Source(Date.now);

async function timed<T>(answers: Answers, name: string, ask: () => Promise<T>): Promise<T> {
  const began = performance.now();
  const answer = await ask();
  const known = answers.get(name) ?? [];
  known.push(performance.now() - began);
  answers.set(name, known);
  return answer;
}

/** Of random cameras, from a random minute on: over all of the history, so that most of it was not read before. */
async function askTimelines(catalogue: Catalogue, days: number, answers: Answers): Promise<void> {
  const open = new OpenRecordings();
  for (let i = 0; i < TIMELINES; i++) {
    const minute = Math.floor(random() * ((days - 1) * MINUTES_A_DAY + 1));
    const fromMs = BEGIN_MS + minute * MINUTE_MS;
    const camera = cameraId(Math.floor(random() * CAMERAS));
    const name = i === 0 ? 'first timeline' : 'timeline';
    const { spans } = await timed(answers, name, async () =>
      timeline(catalogue, open, camera, { fromMs, toMs: fromMs + DAY_MS }),
    );
    // What of a question's time is the machine's: one that reads a row, right after.
    await timed(answers, 'one row, right after each', async () => listSeals(catalogue, 'none'));
    if (spans.length < 4 || spans.length > 6) throw new Error(`${spans.length} spans in a day`);
  }
  for (let i = 0; i < LOOKS; i++) {
    const fromMs = BEGIN_MS + Math.floor(random() * (days * 24 - 2)) * 3_600_000;
    const camera = cameraId(Math.floor(random() * CAMERAS));
    await timed(answers, 'two hours to play', async () =>
      recordingsBetween(catalogue, camera, fromMs, fromMs + 2 * 3_600_000),
    );
  }
}

function groups<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) =>
    all.slice(i * size, (i + 1) * size),
  );
}

/** A minute of a thousand cameras from the first fragment until it is stored, as the keeper and the uploader tell of it. */
async function keepAMinute(catalogue: Catalogue, startMs: number, answers: Answers): Promise<void> {
  const opened = Array.from({ length: CAMERAS }, (_, i): OpenedRecording => {
    const recordingId = newId();
    return {
      recordingId,
      cameraId: cameraId(i),
      runId: 'r2',
      startMs: startMs + i,
      codec: 'avc1.640028',
      width: 1920,
      height: 1080,
      previousSha256: '0'.repeat(64),
      path: `${cameraId(i)}/${recordingId}.mp4`,
      initBytes: 760,
      headBytes: 1_200,
    };
  });
  await timed(answers, 'a minute kept', async () => {
    for (const some of groups(opened, TOLD_AT_ONCE)) {
      await insertOpened(catalogue, some);
      await markSpooled(
        catalogue,
        some.map(({ recordingId, cameraId: id, startMs: at }) => ({
          recordingId,
          cameraId: id,
          startMs: at,
          endMs: at + MINUTE_MS,
          byteLength: 15_000_000,
          sha256: 'ab'.repeat(32),
          // As long as that of sixty fragments.
          fragmentIndex: Buffer.alloc(600, 1),
          fragments: 60,
          endReason: 'rotated' as const,
        })),
      );
    }
  });
  for (let i = 0; i < LOOKS; i++) {
    await timed(answers, "uploader's round", async () => {
      await spooledUse(catalogue, startMs - DAY_MS);
      return recordingsIn(catalogue, 'spooled', 64, { sinceMs: startMs - DAY_MS });
    });
  }
  await timed(answers, "uploader's look through all days", async () =>
    recordingsIn(catalogue, 'spooled', 64),
  );
  await timed(answers, 'a minute noted as stored', async () => {
    for (const some of groups(opened, PUT_AT_ONCE)) {
      await markStored(
        catalogue,
        some.map((each) => ({ id: each.recordingId, startMs: each.startMs, versionId: null })),
      );
    }
  });
}

/** Of objects that are all there. */
const stat = async () => ({ byteLength: 0, versionId: null });

async function sweepAndSeal(catalogue: Catalogue, answers: Answers): Promise<void> {
  const cameras = Array.from({ length: CAMERAS }, (_, i) => ({
    cameraId: cameraId(i),
    retentionDays: 1,
  }));
  const store = { delete: async () => {}, stat };
  const sweepAt = (nowMs: number, some: typeof cameras) => async () =>
    sweep({ catalogue, store, now: () => nowMs, log: () => {} }, some);
  await timed(answers, 'retentions noted', sweepAt(BEGIN_MS, cameras));
  await timed(answers, 'sweep, nothing due', sweepAt(BEGIN_MS + DAY_MS, cameras));
  await timed(answers, 'recordings due, marked', async () =>
    markGarbage(catalogue, cameraId(CAMERAS - 1), BEGIN_MS + SWEPT.minutes * MINUTE_MS),
  );
  // The last minute of them is over then.
  const due = BEGIN_MS + DAY_MS + (SWEPT.minutes + 1) * MINUTE_MS;
  await timed(answers, 'sweep', sweepAt(due, cameras.slice(0, SWEPT.cameras)));
  // The first day in Thailand ends seven hours before UTC's.
  const sealMs = BEGIN_MS + DAY_MS - 7 * 3_600_000 + 20 * MINUTE_MS;
  const signer = { keyId: 'bench', sign: () => 'signature' };
  const seal = async () =>
    sealDays({ catalogue, signer, onSealed: async () => {}, now: () => sealMs });
  await timed(answers, 'day sealed', seal);
  await timed(answers, 'sealed day looked at again', seal);
  const { findings, recordings } = await timed(answers, 'sealed day verified', async () =>
    verifySeals(catalogue, () => true),
  );
  if (findings.length > 0 || recordings === 0)
    throw new Error('what was sealed is not what is there');
}

/** What reconcile reads of the catalogue; a store that has everything costs nothing. */
async function goThroughAll(catalogue: Catalogue, answers: Answers): Promise<void> {
  const store = {
    list: async function* () {},
    stat: async () => ({ byteLength: BYTES_A_RECORDING, versionId: null }),
  } as object as ObjectStore;
  const before = process.memoryUsage().rss;
  const { recordings } = await timed(answers, 'reconcile, without a store', async () =>
    reconcile({
      catalogue,
      store,
      spoolFolder: join(dataDir, 'no-spool'),
      isOpen: () => false,
      spoolId: null,
      newId,
      now: Date.now,
      repair: false,
      deep: false,
    }),
  );
  const grownMB = (process.memoryUsage().rss - before) / 2 ** 20;
  console.log(`  ${recordings} rows gone through, memory grew by ${rounded(grownMB)} MB`);
}

async function ask(catalogue: Catalogue, days: number, isLast: boolean): Promise<Answers> {
  const answers: Answers = new Map();
  await askTimelines(catalogue, days, answers);
  await timed(answers, 'use of all cameras', async () =>
    useByCamera(catalogue, BEGIN_MS + days * DAY_MS),
  );
  // The next minute that is not there yet.
  const nextMs = BEGIN_MS + 400 * DAY_MS + days * DAY_MS;
  await timed(answers, 'days tended', async () => tendRecordingDays(catalogue, nextMs - 1));
  await keepAMinute(catalogue, nextMs, answers);
  if (days === RECONCILED_DAYS) await goThroughAll(catalogue, answers);
  if (isLast) await sweepAndSeal(catalogue, answers);
  return answers;
}

async function startOnDisk(): Promise<StartedPostgreSqlContainer> {
  process.env['TESTCONTAINERS_RYUK_DISABLED'] ??= 'true';
  return (
    new PostgreSqlContainer('postgres:15')
      // wal_level: what is loaded into a table made in the same transaction is not written twice. The rest as it comes.
      .withCommand(
        ['shared_buffers=1GB', 'max_wal_size=4GB', 'wal_level=minimal', 'max_wal_senders=0']
          .concat(['maintenance_work_mem=256MB', 'max_parallel_maintenance_workers=0'])
          .reduce<string[]>((all, setting) => [...all, '-c', setting], ['postgres']),
      )
      .start()
  );
}

const dataDir = mkdtempSync(join(tmpdir(), 'bench-catalogue-'));
const container =
  flags.database === 'postgres' && flags.url === undefined ? await startOnDisk() : undefined;
const databaseUrl = (): string | undefined => flags.url ?? container?.getConnectionUri();
const levels = flags.days.split(',').map(Number);
const seen: { days: number; loadS: number; answers: Answers }[] = [];
try {
  let made = Number(flags.made);
  const untilMs = Date.now() + Number(flags.minutes) * MINUTE_MS;
  for (const level of levels) {
    const began = performance.now();
    const url = databaseUrl();
    const loading = openDatabases({ dataDir, databaseUrl: url });
    const empty = await openCatalogue(loading);
    const days = url === undefined ? level : await seedPostgres(empty, url, made, level, untilMs);
    await loading.close();
    if (url === undefined) seedSqlite(join(dataDir, 'catalogue.sqlite'), made, days);
    if (days === made && days !== level) break;
    made = days;
    const loadS = (performance.now() - began) / 1_000;
    console.log(`${days * ROWS_A_DAY} rows, ${rounded(loadS)} s for those that were new`);
    // What it holds in memory of its own goes; the machine's cache has what it has.
    await container?.restart();
    const databases = openDatabases({ dataDir, databaseUrl: databaseUrl() });
    const answers = await ask(await openCatalogue(databases), days, level === levels.at(-1));
    await databases.close();
    seen.push({ days, loadS, answers });
    for (const [name, ms] of answers) {
      console.log(`  ${name}: ${ms.length}× p50 ${rounded(quantile(ms, 0.5), 1)} ms`);
    }
  }
  report(
    `The catalogue on ${flags.database}`,
    [timelineTable(), questionTable()].join('\n\n'),
    flags.append,
  );
} finally {
  await container?.stop();
  rmSync(dataDir, { recursive: true, force: true });
}

function timelineTable(): string {
  return markdownTable(
    ['rows', 'days', "a day's timeline p50 ms", 'p99 ms', 'first ms', `p99 ≤ ${LIMIT_MS} ms`],
    seen.map(({ days, answers }) => {
      const tries = answers.get('timeline') ?? [];
      const p99 = quantile(tries, 0.99);
      return [
        String(days * ROWS_A_DAY),
        String(days),
        rounded(quantile(tries, 0.5), 1),
        rounded(p99, 1),
        rounded(answers.get('first timeline')?.[0], 1),
        p99 <= LIMIT_MS ? 'held' : '**NOT HELD**',
      ];
    }),
  );
}

function questionTable(): string {
  const names = new Set(seen.flatMap(({ answers }) => [...answers.keys()]));
  for (const name of ['timeline', 'first timeline', 'retentions noted']) names.delete(name);
  return markdownTable(
    ['p50 / p99 ms', ...seen.map(({ days }) => `${days * ROWS_A_DAY} rows`)],
    [...names].map((name) => [
      name,
      ...seen.map(({ answers }) => {
        const ms = answers.get(name) ?? [];
        if (ms.length < 2) return rounded(ms[0], 1);
        return `${rounded(quantile(ms, 0.5), 1)} / ${rounded(quantile(ms, 0.99), 1)}`;
      }),
    ]),
  );
}
