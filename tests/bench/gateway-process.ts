/**
 * The gateway under test, on SUBJECT_CORE, in a folder of its own, with N cameras of the feeder.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type * as z from 'zod';
import type { newCamera } from '#registry/camera.ts';
import { startChild } from './children.ts';
import { BENCH_FOLDER } from './compile.ts';
import { SUBJECT_CORE, type EITHER_CORE } from './cores.ts';
import { httpClient, type HttpClient } from './http-client.ts';
import { parseSamples, total, type Samples } from './prometheus-text.ts';

const READY_PATIENCE_MS = 30_000;
const REGISTER_AT_A_TIME = 8;
/** Minutes' ends that a registration waits for: 8 at a time meet the same end. */
const MOST_WAITS = 5;
/** Of an administrator of the gateway under test. */
export const BENCH_TOKEN = 'bench-0123456789-0123456789-0123456789';
/** The gateway may connect its cameras at a measured pace. */
const UP_PATIENCE_MS = 30_000;
const UP_PATIENCE_PER_CAMERA_MS = 60;
const LOOK_MS = 250;

export interface GatewayProcess {
  pid: number;
  /** Its data folder; removed when it is stopped. */
  folder: string;
  port: number;
  http: HttpClient;
  metrics: () => Promise<Samples>;
  /** Registers these stream addresses as cameras and waits until all are up. Returns their ids. */
  addCameras: (urls: readonly string[], transport?: 'tcp' | 'udp') => Promise<string[]>;
  lastWords: () => string;
  stop: () => Promise<void>;
}

export async function startGateway(options: {
  workers: number;
  /** Cores it may use. Default SUBJECT_CORE. */
  core?: number | typeof EITHER_CORE;
  /** What it finds at its start; stays when it stops. Default: an empty one, which goes with it. */
  dataDir?: string;
  /** Whether its cameras are recorded. Default: no. */
  record?: boolean;
  environment?: Readonly<Record<string, string>>;
}): Promise<GatewayProcess> {
  const folder = options.dataDir ?? mkdtempSync(join(tmpdir(), 'bench-gateway-'));
  const port = await freePort();
  const child = startChild({
    command: process.execPath,
    args: [process.env['BENCH_GATEWAY'] ?? join(BENCH_FOLDER, '../../gateway/main.ts')],
    core: options.core ?? SUBJECT_CORE,
    output: 'words',
    env: {
      PATH: process.env['PATH'],
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      PORT: String(port),
      DATA_DIR: folder,
      CAMERA_NETWORKS: '127.0.0.0/8',
      WORKERS: String(options.workers),
      LOG_LEVEL: 'warn',
      ADMIN_TOKEN: BENCH_TOKEN,
      ...options.environment,
    },
  });
  const http = httpClient(port, 64, BENCH_TOKEN);
  const metrics = async (): Promise<Samples> =>
    parseSamples((await http.get('/metrics')).body.toString('utf8'));
  const died = (): void => {
    if (child.ended()) throw new Error(`the gateway has died: ${child.lastWords()}`);
  };
  const remove = (): void => {
    if (options.dataDir === undefined) rmSync(folder, { recursive: true, force: true });
  };
  // A run that is cut short leaves no minutes of a thousand cameras behind: 15 GB each.
  process.once('exit', remove);
  const stop = async (): Promise<void> => {
    await child.stop();
    http.close();
    remove();
    process.removeListener('exit', remove);
  };
  try {
    await waitFor('the gateway is ready', READY_PATIENCE_MS, async () => {
      died();
      return (await http.get('/readyz').catch(() => undefined))?.status === 200;
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    pid: child.pid,
    folder,
    port,
    http,
    metrics,
    addCameras: async (urls, transport = 'tcp') => {
      const ids = await registerAll(http, urls, { transport, record: options.record === true });
      await waitFor(
        `${urls.length} cameras are up`,
        UP_PATIENCE_MS + urls.length * UP_PATIENCE_PER_CAMERA_MS,
        async () => {
          died();
          return total(await metrics(), 'cctv_cameras', { state: 'up' }) >= urls.length;
        },
      );
      return ids;
    },
    lastWords: child.lastWords,
    stop,
  };
}

async function registerAll(
  http: HttpClient,
  urls: readonly string[],
  stream: { transport: 'tcp' | 'udp'; record: boolean },
): Promise<string[]> {
  const ids: string[] = [];
  let next = 0;
  const register = async (): Promise<void> => {
    for (let index = next++; index < urls.length; index = next++) {
      const camera = benchCamera(index, urls[index] ?? '', stream);
      let answer = await http.post('/api/v1/cameras', camera);
      // One address may change only so much in a minute: more than that many cameras take a second minute.
      for (let wait = 0; answer.status === 429 && wait < MOST_WAITS; wait++) {
        await sleep((answer.retryAfterSeconds ?? 1) * 1000);
        answer = await http.post('/api/v1/cameras', camera);
      }
      const words = answer.body.toString('utf8');
      if (answer.status !== 201) throw new Error(`POST /api/v1/cameras: ${answer.status} ${words}`);
      ids[index] = (JSON.parse(words) as { id: string }).id;
    }
  };
  await Promise.all(Array.from({ length: REGISTER_AT_A_TIME }, register));
  return ids;
}

function benchCamera(
  index: number,
  url: string,
  { transport, record }: { transport: 'tcp' | 'udp'; record: boolean },
): z.input<typeof newCamera> {
  return {
    owningAgency: 'อบต.คลองยาง',
    position: `bench ${index}`,
    purposes: ['prevention'],
    linkedAgencies: [],
    linkNetwork: 'loopback',
    brand: 'bench',
    recordedResolution: '1920x1080',
    highestResolution: '1920x1080',
    retentionDays: 30,
    frameRate: 25,
    fileFormat: 'H.264',
    lao: { name: 'อบต.คลองยาง', district: 'เกาะลันตา', province: 'กระบี่' },
    budgetSource: 'อบต.คลองยาง',
    scope: 'public-area',
    declared: 'working',
    latitude: 7.6,
    longitude: 99.05,
    stream: {
      url,
      username: null,
      password: null,
      transport,
      sound: false,
      record,
    },
    // No site: the budgets per site are not what is measured.
    site: null,
  };
}

/** Throws when `holds` does not become true in time. */
async function waitFor(
  what: string,
  patienceMs: number,
  holds: () => Promise<boolean>,
): Promise<void> {
  const untilMs = performance.now() + patienceMs;
  while (!(await holds())) {
    if (performance.now() > untilMs) throw new Error(`not within ${patienceMs / 1000} s: ${what}`);
    await sleep(LOOK_MS);
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
