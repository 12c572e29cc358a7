/** A real MinIO whose disk is full: what it says, and what becomes of recordings meanwhile. */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openDatabases } from '#registry/database/open-databases.ts';
import { spoolPath } from '#storage/catalogue/object-key.ts';
import { openCatalogue } from '#storage/catalogue/open-catalogue.ts';
import { insertOpened, markSpooled, recordingsBetween } from '#storage/catalogue/recordings.ts';
import type { Catalogue } from '#storage/catalogue/tables.ts';
import {
  ObjectStoreFull,
  ObjectStoreUnavailable,
  type ObjectStore,
  type StoredObject,
} from '#storage/objects/object-store.ts';
import { openS3Store } from '#storage/objects/s3.ts';
import { RecorderFaults, storageNotices } from '#storage/storage-notices.ts';
import { Uploader } from '#storage/uploader.ts';
import { MINIO_KEYS, minioMissing, startMinio, type MinioServer } from './minio-server.ts';
import { CAMERA, finished, MINUTE, newId, opened, T0 } from './recorded-minutes.ts';
import { CONTAINER_START_MS } from './container-start.ts';

const DISK_BYTES = 48 * 1024 * 1024;
const OBJECT_BYTES = 2 * 1024 * 1024;
const SIDE_BY_SIDE = 8;
const RECORDINGS = 6;
/** A busy MinIO takes its time to clear away what was deleted. */
const ROOM_MS = 60_000;
const TEST_MS = 90_000;
const BOUNDS = { maxBytes: 100 * OBJECT_BYTES, maxAgeMs: 3_600_000 };

function fileAt(path: string): { path: string; byteLength: number; sha256: string } {
  const bytes = randomBytes(OBJECT_BYTES);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { path, byteLength: bytes.length, sha256 };
}

/** A minute each, on the disk; returns their paths, oldest first. */
async function spooled(catalogue: Catalogue, spoolFolder: string): Promise<string[]> {
  const paths: string[] = [];
  for (let minute = 0; minute < RECORDINGS; minute++) {
    const recording = opened(T0 + minute * MINUTE);
    const path = join(spoolFolder, spoolPath(recording));
    const { byteLength, sha256 } = fileAt(path);
    const whole = finished(recording, T0 + (minute + 1) * MINUTE);
    await insertOpened(catalogue, [recording]);
    await markSpooled(catalogue, [{ ...whole, byteLength, sha256 }]);
    paths.push(path);
  }
  return paths;
}

const missing = minioMissing();
describe.skipIf(missing !== undefined)(missing ?? 'a MinIO that is full', () => {
  let folder: string;
  let minio: MinioServer;
  let store: ObjectStore;
  const fillers: StoredObject[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'full-minio-'));
    minio = await startMinio({ dataBytes: DISK_BYTES });
    store = await openS3Store({ endpoint: minio.endpoint, bucket: 'full', ...MINIO_KEYS });
  }, CONTAINER_START_MS);
  afterAll(async () => {
    store?.close();
    await minio?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('says so to puts that come side by side; what it took is whole', async () => {
    const file = fileAt(join(folder, 'filler.mp4'));
    const refused: unknown[] = [];
    for (let round = 0; refused.length === 0; round++) {
      expect(round).toBeLessThan(DISK_BYTES / OBJECT_BYTES);
      const puts = Array.from({ length: SIDE_BY_SIDE }, (_, i) =>
        store.put(`filler/${round}-${i}.mp4`, file),
      );
      for (const put of await Promise.allSettled(puts)) {
        if (put.status === 'fulfilled') fillers.push(put.value);
        else refused.push(put.reason);
      }
    }
    // Those under way when the room ended get a 500, which may pass; once it has looked at its disk it says why.
    for (const reason of refused) {
      expect([ObjectStoreFull, ObjectStoreUnavailable]).toContain((reason as Error).constructor);
    }
    await vi.waitFor(
      async () => expect(store.put('filler/more.mp4', file)).rejects.toThrow(ObjectStoreFull),
      { interval: 100 },
    );
    expect(fillers.length).toBeGreaterThan(SIDE_BY_SIDE);
    for (const object of fillers) {
      const bytes = await buffer(await store.read(object, { start: 0, end: OBJECT_BYTES }));
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(file.sha256);
    }
  });

  test(
    'recordings wait in the spool, an operator is told, and they go once there is room',
    { timeout: TEST_MS },
    async () => {
      const databases = openDatabases({ dataDir: join(folder, 'data') });
      const catalogue = await openCatalogue(databases);
      const spoolFolder = join(folder, 'spool');
      const paths = await spooled(catalogue, spoolFolder);
      const put: string[] = [];
      const rests: number[] = [];
      const { promise: rested, resolve: restedFour } = Promise.withResolvers<void>();
      let nowMs = T0 + RECORDINGS * MINUTE;
      const uploader = new Uploader({
        catalogue,
        store: {
          ...store,
          async put(key, file) {
            const object = await store.put(key, file);
            put.push(file.path);
            return object;
          },
        },
        spoolFolder,
        newId,
        log: () => {},
        bounds: BOUNDS,
        now: () => nowMs,
        rest: async (ms) => {
          nowMs += ms;
          if (rests.push(ms) === 4) restedFour();
          // MinIO makes room behind its answer to a deletion.
          await new Promise((resolve) => setTimeout(resolve, 250));
        },
      });
      try {
        uploader.start();
        await rested;
        expect(rests.slice(0, 4)).toEqual([1_000, 2_000, 4_000, 8_000]);
        const { use, away, droppedMs } = uploader;
        expect(away?.error).toBeInstanceOf(ObjectStoreFull);
        const faults = new RecorderFaults();
        expect(
          storageNotices(
            {
              use,
              away,
              droppedMs,
              deletionBehindMs: undefined,
              deletionRefusedMs: undefined,
              elsewhereMs: undefined,
              left: undefined,
              otherSpools: [],
              faults,
            },
            BOUNDS,
            nowMs,
          ),
        ).toMatchObject([{ code: 'store-full' }]);
        expect([put, paths.filter((path) => existsSync(path))]).toEqual([[], paths]);

        for (const object of fillers) await store.delete(object);
        await vi.waitFor(() => expect(put).toHaveLength(RECORDINGS), { timeout: ROOM_MS });
        await vi.waitFor(() => expect(uploader.away).toBeUndefined());
        await uploader.stop();
        expect(put.toSorted()).toEqual(paths.toSorted());
        expect(paths.filter((path) => existsSync(path))).toEqual([]);
        const kept = await recordingsBetween(catalogue, CAMERA, T0, T0 + RECORDINGS * MINUTE);
        expect(kept).toHaveLength(RECORDINGS);
        expect(kept.filter(({ state }) => state !== 'stored')).toEqual([]);
        for (const { objectKey: key, versionId, byteLength } of kept) {
          expect(await store.stat({ key, versionId })).toMatchObject({ byteLength });
        }
      } finally {
        await uploader.stop();
        await databases.close();
      }
    },
  );
});
