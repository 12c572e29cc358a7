/**
 * npm run bench:density: how many cameras one core carries, and what each costs, beside what others cost.
 * See README.md in this folder for what is measured and how to read it.
 */
import { parseArgs } from 'node:util';
import { readBare } from './bare-reader.ts';
import { boundTheRun, stopChildren } from './children.ts';
import { NoEncoder } from './clip.ts';
import { NoCompiler } from './compile.ts';
import { moveToBenchCore } from './cores.ts';
import {
  DEFAULT_GRAIN_US,
  FEEDER_MODES,
  startFeeder,
  type Feeder,
  type FeederMode,
} from './feeder.ts';
import { remuxWithFfmpeg } from './ffmpeg-remux.ts';
import { measureGateway } from './gateway-reading.ts';
import { gapCount, mebibytes, verdicts, type Row } from './limits.ts';
import { remuxWithMediaMtx } from './mediamtx.ts';
import { markdownTable, report, rounded } from './results.ts';

const SUBJECTS = ['plain', 'gather', 'node', 'gateway', 'ffmpeg', 'mediamtx'] as const;
type Subject = (typeof SUBJECTS)[number];

/** One core feeds about so many packet by packet. */
const PACKET_FEEDER_STREAMS = 300;
/** A process per camera: more fills the core. */
const FFMPEG_STREAMS = 100;
/** Beyond this its core is full (reported of 1.20: 450 did not come up). */
const MEDIAMTX_STREAMS = 300;
const OTHERS_SECONDS = 15;
const START_ALLOWANCE_SECONDS = 150;

const { values: flags } = parseArgs({
  options: {
    counts: { type: 'string', default: '20,100,300,1000' },
    seconds: { type: 'string', default: '30' },
    feeders: { type: 'string', default: FEEDER_MODES.join(',') },
    subjects: { type: 'string', default: SUBJECTS.join(',') },
    grain: { type: 'string', default: String(DEFAULT_GRAIN_US) },
    append: { type: 'boolean', default: false },
  },
});
const counts = flags.counts.split(',').map(Number);
const seconds = Number(flags.seconds);
const modes = FEEDER_MODES.filter((mode) => flags.feeders.split(',').includes(mode));
const subjects = SUBJECTS.filter((subject) => flags.subjects.split(',').includes(subject));

await main().catch((error: unknown) => {
  console.error(error instanceof NoCompiler || error instanceof NoEncoder ? error.message : error);
  process.exitCode = error instanceof NoCompiler || error instanceof NoEncoder ? 0 : 1;
});
await stopChildren();

async function main(): Promise<void> {
  moveToBenchCore();
  boundTheRun(
    Math.ceil(
      (modes.length * counts.length * subjects.length * (seconds + START_ALLOWANCE_SECONDS)) / 60,
    ),
  );
  if (subjects.includes('mediamtx') && process.env['MEDIAMTX'] === undefined)
    console.log('MediaMTX left out: MEDIAMTX does not name its binary');
  const rows: Row[] = [];
  for (const mode of modes) {
    for (const streams of counts) {
      if (mode === 'packet' && streams > PACKET_FEEDER_STREAMS) {
        console.log(
          `packet, ${streams} left out: one core feeds about ${PACKET_FEEDER_STREAMS} packet by packet`,
        );
        continue;
      }
      rows.push(await measureRow(mode, streams));
    }
  }
  report('Density', tables(rows), flags.append);
}

async function measureRow(mode: FeederMode, streams: number): Promise<Row> {
  const row: Row = { feeder: mode, streams };
  for (const subject of subjects) {
    // A feeder each: none inherits what the one before left in the kernel's buffers.
    const feeder = await startFeeder(mode, Number(flags.grain));
    try {
      await measureSubject(subject, feeder, row);
    } catch (error) {
      console.error(`${mode}, ${streams}, ${subject}: ${String(error)}`);
      process.exitCode = 1;
    } finally {
      await feeder.stop();
    }
  }
  return row;
}

