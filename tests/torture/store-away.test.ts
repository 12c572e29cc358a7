/**
 * Ten minutes in which a real MinIO is not there while a hundred cameras are recorded: an operator is told, nothing is
 * lost, and what waited goes into the store in the order in which it was recorded.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from 'minio';
import { describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { openDatabases } from '#registry/database/open-databases.ts';
import { openCatalogue } from '#storage/catalogue/open-catalogue.ts';
import { MINIO_KEYS, minioMissing, startMinio } from '../contracts/minio-server.ts';
import { startKilledGateway, type KilledGateway } from '../end-to-end/killed-gateway.ts';
import { startSimulator } from '../simulator/rtsp-server.ts';

const CAMERAS = Number(process.env['STORE_AWAY_CAMERAS'] ?? 100);
const AWAY_MS = Number(process.env['STORE_AWAY_MS'] ?? 10 * 60_000);
/** Every camera has put a recording by then. */
const BEFORE_MS = 90_000;
const BUCKET = 'recordings';
/** Told after a minute without it, and looked at every second. */
const TOLD_MS = 90_000;
const CATCH_UP_MS = 5 * 60_000;
/** The uploader puts so many side by side (uploader.ts): so far apart may their order be. */
const SIDE_BY_SIDE = 8;
const COMMANDS = new URL('../../gateway/keeping-commands.ts', import.meta.url).pathname;

const missing = minioMissing();
describe.skipIf(missing !== undefined)(missing ?? 'a real MinIO', () => {
  test(`is away for ${AWAY_MS / 1000} s while ${CAMERAS} cameras are recorded`, async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'store-away-'));
    const minio = await startMinio();
    const simulator = await startSimulator({
      cameras: Object.fromEntries(names.map((name) => [name, { clip: 'small' as const }])),
    });
    const environment = {
      S3_ENDPOINT: minio.endpoint,
      S3_BUCKET: BUCKET,
      S3_ACCESS_KEY: MINIO_KEYS.accessKey,
      S3_SECRET_KEY: MINIO_KEYS.secretKey,
    };
    let gateway: KilledGateway | undefined;
    try {
      gateway = await startKilledGateway(dataDir, environment);
      const running = gateway;
      const ids: string[] = [];
      for (const name of names) ids.push(await running.addCamera(simulator.url(name)));
      await wait(BEFORE_MS);
      expect(await noticeCodes(running)).toEqual([]);
      const before = await metricsOf(running);
      expect(before.stored).toBeGreaterThanOrEqual(CAMERAS);

      const awayMs = Date.now();
      minio.kill();
      await vi.waitFor(async () => expect(await noticeCodes(running)).toContain('store-away'), {
        timeout: TOLD_MS,
        interval: 1_000,
      });
      const toldMs = Date.now();
      await wait(awayMs + AWAY_MS - Date.now());
      const waiting = await metricsOf(running);
      const backMs = Date.now();
      minio.start();
      await vi.waitFor(
        async () => {
          const { spooled, oldestSeconds } = await metricsOf(running);
          expect(await noticeCodes(running)).toEqual([]);
          // What is whole goes at once; what is left was not whole yet.
          expect(spooled === 0 || oldestSeconds < 75).toBe(true);
        },
        { timeout: CATCH_UP_MS, interval: 500 },
      );
      const caughtUpMs = Date.now();
      await wait(5_000);
      const { dropped } = await metricsOf(running);
      expect(dropped).toBe(0);

      const unbroken: string[] = [];
      for (const id of ids) {
        const { spans, gaps } = await timelineOf(running, id, awayMs - BEFORE_MS, caughtUpMs);
        const first = spans[0];
        const broken = gaps.filter(({ from }) => first !== undefined && from > first.from);
        if (first !== undefined && broken.length === 0) unbroken.push(id);
      }
      expect(unbroken).toEqual(ids);
      // Every byte that is kept is read, and hashed again.
      const command = [COMMANDS, 'reconcile', '--deep'];
      const { stdout } = await promisify(execFile)(process.execPath, command, {
        env: { PATH: process.env['PATH'], DATA_DIR: dataDir, ...environment },
      });
      console.log(stdout);
      expect(stdout).toContain('catalogue, store and spool agree');

      await running.stop();
      gateway = undefined;
      const late = await putOrder({ dataDir, endpoint: minio.endpoint, backMs });
      const outOfOrder = misplaced(late.map(({ startMs }) => startMs));
      console.log({
        cameras: CAMERAS,
        awaySeconds: Math.round((backMs - awayMs) / 1000),
        toldAfterSeconds: Math.round((toldMs - awayMs) / 1000),
        waitedForStore: waiting.spooled,
        waitedMegabytes: Math.round(waiting.spoolBytes / 1e6),
        failedRounds: waiting.failures - before.failures,
        caughtUpAfterSeconds: Math.round((caughtUpMs - backMs) / 1000),
        ofThoseThatWaited: late.length,
        outOfOrder: outOfOrder.length,
      });
      expect(late.length).toBeGreaterThanOrEqual(waiting.spooled);
      expect(outOfOrder).toEqual([]);
    } catch (error) {
      console.log(gateway?.said.join('\n'));
      throw error;
    } finally {
      await gateway?.stop();
      await simulator.close();
      await minio.stop();
      rmSync(dataDir, { recursive: true, force: true });
    }
  });
});

