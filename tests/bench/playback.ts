/**
 * npm run bench:playback: how long it takes from choosing a moment of a 30-day history to its first picture, in Chromium,
 * from MinIO; and how fast a clip is downloaded beside a plain copy of its objects. See README.md in this folder.
 */
import { once } from 'node:events';
import { createWriteStream, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { chromium, type Page } from 'playwright-core';
import { clockTime, dayOf } from '#gateway/web/thai-day.ts';
import { openS3Store } from '#storage/objects/s3.ts';
import type { ObjectStore } from '#storage/objects/object-store.ts';
import { MINIO_KEYS, minioMissing, startMinio } from '#tests/contracts/minio-server.ts';
import { seededRandom } from '#tests/simulator/seeded-random.ts';
import { boundTheRun, stopChildren } from './children.ts';
import { EITHER_CORE } from './cores.ts';
import { startGateway, type GatewayProcess } from './gateway-process.ts';
import { makeLongHistory, SLOT_MS, type LongHistory } from './long-history.ts';
import { quantile } from './quantile.ts';
import { markdownTable, report, rounded } from './results.ts';

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const CHROMIUM_FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const BUCKET = 'bench-playback';
const DAYS = 30;
const FIRST_PICTURE_LIMIT_MS = 1_000;
const DOWNLOAD_LIMIT = 0.8;
const PATIENCE_MS = 15_000;
const BETWEEN_TRIES_MS = 500;
/** Of the half hour that was really recorded. */
const CLIP_MS = 20 * 60_000;
const ROUNDS = 5;
const ALLOWED_MINUTES = 6;

const { values: flags } = parseArgs({
  options: {
    tries: { type: 'string', default: '12' },
    seed: { type: 'string', default: '1' },
    append: { type: 'boolean', default: false },
  },
});

const lacks = existsSync(CHROMIUM)
  ? minioMissing()
  : 'Chromium is not installed (Debian: chromium)';
if (lacks === undefined) {
  await main().catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
  await stopChildren();
} else {
  console.log(`playback left out: ${lacks}`);
}

async function main(): Promise<void> {
  boundTheRun(ALLOWED_MINUTES);
  const dataDir = mkdtempSync(join(tmpdir(), 'bench-playback-'));
  const minio = await startMinio();
  try {
    const { endpoint } = minio;
    const store = await openS3Store({ endpoint, bucket: BUCKET, ...MINIO_KEYS });
    const begun = performance.now();
    const history = await makeLongHistory(dataDir, store, DAYS);
    console.log(`history made in ${rounded((performance.now() - begun) / 1_000)} s`);
    const gateway = await startGateway({
      workers: 1,
      core: EITHER_CORE,
      dataDir,
      environment: {
        S3_ENDPOINT: endpoint,
        S3_BUCKET: BUCKET,
        S3_ACCESS_KEY: MINIO_KEYS.accessKey,
        S3_SECRET_KEY: MINIO_KEYS.secretKey,
      },
    });
    try {
      const pictures = await firstPictures(gateway, history);
      const downloads = await downloadsBesideCopies(gateway, store, history);
      report('Playback from MinIO', tables(history, pictures, downloads), flags.append);
    } finally {
      await gateway.stop();
      store.close();
    }
  } finally {
    await minio.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

interface Pictures {
  version: string;
  coldMs: number;
  /** Another day than the one that is shown: its timeline is read first. */
  otherDay: number[];
  sameDay: number[];
}

async function firstPictures(gateway: GatewayProcess, history: LongHistory): Promise<Pictures> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_FLAGS });
  const random = seededRandom(Number(flags.seed));
  const anyTime = (fromMs: number, toMs: number): number =>
    Math.floor((fromMs + random() * (toMs - fromMs)) / 1_000) * 1_000;
  try {
    const url = `http://127.0.0.1:${gateway.port}`;
    const context = await browser.newContext({ viewport: { width: 1366, height: 768 } });
    await context.addCookies([{ name: 'session', value: history.session, url }]);
    const page = await context.newPage();
    await page.goto(`${url}/#/recordings`);
    await page.locator('.footage-choice').waitFor();
    const latestMs = history.toMs - 60_000;
    // The first makes the viewer a warm one: code loaded and compiled, decoder there, connections open.
    const coldMs = await pictureOf(page, history.cameraId, anyTime(history.fromMs, latestMs));
    const otherDay: number[] = [];
    const sameDay: number[] = [];
    for (let i = 0; i < Number(flags.tries); i++) {
      await sleep(BETWEEN_TRIES_MS);
      const atMs = anyTime(history.fromMs, latestMs);
      otherDay.push(await pictureOf(page, history.cameraId, atMs));
      await sleep(BETWEEN_TRIES_MS);
      const day = dayOf(atMs);
      let otherMs = atMs;
      while (otherMs === atMs || dayOf(otherMs) !== day) {
        otherMs = anyTime(
          Math.max(history.fromMs, atMs - 86_400_000),
          Math.min(latestMs, atMs + 86_400_000),
        );
      }
      sameDay.push(await pictureOf(page, history.cameraId, otherMs));
    }
    return { version: browser.version(), coldMs, otherDay, sameDay };
  } finally {
    await browser.close();
  }
}