async function measureSubject(subject: Subject, feeder: Feeder, row: Row): Promise<void> {
  const { streams } = row;
  const say = (words: string): void =>
    console.log(`${row.feeder}, ${streams}, ${subject}: ${words}`);
  switch (subject) {
    case 'plain':
    case 'gather':
    case 'node': {
      const reading = await readBare({
        feeder,
        mode: subject,
        streams,
        seconds: Math.min(seconds, OTHERS_SECONDS),
      });
      row[subject] = reading.microsPerStreamSecond;
      say(
        `${rounded(reading.microsPerStreamSecond)} µs, ${rounded(reading.percentOfCore, 1)} % of the core; feeder late ${reading.feeder.late} of ${reading.feeder.pictures} pictures, p99 ${reading.feeder.lagP99Ms} ms, ${reading.feeder.cpuPercent} % of its core`,
      );
      return;
    }
    case 'gateway': {
      const reading = await measureGateway({ feeder, streams, seconds });
      row.gateway = reading;
      say(
        `${rounded(reading.microsPerStreamSecond)} µs, ${rounded(reading.percentOfCore, 1)} % of the core; feeder late ${reading.feeder.late}, dropped ${reading.feeder.droppedPictures}, ${reading.feeder.cpuPercent} % of its core`,
      );
      for (const words of [...reading.watch.examples, ...reading.latencyFailures]) say(words);
      return;
    }
    case 'ffmpeg': {
      if (streams > FFMPEG_STREAMS) return;
      const reading = await remuxWithFfmpeg({
        feeder,
        streams,
        seconds: Math.min(seconds, OTHERS_SECONDS),
      });
      row.ffmpeg = reading.microsPerStreamSecond;
      say(
        `${rounded(reading.microsPerStreamSecond)} µs, ${rounded(reading.percentOfCore, 1)} % of the core, ${mebibytes(reading.residentBytesPerStream)} MB resident a stream, ${mebibytes(reading.unsharedBytesPerStream)} MB unshared`,
      );
      return;
    }
    case 'mediamtx': {
      const binary = process.env['MEDIAMTX'];
      if (binary === undefined || streams > MEDIAMTX_STREAMS) return;
      const reading = await remuxWithMediaMtx({
        binary,
        feeder,
        streams,
        seconds: Math.min(seconds, OTHERS_SECONDS),
      });
      row.mediaMtx = reading.microsPerStreamSecond;
      say(
        `${rounded(reading.microsPerStreamSecond)} µs, ${rounded(reading.percentOfCore, 1)} % of the core, ${mebibytes(reading.residentBytesPerStream)} MB a stream, ${reading.up} up`,
      );
      return;
    }
  }
}

function tables(rows: readonly Row[]): string {
  const cost = markdownTable(
    [
      'feeder',
      'streams',
      'C plain',
      'C gather',
      'Node gather',
      'gateway',
      '× C plain',
      '× C gather',
      '× Node gather',
      'of a core',
      'ffmpeg',
      'MediaMTX',
    ],
    rows.map((row) => [
      row.feeder,
      String(row.streams),
      rounded(row.plain),
      rounded(row.gather),
      rounded(row.node),
      rounded(row.gateway?.microsPerStreamSecond),
      times(row, row.plain),
      times(row, row.gather),
      times(row, row.node),
      row.gateway ? `${rounded(row.gateway.percentOfCore, 1)} %` : '-',
      rounded(row.ffmpeg),
      rounded(row.mediaMtx),
    ]),
  );
  const sections = [
    `CPU µs per stream-second, user and system; the feeder's grain is ${flags.grain} µs.\n\n${cost}`,
  ];
  const measured = rows.flatMap((row) => (row.gateway ? [{ row, gateway: row.gateway }] : []));
  if (measured.length > 0) {
    const gatewayTable = markdownTable(
      [
        'feeder',
        'streams',
        'up',
        'resident MB',
        'media held MB',
        'beyond media, MB a stream',
        'worker lag p50/p99 ms',
        'serving lag p50/p99 ms',
        'parts a second',
        'gaps',
        'late edges / polls',
        'oldest edge ms',
        'drift ms',
        'available p50/p99 ms',
        'beyond the part p50/p99 ms',
        'while views begin p50/p99 ms',
      ],
      measured.map(({ row, gateway }) => [
        row.feeder,
        String(row.streams),
        String(gateway.camerasUp),
        mebibytes(gateway.residentBytes),
        mebibytes(gateway.heldBytes),
        rounded((gateway.residentBytes - gateway.heldBytes) / 2 ** 20 / row.streams, 2),
        `${rounded(gateway.workerLagP50Ms, 1)} / ${rounded(gateway.workerLagP99Ms, 1)}`,
        `${rounded(gateway.servingLagP50Ms, 1)} / ${rounded(gateway.servingLagP99Ms, 1)}`,
        `${rounded(gateway.partsPerStreamSecond, 3)} of ${rounded(1 / gateway.watch.meanPartS, 3)}`,
        String(gapCount(gateway)),
        `${gateway.watch.lateEdges} / ${gateway.watch.polls}`,
        rounded(gateway.watch.oldestEdgeMs),
        rounded(gateway.watch.worstDriftMs),
        `${rounded(gateway.availableP50Ms)} / ${rounded(gateway.availableP99Ms)}`,
        `${rounded(gateway.beyondPartP50Ms)} / ${rounded(gateway.beyondPartP99Ms)}`,
        `${rounded(gateway.beginningBeyondPartP50Ms)} / ${rounded(gateway.beginningBeyondPartP99Ms)}`,
      ]),
    );
    const limits = markdownTable(
      ['limit', 'seen', ''],
      rows
        .flatMap(verdicts)
        .map((verdict) => [verdict.limit, verdict.seen, verdict.held ? 'held' : '**NOT HELD**']),
    );
    sections.push(`The gateway, playlists and parts on.\n\n${gatewayTable}`, limits);
  }
  return sections.join('\n\n');
}

/** What the gateway costs, in what another costs. */
function times({ gateway }: Row, micros: number | undefined): string {
  return micros === undefined ? '-' : rounded((gateway?.microsPerStreamSecond ?? NaN) / micros, 2);
}
