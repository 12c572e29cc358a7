/**
 * npm run bench:viewers: what viewers cost the gateway while it ingests, beside nginx serving the same bytes.
 * See README.md in this folder for what is measured and how to read it.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { boundTheRun, stopChildren } from './children.ts';
import { NoEncoder } from './clip.ts';
import { NoCompiler } from './compile.ts';
import { moveToBenchCore } from './cores.ts';
import { startFeeder } from './feeder.ts';
import { BENCH_TOKEN, startGateway } from './gateway-process.ts';
import { memoryFolder } from '../memory-folder.ts';
import { hasNginx, startNginx } from './nginx.ts';
import { pageCache } from './page-cache.ts';
import { mediaPlaylistPath } from './playlist-watch.ts';
import { startSpan } from './proc-stat.ts';
import { markdownTable, report, rounded } from './results.ts';
import { replay, watchLive, type ViewerReading } from './viewer-load.ts';

const WARM_MS = 20_000;
const MOST_TIMES_NGINX = 3;
const ALLOWED_MINUTES = 15;

const { values: flags } = parseArgs({
  options: {
    cameras: { type: 'string', default: '300' },
    viewers: { type: 'string', default: '500' },
    streams: { type: 'string', default: '1,100' },
    seconds: { type: 'string', default: '20' },
    workers: { type: 'string', default: '2' },
    append: { type: 'boolean', default: false },
  },
});
const cameras = Number(flags.cameras);
const viewers = Number(flags.viewers);
const seconds = Number(flags.seconds);

interface Scenario {
  /** Over so many streams. */
  streams: number;
  folder: string;
  gateway: ViewerReading;
  /** Of the gateway beyond its ingest, µs of processor time a second. */
  viewerMicrosPerSecond: number;
  nginx?: ViewerReading;
}

const pages = pageCache();
const captures = mkdtempSync(join(memoryFolder(), 'bench-viewers-'));
await main()
  .catch((error: unknown) => {
    const absent = error instanceof NoCompiler || error instanceof NoEncoder;
    console.error(absent ? error.message : error);
    process.exitCode = absent ? 0 : 1;
  })
  .finally(() => {
    rmSync(captures, { recursive: true, force: true });
    pages.remove();
  });
await stopChildren();

async function main(): Promise<void> {
  moveToBenchCore();
  boundTheRun(ALLOWED_MINUTES);
  process.on('exit', () => rmSync(captures, { recursive: true, force: true }));
  const { scenarios, ingestPercent } = await measureGatewayViewers();
  if (hasNginx()) {
    for (const scenario of scenarios) {
      const nginx = await startNginx(scenario.folder);
      await pages.fill();
      scenario.nginx = await replay({
        port: nginx.port,
        serverPid: nginx.pid,
        clients: viewers,
        captureFolder: scenario.folder,
      });
      await nginx.stop();
    }
  } else {
    console.log('nginx left out: not installed (Debian: apt-get install nginx-light)');
  }
  report('Viewers', tables(scenarios, ingestPercent), flags.append);
}

async function measureGatewayViewers(): Promise<{ scenarios: Scenario[]; ingestPercent: number }> {
  const feeder = await startFeeder('picture');
  const gateway = await startGateway({ workers: Number(flags.workers) });
  const urls = Array.from({ length: cameras }, (_, camera) => feeder.url(camera));
  const ids = await gateway.addCameras(urls);
  await sleep(WARM_MS);
  await pages.fill();
  const ingest = startSpan([gateway.pid]);
  await sleep(seconds * 1000);
  const ingestSpan = ingest();
  const scenarios: Scenario[] = [];
  for (const streams of flags.streams.split(',').map(Number)) {
    const folder = join(captures, String(streams));
    mkdirSync(folder);
    const paths = await Promise.all(
      ids.slice(0, streams).map((id) => mediaPlaylistPath(gateway.http, id)),
    );
    await pages.fill();
    const playlistsFile = join(captures, `${streams}.playlists`);
    writeFileSync(playlistsFile, paths.join('\n') + '\n');
    const reading = await watchLive({
      port: gateway.port,
      serverPid: gateway.pid,
      token: BENCH_TOKEN,
      playlistsFile,
      clients: viewers,
      seconds,
      captureFolder: folder,
    });
    scenarios.push({
      streams,
      folder,
      gateway: reading,
      viewerMicrosPerSecond:
        reading.served.micros / reading.served.seconds - ingestSpan.micros / ingestSpan.seconds,
    });
  }
  const fed = await feeder.report();
  console.log(
    `feeder: late ${fed.late} of ${fed.pictures}, dropped ${fed.droppedPictures}, ${fed.cpuPercent} % of its core`,
  );
  await gateway.stop();
  await feeder.stop();
  return { scenarios, ingestPercent: ingestSpan.percentOfCore };
}

function tables(scenarios: readonly Scenario[], ingestPercent: number): string {
  const rows = scenarios.flatMap(({ streams, gateway, viewerMicrosPerSecond, nginx }) => {
    const row = (server: string, reading: ViewerReading, percent: number): string[] => [
      `${viewers} on ${streams}`,
      server,
      rounded(percent, 1),
      rounded((reading.bytes * 8) / reading.seconds / 1e6),
      rounded(reading.parts / reading.seconds),
      rounded(reading.playlists / reading.seconds),
      `${rounded(reading.afterP50Ms)} / ${rounded(reading.afterP99Ms)} / ${rounded(reading.afterMaxMs)}`,
      String(reading.lateParts),
      String(reading.missedParts),
      String(reading.errors + reading.undatedParts),
      rounded(reading.cpuPercent),
    ];
    return [
      row('gateway', gateway, viewerMicrosPerSecond / 1e4),
      ...(nginx ? [row('nginx, the same bytes', nginx, nginx.served.percentOfCore)] : []),
    ];
  });
  const verdicts = scenarios.flatMap(({ streams, gateway, viewerMicrosPerSecond, nginx }) => {
    const name = `${viewers} viewers on ${streams}`;
    const unhappy = gateway.lateParts + gateway.missedParts + gateway.errors;
    const lines = [
      [`${name}: no part late, missed or refused`, String(unhappy), held(unhappy === 0)],
    ];
    if (nginx) {
      // The replay lasts a little longer than what it replays: totals are compared, not rates.
      const ratio = (viewerMicrosPerSecond * gateway.seconds) / nginx.served.micros;
      lines.push([
        `${name}: ≤ ${MOST_TIMES_NGINX} × nginx`,
        ratio.toFixed(2),
        held(ratio <= MOST_TIMES_NGINX),
      ]);
    }
    return lines;
  });
  return [
    `${cameras} cameras ingested meanwhile, ${flags.workers} workers: ${rounded(ingestPercent, 1)} % of the core before any viewer, taken off the gateway's lines.`,
    markdownTable(
      [
        'viewers',
        'server',
        '% of a core',
        'Mbit/s',
        'parts/s',
        'playlists/s',
        'part at viewer after its last picture, p50/p99/max ms',
        'late',
        'missed',
        'errors',
        "load's own %",
      ],
      rows,
    ),
    markdownTable(['limit', 'seen', ''], verdicts),
  ].join('\n\n');
}

function held(isHeld: boolean): string {
  return isHeld ? 'held' : '**NOT HELD**';
}
