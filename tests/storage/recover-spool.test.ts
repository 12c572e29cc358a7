import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Databases } from '#registry/database/database.ts';
import { openDatabases } from '#registry/database/open-databases.ts';
import { noteDeletion } from '#storage/catalogue/deletion.ts';
import { accountedToMs, gapsBetween } from '#storage/catalogue/gaps.ts';
import { openCatalogue } from '#storage/catalogue/open-catalogue.ts';
import {
  fragmentIndexes,
  insertOpened,
  markStored,
  recordingById,
  recordingsIn,
} from '#storage/catalogue/recordings.ts';
import type { Catalogue } from '#storage/catalogue/tables.ts';
import { openFolderStore } from '#storage/objects/folder.ts';
import {
  ObjectCorrupt,
  ObjectMissing,
  ObjectStoreUnavailable,
  type ObjectStore,
} from '#storage/objects/object-store.ts';
import type { OpenedRecording } from '#storage/recorder-protocol.ts';
import { accountForRefused } from '#storage/spool/left-files.ts';
import { decodeFragments } from '#storage/spool/fragment-index.ts';
import { recoverSpool } from '#storage/spool/recover-spool.ts';
import { readRecording } from '#storage/spool/spool-reader.ts';
import { Uploader } from '#storage/uploader.ts';
import { RUN_START_MS } from '#tests/ingest/cut.ts';
import { leftBehind as leftByRecorder } from './left-behind.ts';

const CAMERA = '019e0000-0000-7000-8000-000000000001';
let folder: string;
let spool: string;
let databases: Databases;
let catalogue: Catalogue;
let ids = 0;
const newId = (): string => `019e0000-0000-7000-9000-${String(ids++).padStart(12, '0')}`;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'recover-'));
  spool = join(folder, 'spool');
  mkdirSync(join(spool, CAMERA), { recursive: true });
  databases = openDatabases({ dataDir: join(folder, 'data') });
  catalogue = await openCatalogue(databases);
});
afterEach(async () => {
  await databases.close();
  rmSync(folder, { recursive: true, force: true });
});

function leftBehind(): {
  head: OpenedRecording;
  path: string;
  initBytes: number;
  headLength: number;
} {
  const { path, opened } = leftByRecorder(spool, { recordingId: newId(), cameraId: CAMERA });
  return { head: opened, path, initBytes: opened.initBytes, headLength: opened.headBytes };
}

async function enter({ head }: ReturnType<typeof leftBehind>): Promise<void> {
  await insertOpened(catalogue, [head]);
}

