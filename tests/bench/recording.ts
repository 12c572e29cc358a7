/**
 * npm run bench:recording: what recording adds to live cameras, beside SHA-256 over the same bytes on the same core.
 * See README.md in this folder.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { boundTheRun, stopChildren } from './children.ts';
import { NoEncoder } from './clip.ts';
import { NoCompiler } from './compile.ts';
import { moveToBenchCore } from './cores.ts';
import { diskBytesPerSecond } from './disk-speed.ts';
import { startFeeder } from './feeder.ts';
import { hashMicrosPerByte } from './hash-speed.ts';
import { remuxWithMediaMtx } from './mediamtx.ts';
import { startBenchMinio } from './minio.ts';
import { pageCache, type PageCache } from './page-cache.ts';
import { measureRecording, type RecordingReading } from './recording-reading.ts';
import { markdownTable, report, rounded } from './results.ts';

/** Of the cost of SHA-256 over the same bytes. */
const MOST_TIMES_HASH = 2.5;
const LOOP_LAG_MS = 60;
const MOST_BYTES = 1.02;
const PUTS_PER_1000 = 20;
const MEDIAMTX_STREAMS = 100;
const MOST_MINUTES = 10;

const { values: flags } = parseArgs({
  options: {
    streams: { type: 'string', default: '1000' },
    'minio-streams': { type: 'string', default: '400' },
    seconds: { type: 'string', default: '20' },
    // The lag is that of the last half minute, and the live window is full after 15 s.
    warm: { type: 'string', default: '30' },
    // Until what is put is a minute long: the first of each camera is shorter.
    'minio-warm': { type: 'string', default: '65' },
    subjects: { type: 'string', default: 'folder,minio,mediamtx' },
    append: { type: 'boolean', default: false },
  },
});
const seconds = Number(flags.seconds);
const subjects = flags.subjects.split(',');

await main().catch((error: unknown) => {
  const absent = error instanceof NoCompiler || error instanceof NoEncoder;
  console.error(absent ? error.message : error);
  process.exitCode = absent ? 0 : 1;
});
await stopChildren();

interface Row {
  store: string;
  streams: number;
  live: RecordingReading;
  recorded: RecordingReading;
  /** µs to hash one byte, on the core that recorded. */
  hashMicros: number;
}

async function main(): Promise<void> {
  moveToBenchCore();
  boundTheRun(MOST_MINUTES);
  const disk = diskBytesPerSecond();
  console.log(`disk: ${(disk / 1e6).toFixed(0)} MB/s, one file after another, synced`);
  const memory = pageCache();
  try {
    const rows = await measureRows(memory);
    const mediaMtx = subjects.includes('mediamtx') ? await measureMediaMtx() : undefined;
    report('Recording', tables(rows, disk, mediaMtx), flags.append);
  } finally {
    memory.remove();
  }
}

async function measureRows(memory: PageCache): Promise<Row[]> {
  const rows: Row[] = [];
  if (subjects.includes('folder')) {
    rows.push(await measureRow('folder', Number(flags.streams), undefined, memory));
  }
  if (!subjects.includes('minio')) return rows;
  const minio = await startBenchMinio();
  if (typeof minio === 'string') {
    console.log(`MinIO left out: ${minio}`);
    return rows;
  }
  try {
    rows.push(await measureRow('MinIO', Number(flags['minio-streams']), minio, memory));
  } finally {
    await minio.stop();
  }
  return rows;
}

async function measureRow(
  store: string,
  streams: number,
  server: { pid: number; environment: Readonly<Record<string, string>> } | undefined,
  memory: PageCache,
): Promise<Row> {
  const say = (words: string): void => console.log(`${store}, ${streams}: ${words}`);
  const readings: RecordingReading[] = [];
  for (const recorded of [false, true]) {
    const filled = await memory.fill();
    say(`${(filled / 2 ** 30).toFixed(1)} GB of free memory filled with pages of files`);
    // A feeder each: none inherits what the one before left in the kernel's buffers.
    const feeder = await startFeeder('picture');
    try {
      const reading = await measureRecording({
        feeder,
        streams,
        seconds,
        warmSeconds: Number(recorded && store === 'MinIO' ? flags['minio-warm'] : flags.warm),
        recorded,
        environment: recorded ? server?.environment : undefined,
        storePid: server?.pid,
      });
      readings.push(reading);
      say(
        `${recorded ? 'live and recorded' : 'live'}: ${rounded(reading.microsPerStreamSecond)} µs, ${rounded(reading.percentOfCore, 1)} % of the core; feeder late ${reading.feeder.late}, dropped ${reading.feeder.droppedPictures}`,
      );
      say(
        `  the core: ${rounded(reading.corePercent, 1)} % busy, ${rounded(reading.stolenPercent, 1)} % given to others by its host; worker lag p99 ${rounded(reading.workerLagP99Ms, 1)} ms`,
      );
      for (const [name, micros, kernel] of reading.threads) {
        say(`  ${name}: ${rounded(micros, 1)} µs, of it in the kernel ${rounded(kernel, 1)}`);
      }
      for (const words of reading.words) say(words);
    } finally {
      await feeder.stop();
    }
  }
  const [live, recorded] = readings;
  if (live === undefined || recorded === undefined) throw new Error('not measured');
  const hashMicros = await hashMicrosPerByte();
  say(`SHA-256: ${(1 / hashMicros / 1000).toFixed(2)} GB/s`);
  return { store, streams, live, recorded, hashMicros };
}

