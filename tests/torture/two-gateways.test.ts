/** Two gateways on one PostgreSQL and one MinIO: each is killed in its turn while it records, and no minute is lost or recorded twice. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { PostgreSqlContainer } from '@testcontainers/postgresql';
import { expect, test, vi } from 'vitest';
import { openDatabases } from '#registry/database/open-databases.ts';
import { openCatalogue } from '#storage/catalogue/open-catalogue.ts';
import { recordingsBetween } from '#storage/catalogue/recordings.ts';
import { openS3Store } from '#storage/objects/s3.ts';
import { OpenRecordings } from '#storage/open-recordings.ts';
import { timeline } from '#storage/timeline.ts';
import { MINIO_KEYS, minioMissing, startMinio } from '../contracts/minio-server.ts';
import {
  spoolFiles,
  startKilledGateway,
  type KilledGateway,
} from '../end-to-end/killed-gateway.ts';
import { startSimulator } from '../simulator/rtsp-server.ts';

const BUCKET = 'recordings';
const TURNS = 3;
/** So much is recorded in each turn, and how long a turn may take to pass: connections, the turn itself, the first picture. */
const RECORDS_FOR_MS = 8_000;
const RECORDS_MS = 90_000;
const STORED_MS = 60_000;
/** Of a part that was being written, on a machine that others use too. */
const LOST_MS = 8_000;

const missing = minioMissing();

test.skipIf(missing !== undefined)(
  `the turn of recording passes when its gateway is killed${missing === undefined ? '' : ` (${missing})`}`,
  { timeout: 15 * 60_000 },
  async () => {
    process.env['TESTCONTAINERS_RYUK_DISABLED'] ??= 'true';
    const folders = ['one', 'other'].map((name) => mkdtempSync(join(tmpdir(), `${name}-`)));
    const [postgres, minio, simulator] = await Promise.all([
      // It is not the one that is killed.
      new PostgreSqlContainer('postgres:15')
        .withCommand(['postgres', '-c', 'fsync=off', '-c', 'synchronous_commit=off'])
        .start(),
      startMinio(),
      startSimulator({ cameras: { both: { clip: 'small' } } }),
    ]);
    const databaseUrl = postgres.getConnectionUri();
    // One for both, as it has to be.
    const secretKeyFile = join(folders[0] ?? '', 'shared.key');
    writeFileSync(secretKeyFile, randomBytes(32).toString('base64'), { mode: 0o600 });
    const environment = {
      DATABASE_URL: databaseUrl,
      S3_ENDPOINT: minio.endpoint,
      S3_BUCKET: BUCKET,
      S3_ACCESS_KEY: MINIO_KEYS.accessKey,
      S3_SECRET_KEY: MINIO_KEYS.secretKey,
      SECRET_KEY_FILE: secretKeyFile,
    };
    const start = async (which: number): Promise<KilledGateway> =>
      startKilledGateway(folders[which] ?? '', environment);
    const running: KilledGateway[] = [];
    try {
      running.push(await start(0));
      const cameraId = (await running[0]?.addCamera(simulator.url('both'))) ?? '';
      running.push(await start(1));
      const kills: { atMs: number; toldMs: number }[] = [];
      for (let turn = 0; turn < TURNS; turn++) {
        const which = turn % 2;
        const records = running[which] as KilledGateway;
        const begunMs = kills.at(-1)?.atMs ?? records.startedMs;
        await until(records, cameraId, begunMs + RECORDS_FOR_MS);
        const toldMs = await records.recordedTo(cameraId);
        kills.push({ toldMs, atMs: await records.kill() });
        const next = running[1 - which] as KilledGateway;
        await until(next, cameraId, kills.at(-1)?.atMs ?? 0);
        // It serves again, and puts what it recorded; its turn comes when the other one ends.
        running[which] = await start(which);
      }
      await simulator.setListening(false);
      for (const gateway of running.splice(0)) await gateway.stop();
      // What was whole when the last one stopped is put by the next.
      for (const which of [0, 1]) running.push(await start(which));
      for (const folder of folders) {
        await vi.waitFor(() => expect(spoolFiles(folder)).toEqual([]), { timeout: STORED_MS });
      }
      for (const gateway of running.splice(0)) await gateway.stop();
      await looked(cameraId, kills);
    } finally {
      for (const gateway of running) await gateway.kill();
      await simulator.close();
      await Promise.all([postgres.stop(), minio.stop()]);
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    }

    async function looked(
      cameraId: string,
      kills: readonly { atMs: number; toldMs: number }[],
    ): Promise<void> {
      const databases = openDatabases({ dataDir: folders[0] ?? '', databaseUrl });
      const store = await openS3Store({ endpoint: minio.endpoint, bucket: BUCKET, ...MINIO_KEYS });
      try {
        const catalogue = await openCatalogue(databases);
        const nowMs = Date.now();
        const recordings = await recordingsBetween(catalogue, cameraId, nowMs - 3_600_000, nowMs);
        let endMs = 0;
        for (const recording of recordings) {
          // Each time once.
          expect(recording.startMs).toBeGreaterThanOrEqual(endMs - 1);
          ({ endMs } = recording);
          expect(recording.state).toBe('stored');
          const object = { key: recording.objectKey, versionId: recording.versionId };
          const bytes = await buffer(
            await store.read(object, { start: 0, end: recording.byteLength }),
          );
          expect(createHash('sha256').update(bytes).digest('hex')).toBe(recording.sha256);
        }
        let objects = 0;
        for await (const _ of store.list(`${cameraId}/`)) objects++;
        expect(objects).toBe(recordings.length);
        const lostMs = kills.map(({ atMs, toldMs }) => {
          const before = recordings.filter(({ startMs }) => startMs < atMs).at(-1);
          // All that was told of as recorded is there.
          expect(before?.endMs ?? 0).toBeGreaterThanOrEqual(toldMs);
          return atMs - (before?.endMs ?? 0);
        });
        expect(Math.max(...lostMs)).toBeLessThan(LOST_MS);
        const range = { fromMs: recordings[0]?.startMs ?? 0, toMs: endMs };
        const { spans, gaps } = await timeline(catalogue, new OpenRecordings(), cameraId, range);
        // Whatever is missing is missing for want of a gateway.
        expect(new Set(gaps.map(({ cause }) => cause))).toEqual(new Set(['gateway']));
        expect(sum(spans) + sum(gaps)).toBe(range.toMs - range.fromMs);
        console.log(
          `${kills.length} turns; footage ends ${lostMs.map(Math.round).join(', ')} ms before each kill; ` +
            `${Math.round(sum(spans) / 1_000)} s recorded in ${recordings.length} files, gaps of ${gaps.map((gap) => Math.round(gap.endMs - gap.startMs)).join(', ')} ms (${[...new Set(gaps.map(({ detail }) => detail))].join(', ')})`,
        );
      } finally {
        store.close();
        await databases.close();
      }
    }
  },
);

async function until(gateway: KilledGateway, cameraId: string, ms: number): Promise<void> {
  await vi.waitFor(async () => expect(await gateway.recordedTo(cameraId)).toBeGreaterThan(ms), {
    timeout: RECORDS_MS,
    interval: 200,
  });
}

/** Of ranges, ms. */
function sum(of: readonly { startMs: number; endMs: number }[]): number {
  return of.reduce((total, { startMs, endMs }) => total + endMs - startMs, 0);
}