describe('the spool of a process that died', () => {
  it('is finished: torn ends are cut, and the rows say what the files hold', async () => {
    const left = leftBehind();
    await enter(left);
    const whole = readFileSync(left.path);
    writeFileSync(
      left.path,
      Buffer.concat([whole, whole.subarray(left.headLength, left.headLength + 900)]),
    );
    expect(await recoverSpool(catalogue, spool)).toEqual({
      recovered: 1,
      tornBytes: 900,
      empty: 0,
      left: [],
    });
    expect(readFileSync(left.path).equals(whole)).toBe(true);
    const row = await recordingById(catalogue, left.head.recordingId);
    expect(row).toMatchObject({
      state: 'spooled',
      byteLength: whole.length,
      sha256: createHash('sha256').update(whole).digest('hex'),
      endReason: 'recovered',
    });
    expect(row?.endMs).toBe(RUN_START_MS + 2_000);
    expect(await recoverSpool(catalogue, spool)).toEqual({
      recovered: 0,
      tornBytes: 0,
      empty: 0,
      left: [],
    });
  });

  it('has a gap where pictures are missing within it, once, however often it is entered', async () => {
    const named = { recordingId: newId(), cameraId: CAMERA, setForwardMs: 7_000 };
    const { opened } = leftByRecorder(spool, named);
    for (let i = 0; i < 2; i++) {
      await recoverSpool(catalogue, spool);
      expect(await gapsBetween(catalogue, CAMERA, 0, RUN_START_MS * 2)).toEqual([
        {
          cameraId: CAMERA,
          startMs: RUN_START_MS + 1_000,
          endMs: RUN_START_MS + 8_000,
          cause: 'gateway',
          detail: 'clock-set',
          recordingId: opened.recordingId,
        },
      ]);
      await catalogue.deleteFrom('recordings').execute();
    }
  });

  it('enters files whose row was not written yet', async () => {
    const left = leftBehind();
    await recoverSpool(catalogue, spool);
    expect(await recordingById(catalogue, left.head.recordingId)).toMatchObject({
      cameraId: CAMERA,
      state: 'spooled',
      initBytes: left.initBytes,
    });
  });

  it('removes what holds no picture: heads alone, and rows without a file', async () => {
    const left = leftBehind();
    await enter(left);
    writeFileSync(left.path, readFileSync(left.path).subarray(0, left.headLength + 20));
    const lost = leftBehind();
    await enter(lost);
    rmSync(lost.path);
    expect(await recoverSpool(catalogue, spool)).toMatchObject({ recovered: 0, empty: 2 });
    expect(existsSync(left.path)).toBe(false);
    expect(await recordingsIn(catalogue, 'open', 10)).toEqual([]);
  });

  it('goes on where the catalogue does not take a file, which is kept, and entered when it is taken', async () => {
    const [first, second] = [leftBehind(), leftBehind()];
    await enter(first);
    const bytes = readFileSync(first.path);
    const { recordingId } = first.head;
    await sql`create trigger refuses before update on recordings when new.id = ${sql.lit(recordingId)}
      begin select raise(abort, 'not this one'); end`.execute(catalogue);
    for (let i = 0; i < 2; i++) {
      const found = await recoverSpool(catalogue, spool);
      await accountForRefused(catalogue, found.left, newId);
      expect(found).toMatchObject({
        recovered: i === 0 ? 1 : 0,
        left: [
          {
            recordingId,
            byteLength: bytes.length,
            why: {
              kind: 'refused',
              span: { startMs: RUN_START_MS, endMs: RUN_START_MS + 2_000 },
            },
          },
        ],
      });
    }
    expect(await recordingById(catalogue, recordingId)).toBeUndefined();
    expect(await recordingById(catalogue, second.head.recordingId)).toMatchObject({
      state: 'spooled',
    });
    expect(readFileSync(first.path).equals(bytes)).toBe(true);
    expect(await gapsBetween(catalogue, CAMERA, RUN_START_MS, RUN_START_MS + 1)).toMatchObject([
      { endMs: RUN_START_MS + 2_000, cause: 'storage', detail: 'spool-file-refused' },
    ]);
    // No gap of another cause lies over it.
    await catalogue.deleteFrom('recordings').execute();
    await enter(second);
    expect(await accountedToMs(catalogue, CAMERA)).toBe(RUN_START_MS + 2_000);
    await sql`drop trigger refuses`.execute(catalogue);
    expect(await recoverSpool(catalogue, spool)).toMatchObject({ recovered: 2, left: [] });
    expect(await gapsBetween(catalogue, CAMERA, RUN_START_MS, RUN_START_MS + 1)).toEqual([]);
  });

  it('a file that cannot be read, or removed, holds no other up', async () => {
    const [stored, unread, whole] = [leftBehind(), leftBehind(), leftBehind()];
    await recoverSpool(catalogue, spool, (id) => id !== stored.head.recordingId);
    const { recordingId: id, startMs } = stored.head;
    await markStored(catalogue, [{ id, startMs, versionId: null }]);
    for (const { path } of [stored, unread]) {
      rmSync(path);
      mkdirSync(path);
    }
    const why = { kind: 'refused', span: undefined };
    expect(await recoverSpool(catalogue, spool)).toMatchObject({
      recovered: 1,
      left: [stored, unread].map(({ head: { recordingId } }) => ({ recordingId, why })),
    });
    expect(await recordingById(catalogue, whole.head.recordingId)).toMatchObject({
      state: 'spooled',
    });
  });

  it('a file that is stored and removed while it looks at others is none that is left', async () => {
    const [first, stored, unknown] = [leftBehind(), leftBehind(), leftBehind()];
    await recoverSpool(catalogue, spool, (id) => id !== stored.head.recordingId);
    const { recordingId: id, startMs } = stored.head;
    await markStored(catalogue, [{ id, startMs, versionId: null }]);
    // Asked for each file, after they were listed.
    const beside = (): boolean => {
      for (const { path } of [stored, unknown]) rmSync(path, { force: true });
      return false;
    };
    expect(await recoverSpool(catalogue, spool, beside)).toMatchObject({ recovered: 1, left: [] });
    expect(await recordingById(catalogue, first.head.recordingId)).toMatchObject({
      state: 'spooled',
    });
    expect(await recordingById(catalogue, id)).toMatchObject({ state: 'stored' });
  });

  it('takes what was moved here from the spool of another gateway, if it is what that one had', async () => {
    const [whole, open, changed] = [leftBehind(), leftBehind(), leftBehind()];
    await recoverSpool(catalogue, spool, (id) => id === open.head.recordingId, 'there');
    await insertOpened(catalogue, [open.head], 'there');
    const away = leftBehind();
    await insertOpened(catalogue, [away.head], 'there');
    rmSync(away.path);
    writeFileSync(changed.path, readFileSync(changed.path).subarray(0, changed.headLength + 900));
    expect(await recoverSpool(catalogue, spool, () => false, 'here')).toMatchObject({
      recovered: 2,
      empty: 0,
      left: [{ recordingId: changed.head.recordingId, why: { kind: 'changed' } }],
    });
    const rows = await Promise.all(
      [whole, open, changed, away].map(async ({ head }) =>
        recordingById(catalogue, head.recordingId),
      ),
    );
    expect(rows.map((row) => [row?.state, row?.spoolId])).toEqual([
      ['spooled', 'here'],
      ['spooled', 'here'],
      ['spooled', 'there'],
      ['open', 'there'],
    ]);
  });

  it('what is damaged in the middle costs its pictures and no others: they are a gap of the storage, and the file is whole', async () => {
    const of = { recordingId: newId(), cameraId: CAMERA };
    const { path, opened } = leftByRecorder(spool, of, 3);
    await insertOpened(catalogue, [opened]);
    const whole = readRecording(path)?.fragments ?? [];
    const bytes = readFileSync(path);
    // A block that never reached the disk: the second fragment, whose pictures the next ones of its group need.
    const second = whole[1]?.offset ?? 0;
    writeFileSync(path, Buffer.from(bytes).fill(0, second, second + 2_000));
    expect(await recoverSpool(catalogue, spool)).toMatchObject({ recovered: 1, left: [] });
    const kept = whole.filter((_, i) => i === 0 || i >= 4);
    const read = readRecording(path);
    expect(read?.fragments.map(({ startMs }) => startMs)).toEqual(kept.map((f) => f.startMs));
    expect(read?.afterDamage.size).toBe(0);
    const row = await recordingById(catalogue, of.recordingId);
    expect(row).toMatchObject({ state: 'spooled', endMs: RUN_START_MS + 6_000 });
    expect(row?.byteLength).toBe(readFileSync(path).length);
    const indexes = await fragmentIndexes(catalogue, [
      { id: of.recordingId, startMs: RUN_START_MS },
    ]);
    expect(decodeFragments(indexes.get(of.recordingId) ?? Buffer.alloc(0))).toEqual(
      read?.fragments,
    );
    const lost = { startMs: RUN_START_MS + 500, endMs: RUN_START_MS + 2_000 };
    const why = { cause: 'storage', detail: 'spool-damaged' };
    expect(await gapsBetween(catalogue, CAMERA, 0, RUN_START_MS * 2)).toMatchObject([
      { ...lost, ...why },
    ]);
  });

  it('a hole in a recording that is recovered is a gap, and so is what was torn off before the next one', async () => {
    const of = { recordingId: newId(), cameraId: CAMERA };
    const { path } = leftByRecorder(spool, of, 3);
    const [first, ...others] = readRecording(path)?.fragments ?? [];
    const bytes = readFileSync(path);
    const later = others.filter(({ startMs }) => startMs >= RUN_START_MS + 2_000);
    const pieces = [first, ...later].flatMap((f) =>
      f === undefined ? [] : [bytes.subarray(f.offset, f.offset + f.byteLength)],
    );
    // Its camera gave no pictures between; and its last fragment is damaged.
    pieces.at(-1)?.fill(0);
    writeFileSync(path, Buffer.concat([bytes.subarray(0, first?.offset), ...pieces]));
    const nextMs = RUN_START_MS + 20_000;
    leftByRecorder(spool, { recordingId: newId(), cameraId: CAMERA, startMs: nextMs });
    for (let times = 0; times < 2; times++) await recoverSpool(catalogue, spool);
    const gaps = await gapsBetween(catalogue, CAMERA, 0, RUN_START_MS * 2);
    expect(gaps.map((gap) => [gap.startMs - RUN_START_MS, gap.endMs, gap.detail])).toEqual([
      [500, RUN_START_MS + 2_000, 'lost-pictures'],
      [5_500, nextMs, 'spool-damaged'],
    ]);
  });

  it('beside another recovery takes no row away whose file is there: the other may be about to make it whole', async () => {
    const [left, gone] = [leftBehind(), leftBehind()];
    for (const one of [left, gone]) await enter(one);
    rmSync(gone.path);
    // Their recorder dies after this one has passed over its files.
    let asked = 0;
    await recoverSpool(catalogue, spool, () => asked++ === 0);
    expect(await recordingById(catalogue, gone.head.recordingId)).toBeUndefined();
    // The other one is between its two writes.
    const { recordingId } = left.head;
    expect(await recordingById(catalogue, recordingId)).toMatchObject({ state: 'open' });
    await recoverSpool(catalogue, spool);
    expect(await recordingById(catalogue, recordingId)).toMatchObject({ state: 'spooled' });
  });

  it('leaves alone what a live recorder has open, and files that are not its own', async () => {
    const left = leftBehind();
    await enter(left);
    const stranger = join(spool, CAMERA, 'notes.txt');
    writeFileSync(stranger, 'x');
    await recoverSpool(catalogue, spool, (id) => id === left.head.recordingId);
    expect(await recordingById(catalogue, left.head.recordingId)).toMatchObject({ state: 'open' });
    expect(existsSync(stranger)).toBe(true);
  });
});