const names = Array.from({ length: CAMERAS }, (_, i) => `camera-${i}`);

async function ask(gateway: KilledGateway, path: string): Promise<Response> {
  const reply = await fetch(`${gateway.url}${path}`, {
    headers: { authorization: gateway.authorization },
  });
  expect(reply.status).toBe(200);
  return reply;
}

async function noticeCodes(gateway: KilledGateway): Promise<string[]> {
  const ready = z.object({ notices: z.array(z.object({ code: z.string() })).default([]) });
  const { notices } = ready.parse(await (await ask(gateway, '/readyz')).json());
  return notices.map(({ code }) => code);
}

async function metricsOf(gateway: KilledGateway) {
  const text = await (await ask(gateway, '/metrics')).text();
  const value = (name: string): number => Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]);
  return {
    stored: value('cctv_recordings_stored_total'),
    failures: value('cctv_object_store_failures_total'),
    dropped: value('cctv_recordings_dropped_total'),
    spooled: value('cctv_spool_recordings'),
    spoolBytes: value('cctv_spool_bytes'),
    oldestSeconds: value('cctv_spool_oldest_seconds'),
  };
}

async function timelineOf(gateway: KilledGateway, id: string, fromMs: number, toMs: number) {
  const query = new URLSearchParams({
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
  });
  const piece = z.object({ from: z.string(), to: z.string() });
  return z
    .object({ spans: z.array(piece), gaps: z.array(piece.extend({ cause: z.string() })) })
    .parse(await (await ask(gateway, `/api/v1/cameras/${id}/timeline?${query.toString()}`)).json());
}

/** Recordings that were whole before the store came back, in the order in which it took them. */
async function putOrder(of: {
  dataDir: string;
  endpoint: string;
  backMs: number;
}): Promise<{ startMs: number }[]> {
  const url = new URL(of.endpoint);
  const client = new Client({
    endPoint: url.hostname,
    port: Number(url.port),
    useSSL: false,
    ...MINIO_KEYS,
  });
  const takenMs = new Map<string, number>();
  for await (const { name, lastModified } of client.listObjects(BUCKET, '', true)) {
    if (name !== undefined) takenMs.set(name, lastModified?.getTime() ?? 0);
  }
  const databases = openDatabases({ dataDir: of.dataDir });
  try {
    const rows = await (
      await openCatalogue(databases)
    )
      .selectFrom('recordings')
      .select(['object_key', 'start_ms', 'end_ms'])
      .where('end_ms', '<', of.backMs)
      .execute();
    return rows
      .map((row) => ({ startMs: row.start_ms, atMs: takenMs.get(row.object_key) ?? 0 }))
      .filter(({ atMs }) => atMs >= of.backMs)
      .toSorted((one, other) => one.atMs - other.atMs);
  } finally {
    await databases.close();
  }
}

/** Those further from their place than puts side by side can bring them. Some begin at the same ms. */
function misplaced(startsMs: readonly number[]): number[] {
  const inOrder = startsMs.toSorted((a, b) => a - b);
  return startsMs.filter((startMs, at) => {
    const earliest = inOrder[Math.max(0, at - SIDE_BY_SIDE + 1)] ?? 0;
    const latest = inOrder[Math.min(inOrder.length - 1, at + SIDE_BY_SIDE - 1)] ?? 0;
    return startMs < earliest || startMs > latest;
  });
}