async function measureMediaMtx(): Promise<number | undefined> {
  const binary = process.env['MEDIAMTX'];
  if (binary === undefined) {
    console.log('MediaMTX left out: MEDIAMTX does not name its binary');
    return undefined;
  }
  const feeder = await startFeeder('picture');
  try {
    const reading = await remuxWithMediaMtx({
      binary,
      feeder,
      streams: MEDIAMTX_STREAMS,
      seconds,
      record: true,
    });
    return reading.microsPerStreamSecond;
  } finally {
    await feeder.stop();
  }
}

function tables(rows: readonly Row[], disk: number, mediaMtx: number | undefined): string {
  const cost = markdownTable(
    [
      'store',
      'streams',
      'live',
      'live and recorded',
      'recording adds',
      'SHA-256 alone',
      'times',
      'hash',
      'write',
      'rest of the recorder',
      'the recorder in the kernel',
      'disk and store threads',
      'catalogue',
      'of a core',
      'the core busy',
      'given to others by its host',
    ],
    rows.map((row) => {
      const { live, recorded } = row;
      const hash = hashOf(row);
      return [
        row.store,
        String(row.streams),
        rounded(live.microsPerStreamSecond),
        rounded(recorded.microsPerStreamSecond),
        rounded(addedOf(row)),
        rounded(hash),
        rounded(addedOf(row) / hash, 2),
        rounded(recorded.hashMicros),
        rounded(recorded.writeMicros),
        rounded(recorded.recorderMicros - recorded.hashMicros - recorded.writeMicros),
        rounded(recorded.recorderKernelMicros),
        rounded(recorded.poolMicros - live.poolMicros),
        rounded(recorded.catalogueMicros - live.catalogueMicros),
        `${rounded(recorded.percentOfCore, 1)} %`,
        `${rounded(recorded.corePercent, 1)} %`,
        `${rounded(recorded.stolenPercent, 1)} %`,
      ];
    }),
  );
  const kept = markdownTable(
    [
      'store',
      'recorded MB/s',
      'bytes on disk / media',
      'hashed / written',
      'puts a second',
      'waiting for the store',
      'the store, of its core',
      'gaps',
      'waiting at the end, MB',
      'sync late ms',
      'worker lag p50/p99 ms',
      'serving lag p99 ms',
    ],
    rows.map(({ store, recorded }) => [
      store,
      rounded(recorded.recordedBytesPerSecond / 1e6, 1),
      rounded(recorded.bytesPerMediaByte, 4),
      rounded(recorded.hashedPerWritten, 4),
      rounded(recorded.putsPerSecond, 1),
      rounded(recorded.waitingRecordings),
      `${rounded(recorded.storePercent, 1)} %`,
      String(recorded.gaps),
      rounded(recorded.behindBytes / 1e6, 1),
      rounded(recorded.syncLateMs),
      `${rounded(recorded.workerLagP50Ms, 1)} / ${rounded(recorded.workerLagP99Ms, 1)}`,
      rounded(recorded.servingLagP99Ms, 1),
    ]),
  );
  const limits = markdownTable(
    ['limit', 'seen', ''],
    rows
      .flatMap(verdicts)
      .map(([limit, seen, held]) => [limit, seen, held ? 'held' : '**NOT HELD**']),
  );
  return [
    `CPU µs per stream-second, user and system, of the gateway's process; the store's own is not in it. The disk alone: ${(disk / 1e6).toFixed(0)} MB/s.`,
    cost,
    kept,
    limits,
    ...(mediaMtx === undefined
      ? []
      : [`MediaMTX, LL-HLS and recording, ${MEDIAMTX_STREAMS} streams: ${rounded(mediaMtx)} µs.`]),
    uncounted(),
  ].join('\n\n');
}

function verdicts(row: Row): [string, string, boolean][] {
  const { store, streams, recorded } = row;
  const times = addedOf(row) / hashOf(row);
  const name = `${store}, ${streams}`;
  const puts = (PUTS_PER_1000 * streams) / 1000;
  return [
    [
      `${name}: recording adds ≤ ${MOST_TIMES_HASH} × SHA-256`,
      times.toFixed(2),
      times <= MOST_TIMES_HASH,
    ],
    [`${name}: no gap`, String(recorded.gaps), recorded.gaps === 0],
    [
      `${name}: loop lag p99 ≤ ${LOOP_LAG_MS} ms`,
      `${recorded.workerLagP99Ms.toFixed(1)} ms`,
      recorded.workerLagP99Ms <= LOOP_LAG_MS,
    ],
    [
      `${name}: bytes on disk ≤ ${MOST_BYTES} × media`,
      recorded.bytesPerMediaByte.toFixed(4),
      recorded.bytesPerMediaByte <= MOST_BYTES,
    ],
    [
      `${name}: no byte hashed twice`,
      recorded.hashedPerWritten.toFixed(4),
      recorded.hashedPerWritten <= 1,
    ],
    [
      `${name}: ≤ ${puts} puts a second`,
      recorded.putsPerSecond.toFixed(1),
      recorded.putsPerSecond <= puts,
    ],
  ];
}

function addedOf({ live, recorded }: Row): number {
  return recorded.microsPerStreamSecond - live.microsPerStreamSecond;
}

function hashOf({ hashMicros, recorded, streams }: Row): number {
  return (hashMicros * recorded.recordedBytesPerSecond) / streams;
}

/** What the kernel's own threads spend for the disk is counted for no process. */
function uncounted(): string {
  const version = readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim();
  return `The kernel's threads that write pages back (Linux ${version}) are in no process's time; what of them ran on the core is in 'the core busy'.`;
}