function uploaderTo(
  store: ObjectStore,
  more: Partial<ConstructorParameters<typeof Uploader>[0]> = {},
): { uploader: Uploader; logged: string[] } {
  const logged: string[] = [];
  const uploader = new Uploader({
    catalogue,
    store,
    spoolFolder: spool,
    newId,
    log: (event) => logged.push(event),
    bounds: { maxBytes: Number.POSITIVE_INFINITY, maxAgeMs: Number.POSITIVE_INFINITY },
    now: Date.now,
    ...more,
  });
  return { uploader, logged };
}

function flipLast(bytes: Buffer): Buffer {
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
  return bytes;
}

async function rest(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

async function arrivedChanged(key: string): Promise<never> {
  throw new ObjectCorrupt(key);
}

describe('putting recordings into the store', () => {
  it('stores what is spooled and empties the spool', async () => {
    const left = leftBehind();
    const bytes = readFileSync(left.path);
    await recoverSpool(catalogue, spool);
    const root = join(folder, 'objects');
    const { uploader } = uploaderTo(openFolderStore(root));
    uploader.start();
    await vi.waitFor(async () =>
      expect(await recordingById(catalogue, left.head.recordingId)).toMatchObject({
        state: 'stored',
      }),
    );
    await uploader.stop();
    expect(readdirSync(join(spool, CAMERA))).toEqual([]);
    const row = await recordingById(catalogue, left.head.recordingId);
    expect(readFileSync(join(root, row?.objectKey ?? '')).equals(bytes)).toBe(true);
  });

  it('waits while the store is away, and says so once', async () => {
    leftBehind();
    leftBehind();
    await recoverSpool(catalogue, spool);
    const folderStore = openFolderStore(join(folder, 'objects'));
    let tries = 0;
    let away = true;
    const { uploader, logged } = uploaderTo(
      {
        ...folderStore,
        put: async (key, file) => {
          tries++;
          if (away) throw new ObjectStoreUnavailable('away');
          return folderStore.put(key, file);
        },
      },
      { rest },
    );
    uploader.start();
    await vi.waitFor(() => expect(tries).toBeGreaterThanOrEqual(3));
    expect(await recordingsIn(catalogue, 'spooled', 10)).toHaveLength(2);
    away = false;
    await vi.waitFor(async () => expect(await recordingsIn(catalogue, 'spooled', 10)).toEqual([]));
    await uploader.stop();
    expect(logged).toEqual(['recordings wait in the spool', 'object store answers again']);
  });

  it('leaves object and file of what another took for lost while it was put, and enters it again', async () => {
    const left = leftBehind();
    const bytes = readFileSync(left.path);
    await recoverSpool(catalogue, spool);
    const root = join(folder, 'objects');
    const folderStore = openFolderStore(root);
    const row = await recordingById(catalogue, left.head.recordingId);
    if (row === undefined) throw new Error('not recovered');
    let puts = 0;
    const deleted: string[] = [];
    const { uploader, logged } = uploaderTo(
      {
        ...folderStore,
        put: async (key, file) => {
          // A gateway with a spool of its own, on the same database.
          if (puts++ === 0) {
            await noteDeletion(catalogue, row, { policy: 'spool-missing', deletedMs: Date.now() });
          }
          return folderStore.put(key, file);
        },
        delete: async ({ key }) => void deleted.push(key),
      },
      {
        recover: async () => {
          expect(existsSync(left.path)).toBe(true);
          await recoverSpool(catalogue, spool);
        },
        rest,
      },
    );
    uploader.start();
    await vi.waitFor(async () =>
      expect(await recordingById(catalogue, row.id)).toMatchObject({ state: 'stored' }),
    );
    await uploader.stop();
    expect(deleted).toEqual([]);
    expect(logged).toEqual(['recording without a row, entering it again']);
    expect(puts).toBe(2);
    expect(existsSync(left.path)).toBe(false);
    expect(readFileSync(join(root, row.objectKey)).equals(bytes)).toBe(true);
    expect(await catalogue.selectFrom('deletions').selectAll().execute()).toEqual([]);
  });

  it('gives up nothing that waits in the spool of another gateway, and drops nothing of it', async () => {
    const left = leftBehind();
    await recoverSpool(catalogue, spool, () => false, 'there');
    rmSync(left.path);
    let rests = 0;
    const { uploader, logged } = uploaderTo(openFolderStore(join(folder, 'objects')), {
      spoolId: 'here',
      bounds: { maxBytes: 0, maxAgeMs: 0 },
      rest: async () => {
        rests++;
        await rest();
      },
    });
    uploader.start();
    await vi.waitFor(() => expect(rests).toBeGreaterThan(5));
    await uploader.stop();
    expect(logged).toEqual([]);
    expect(await recordingById(catalogue, left.head.recordingId)).toMatchObject({
      state: 'spooled',
    });
  });

  it('deletes the object of what a rule deleted while it was put', async () => {
    const left = leftBehind();
    await recoverSpool(catalogue, spool);
    const root = join(folder, 'objects');
    const folderStore = openFolderStore(root);
    const row = await recordingById(catalogue, left.head.recordingId);
    if (row === undefined) throw new Error('not recovered');
    const { uploader } = uploaderTo({
      ...folderStore,
      put: async (key, file) => {
        await noteDeletion(catalogue, row, { policy: 'spool-full', deletedMs: Date.now() });
        return folderStore.put(key, file);
      },
    });
    uploader.start();
    await vi.waitFor(() => expect(existsSync(left.path)).toBe(false));
    await uploader.stop();
    expect(existsSync(join(root, row.objectKey))).toBe(false);
  });

  it('takes as stored what was put before a crash and not noted', async () => {
    const left = leftBehind();
    await recoverSpool(catalogue, spool);
    const store = openFolderStore(join(folder, 'objects'));
    const row = await recordingById(catalogue, left.head.recordingId);
    if (row?.sha256 == null) throw new Error('not recovered');
    await store.put(row.objectKey, {
      path: left.path,
      byteLength: row.byteLength,
      sha256: row.sha256,
    });
    rmSync(left.path);
    const { uploader } = uploaderTo(store);
    uploader.start();
    await vi.waitFor(async () => expect(await recordingsIn(catalogue, 'spooled', 10)).toEqual([]));
    await uploader.stop();
    expect(await recordingById(catalogue, row.id)).toMatchObject({ state: 'stored' });
  });

  it('tells of a recording that is gone as a gap of the storage', async () => {
    const left = leftBehind();
    await recoverSpool(catalogue, spool);
    rmSync(left.path);
    const { uploader, logged } = uploaderTo(openFolderStore(join(folder, 'objects')));
    uploader.start();
    await vi.waitFor(() => expect(logged).toContain('recording lost'));
    await uploader.stop();
    expect(await gapsBetween(catalogue, CAMERA, RUN_START_MS, RUN_START_MS + 1)).toMatchObject([
      { cause: 'storage', detail: 'spool-missing', endMs: RUN_START_MS + 2_000 },
    ]);
  });

  it('a spool that was not mounted: what was taken for lost is entered again, and none of it is a gap', async () => {
    const left = leftBehind();
    await recoverSpool(catalogue, spool);
    renameSync(spool, join(folder, 'elsewhere'));
    const { uploader, logged } = uploaderTo(openFolderStore(join(folder, 'objects')));
    uploader.start();
    await vi.waitFor(() => expect(logged).toContain('recording lost'));
    await uploader.stop();
    expect(await recordingById(catalogue, left.head.recordingId)).toBeUndefined();
    rmSync(spool, { recursive: true, force: true });
    renameSync(join(folder, 'elsewhere'), spool);
    expect(await recoverSpool(catalogue, spool)).toMatchObject({ recovered: 1 });
    expect(await recordingById(catalogue, left.head.recordingId)).toMatchObject({
      state: 'spooled',
    });
    expect(await gapsBetween(catalogue, CAMERA, RUN_START_MS, RUN_START_MS + 1)).toEqual([]);
  });

  it.each([
    ['with other bytes', (bytes: Buffer) => flipLast(bytes)],
    ['torn', (bytes: Buffer) => bytes.subarray(0, -10)],
    ['without a head', (bytes: Buffer) => bytes.fill(0)],
  ])(
    'what was taken for lost and is found %s is not entered, and left as it is',
    async (_how, change) => {
      const left = leftBehind();
      await recoverSpool(catalogue, spool);
      const bytes = readFileSync(left.path);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      rmSync(left.path);
      const { uploader, logged } = uploaderTo(openFolderStore(join(folder, 'objects')));
      uploader.start();
      await vi.waitFor(() => expect(logged).toContain('recording lost'));
      await uploader.stop();
      const found = change(Buffer.from(bytes));
      writeFileSync(left.path, found);
      expect(await recoverSpool(catalogue, spool)).toMatchObject({
        recovered: 0,
        empty: 0,
        left: [{ recordingId: left.head.recordingId, byteLength: found.length }],
      });
      expect(readFileSync(left.path).equals(found)).toBe(true);
      expect(await recordingById(catalogue, left.head.recordingId)).toBeUndefined();
      // The hash that a day may be sealed over stays, and the gap.
      expect(await catalogue.selectFrom('deletions').selectAll().execute()).toMatchObject([
        { recording_id: left.head.recordingId, sha256, policy: 'spool-missing' },
      ]);
      expect(await gapsBetween(catalogue, CAMERA, RUN_START_MS, RUN_START_MS + 1)).toMatchObject([
        { cause: 'storage', detail: 'spool-missing' },
      ]);
    },
  );

  it.each([
    ['that it is missing', new ObjectMissing('a')],
    ['that it arrived changed', new ObjectCorrupt('a')],
    ['what nobody knows', new Error('a proxy of its own mind')],
  ])('a store that says %s loses nothing of what is whole here', async (_what, error) => {
    const left = leftBehind();
    const bytes = readFileSync(left.path);
    await recoverSpool(catalogue, spool);
    const folderStore = openFolderStore(join(folder, 'objects'));
    const sent: boolean[] = [];
    const put: ObjectStore['put'] = async (key, file) => {
      sent.push(readFileSync(file.path).equals(bytes));
      if (sent.length <= 3) throw error;
      return folderStore.put(key, file);
    };
    const { uploader, logged } = uploaderTo({ ...folderStore, put }, { rest });
    uploader.start();
    await vi.waitFor(async () =>
      expect(await recordingById(catalogue, left.head.recordingId)).toMatchObject({
        state: 'stored',
      }),
    );
    await uploader.stop();
    expect(sent).toEqual([true, true, true, true]);
    expect(logged).toEqual(['recordings wait in the spool', 'object store answers again']);
  });

  it('one that always arrives changed does not hold the others up', async () => {
    const [first, second] = [leftBehind(), leftBehind()];
    await recoverSpool(catalogue, spool);
    const folderStore = openFolderStore(join(folder, 'objects'));
    const put: ObjectStore['put'] = async (key, file) => {
      if (file.path === first.path) return arrivedChanged(key);
      return folderStore.put(key, file);
    };
    const aside: string[] = [];
    const onAside = ({ id }: { id: string }): void => void aside.push(id);
    const { uploader, logged } = uploaderTo({ ...folderStore, put }, { rest, onAside });
    uploader.start();
    await vi.waitFor(() => expect(logged).toContain('object store answers again'));
    await uploader.stop();
    expect(logged).toContain('recording not stored');
    expect(aside).toEqual([first.head.recordingId]);
    expect([existsSync(first.path), existsSync(second.path)]).toEqual([true, false]);
  });

  it('a spool file whose bytes are no more what was recorded is given up, with a gap', async () => {
    const left = leftBehind();
    await recoverSpool(catalogue, spool);
    writeFileSync(left.path, flipLast(readFileSync(left.path)));
    const folderStore = openFolderStore(join(folder, 'objects'));
    const { uploader, logged } = uploaderTo({ ...folderStore, put: arrivedChanged });
    uploader.start();
    await vi.waitFor(() => expect(logged).toContain('recording lost'));
    await uploader.stop();
    expect(await gapsBetween(catalogue, CAMERA, RUN_START_MS, RUN_START_MS + 1)).toMatchObject([
      { cause: 'storage', detail: 'spool-corrupt' },
    ]);
  });

  it('removes the spool file of what was stored, should only that be left to do', async () => {
    const left = leftBehind();
    await recoverSpool(catalogue, spool);
    await markStored(catalogue, [
      { id: left.head.recordingId, startMs: left.head.startMs, versionId: null },
    ]);
    await recoverSpool(catalogue, spool);
    expect(existsSync(left.path)).toBe(false);
  });
});