/** From the choice of a moment until its picture is decoded and the page has drawn it, ms. */
async function pictureOf(page: Page, cameraId: string, atMs: number): Promise<number> {
  const hash = `#/recordings?cameras=${cameraId}&day=${dayOf(atMs)}&at=${new Date(atMs).toISOString()}`;
  return page.evaluate<number>(`new Promise((resolve, reject) => {
    const begun = performance.now();
    window.location.hash = ${JSON.stringify(hash)};
    const look = () => {
      const elapsed = performance.now() - begun;
      const figure = document.querySelector('.footage-picture');
      const clock = document.querySelector('.footage-clock')?.textContent ?? '';
      const video = figure?.querySelector('video');
      const shown = figure?.dataset.view === 'picture' && clock.startsWith(${JSON.stringify(clockTime(atMs))})
        && video.readyState >= 2 && !video.seeking && video.videoWidth > 0;
      if (shown) requestAnimationFrame(() => resolve(performance.now() - begun));
      else if (elapsed > ${PATIENCE_MS}) reject(new Error('no picture: ' + clock + ' ' + figure?.dataset.view));
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  })`);
}

interface Downloads {
  /** Of the gateway, at most since its start, MB. */
  residentMegabytes: number;
  bytes: number;
  /** MB/s, a round each. */
  clip: number[];
  copy: number[];
}

/** The clip through the gateway, and its objects straight from the store, each into files, in turns. */
async function downloadsBesideCopies(
  gateway: GatewayProcess,
  store: ObjectStore,
  history: LongHistory,
): Promise<Downloads> {
  const fromMs = history.toMs - SLOT_MS + 60_000;
  const toMs = fromMs + CLIP_MS;
  const answer = await gateway.http.post(`/api/v1/cameras/${history.cameraId}/clips`, {
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
  });
  const { files } = JSON.parse(answer.body.toString('utf8')) as { files: { url: string }[] };
  const [file] = files;
  if (files.length !== 1 || file === undefined) throw new Error(answer.body.toString('utf8'));
  const objects = history.recordings.filter(
    ({ startMs, endMs }) => startMs < toMs && endMs > fromMs,
  );
  const folder = mkdtempSync(join(tmpdir(), 'bench-copies-'));
  const clip: number[] = [];
  const copy: number[] = [];
  let bytes = 0;
  // The first of each makes it warm.
  for (let round = 0; round <= ROUNDS; round++) {
    const copied = await timed(async () => {
      let sum = 0;
      for (const { id, objectKey, versionId, byteLength } of objects) {
        const object = { key: objectKey, versionId };
        const stream = await store.read(object, { start: 0, end: byteLength });
        await pipeline(stream, createWriteStream(join(folder, `${id}.mp4`)));
        sum += byteLength;
      }
      return sum;
    });
    const downloaded = await timed(() =>
      download(gateway.port, file.url, join(folder, 'clip.mp4')),
    );
    bytes = downloaded.bytes;
    if (round === 0) continue;
    copy.push(copied.megabytesPerSecond);
    clip.push(downloaded.megabytesPerSecond);
  }
  rmSync(folder, { recursive: true });
  return { residentMegabytes: mostResident(gateway.pid), bytes, clip, copy };
}

