/** A hold on a real MinIO: the store itself refuses the version that is held, until the hold is released. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDatabases } from '#registry/database/open-databases.ts';
import { openCatalogue } from '#storage/catalogue/open-catalogue.ts';
import { insertOpened, markSpooled, markStored } from '#storage/catalogue/recordings.ts';
import { objectKey } from '#storage/catalogue/object-key.ts';
import { LegalHolds } from '#storage/legal-hold.ts';
import { openS3Store } from '#storage/objects/s3.ts';
import { sweep } from '#storage/retention.ts';
import { MINIO_KEYS, minioMissing, startMinio } from './minio-server.ts';
import { CAMERA, finished, MINUTE, newId, opened, T0 } from './recorded-minutes.ts';

const DAY = 86_400_000;
const log = (): void => {};
const missing = minioMissing();

test.skipIf(missing !== undefined)(
  `the bucket refuses to delete what is held${missing === undefined ? '' : ` (${missing})`}`,
  { timeout: 60_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'held-'));
    const databases = openDatabases({ dataDir: folder });
    const minio = await startMinio();
    const { endpoint } = minio;
    const store = await openS3Store({ endpoint, bucket: 'held', ...MINIO_KEYS });
    try {
      const catalogue = await openCatalogue(databases);
      const recording = opened(T0);
      const bytes = Buffer.from('a minute of pictures');
      const path = join(folder, 'minute.mp4');
      writeFileSync(path, bytes);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      await insertOpened(catalogue, [recording]);
      const whole = { ...finished(recording, T0 + MINUTE), byteLength: bytes.length, sha256 };
      await markSpooled(catalogue, [whole]);
      const key = objectKey(recording);
      const object = await store.put(key, { path, byteLength: bytes.length, sha256 });
      expect(object.versionId).not.toBeNull();
      const { recordingId: id, startMs } = recording;
      await markStored(catalogue, [{ id, startMs, versionId: object.versionId }]);

      const now = (): number => T0 + 40 * DAY;
      const holds = new LegalHolds({ catalogue, store, newId, now, log });
      const [hold] = await holds.place({
        cameraIds: [CAMERA],
        fromMs: T0,
        toMs: T0 + 1,
        reason: 'คดี',
        by: { id: 'one', name: 'one' },
      });
      await holds.tellStore();
      expect(await holds.get(hold?.id ?? '')).toMatchObject({ recordings: 1, guarded: 1 });
      // By whoever has the store's keys, behind the catalogue's back.
      await expect(store.delete(object)).rejects.toMatchObject({ code: 'object_held' });
      const due = [{ cameraId: CAMERA, retentionDays: 30 }];
      expect(await sweep({ catalogue, store, now, log }, due)).toBe(0);

      await holds.release(hold?.id ?? '', { by: { id: 'two', name: 'two' }, reason: 'จบ' });
      await holds.tellStore();
      expect(await sweep({ catalogue, store, now, log }, due)).toBe(1);
      await expect(store.stat(object)).rejects.toMatchObject({ code: 'object_missing' });
      await holds.stop();
    } finally {
      store.close();
      await minio.stop();
      await databases.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