async function timed(
  move: () => Promise<number>,
): Promise<{ bytes: number; megabytesPerSecond: number }> {
  const begun = performance.now();
  const bytes = await move();
  return { bytes, megabytesPerSecond: bytes / 1_000 / (performance.now() - begun) };
}

/** Linux: VmHWM. */
function mostResident(pid: number): number {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1_000;
}

async function download(port: number, path: string, to: string): Promise<number> {
  const [response] = (await once(get({ host: '127.0.0.1', port, path }), 'response')) as [
    IncomingMessage,
  ];
  if (response.statusCode !== 200) throw new Error(`${path}: ${response.statusCode}`);
  await pipeline(response, createWriteStream(to));
  return Number(response.headers['content-length']);
}

function tables(history: LongHistory, pictures: Pictures, downloads: Downloads): string {
  const worst = quantile([...pictures.otherDay, ...pictures.sameDay], 1);
  const ratio = quantile(downloads.clip, 0.5) / quantile(downloads.copy, 0.5);
  return [
    `${history.rows.toLocaleString('en')} recordings of ${DAYS} days of one camera, 1080p25 at 2 Mbit/s, in SQLite and MinIO; half an hour of them is really there and ` +
      `stands for all the others (so MinIO has them in memory). Chromium ${pictures.version}, ${pictures.otherDay.length} random times each by a warm viewer; ms from the choice to the ` +
      `picture on the page. The first of all, cold: ${rounded(pictures.coldMs)} ms.`,
    markdownTable(
      ['first picture', 'median', 'worst'],
      [
        row('at a time of another day', pictures.otherDay),
        row('at another time of the day', pictures.sameDay),
      ],
    ),
    `A clip of ${CLIP_MS / 60_000} minutes, ${rounded(downloads.bytes / 1e6)} MB, downloaded by its link into a file, and its objects copied from MinIO into files by the same client as the gateway's, one after the ` +
      `other; in turns, ${ROUNDS} each; MB/s. The gateway had ${rounded(downloads.residentMegabytes)} MB resident at most.`,
    markdownTable(
      ['', 'median', 'slowest', 'fastest'],
      (
        [
          ['clip through the gateway', downloads.clip],
          ['copy of the objects', downloads.copy],
        ] as const
      ).map(([name, values]) => [
        name,
        rounded(quantile(values, 0.5)),
        rounded(Math.min(...values)),
        rounded(Math.max(...values)),
      ]),
    ),
    markdownTable(
      ['limit', 'seen', ''],
      [
        [
          `first picture ≤ ${FIRST_PICTURE_LIMIT_MS} ms, every try`,
          `${rounded(worst)} ms`,
          verdict(worst <= FIRST_PICTURE_LIMIT_MS),
        ],
        [
          `download ≥ ${DOWNLOAD_LIMIT} × the copy`,
          `${rounded(ratio, 2)} ×`,
          verdict(ratio >= DOWNLOAD_LIMIT),
        ],
      ],
    ),
  ].join('\n\n');
}

function row(name: string, values: readonly number[]): string[] {
  return [name, rounded(quantile(values, 0.5)), rounded(quantile(values, 1))];
}

function verdict(held: boolean): string {
  return held ? 'held' : '**NOT HELD**';
}
