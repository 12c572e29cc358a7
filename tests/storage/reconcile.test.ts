/** Catalogue, store and spool compared: every difference has its name, and a repair loses no picture. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Databases } from '#registry/database/database.ts';
import { openDatabases } from '#registry/database/open-databases.ts';
import { uuidV7Source } from '#registry/uuid-v7.ts';
import { noteDeletion } from '#storage/catalogue/deletion.ts';
import { gapsBetween } from '#storage/catalogue/gaps.ts';
import { openCatalogue } from '#storage/catalogue/open-catalogue.ts';
import { recordingById, recordingsBetween } from '#storage/catalogue/recordings.ts';
import type { Catalogue } from '#storage/catalogue/tables.ts';
import { openFolderStore } from '#storage/objects/folder.ts';
import type { Reconciliation } from '#storage/difference.ts';
import { reconcile } from '#storage/reconcile.ts';
import { seedRun } from '#tests/end-to-end/recorded-history.ts';

const CAMERA = '019e0000-0000-7000-8000-000000000001';
const START_MS = 1_790_000_000_000;

let folder: string;
let spool: string;
let databases: Databases;
let catalogue: Catalogue;
let keys: string[];
const newId = uuidV7Source(Date.now);

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'reconcile-'));
  spool = join(folder, 'spool');
  mkdirSync(join(spool, CAMERA), { recursive: true });
  databases = openDatabases({ dataDir: join(folder, 'data') });
  catalogue = await openCatalogue(databases);
  await seedRun({ catalogue, store: store(), newId }, CAMERA, { startMs: START_MS, seconds: 150 });
  const rows = await recordingsBetween(catalogue, CAMERA, START_MS, START_MS + 200_000);
  keys = rows.map(({ objectKey }) => objectKey);
  expect(keys.length).toBeGreaterThanOrEqual(3);
});
afterEach(async () => {
  await databases.close();
  rmSync(folder, { recursive: true, force: true });
});

const store = () => openFolderStore(join(folder, 'objects'));
const pathOf = (key: string | undefined): string => join(folder, 'objects', key ?? '');
const look = (how: { repair?: boolean; deep?: boolean } = {}): Promise<Reconciliation> =>
  reconcile({
    catalogue,
    store: store(),
    spoolFolder: spool,
    isOpen: () => false,
    spoolId: null,
    newId,
    now: Date.now,
    repair: false,
    deep: false,
    ...how,
  });
const kinds = ({ differences }: Reconciliation): string[] => differences.map(({ kind }) => kind);

it('finds nothing where all agree', async () => {
  const found = await look({ deep: true });
  expect(found).toMatchObject({ recordings: keys.length, objects: keys.length, differences: [] });
});

it('a chain is whole in the order in which it was recorded, and broken where a recording is another or gone without a note', async () => {
  const [first, second] = await recordingsBetween(catalogue, CAMERA, START_MS, START_MS + 200_000);
  const of = (id: string | undefined) =>
    catalogue.updateTable('recordings').where('id', '=', id ?? '');
  // For its minute the clock was set back.
  const earlier = { start_ms: START_MS - 100_000, end_ms: START_MS - 40_000 };
  await of(second?.id).set(earlier).execute();
  expect(kinds(await look())).toEqual([]);
  await of(first?.id)
    .set({ sha256: 'ab'.repeat(32) })
    .execute();
  await of(second?.id)
    .set({ start_ms: START_MS + 30_000, end_ms: START_MS + 60_000 })
    .execute();
  expect(kinds(await look())).toEqual(['chain-broken']);
});

it('a deleted object: its minute becomes a gap of the storage', async () => {
  rmSync(pathOf(keys[1]));
  expect(kinds(await look())).toEqual(['object-missing']);
  expect((await look({ repair: true })).differences).toMatchObject([
    { kind: 'object-missing', objectKey: keys[1], repaired: 'a gap of the storage' },
  ]);
  expect(kinds(await look())).toEqual([]);
  const gaps = await gapsBetween(catalogue, CAMERA, START_MS, START_MS + 200_000);
  expect(gaps).toMatchObject([{ cause: 'storage', detail: 'object-missing' }]);
});

it('a store that was not mounted: what was taken for lost is entered again, and nothing of it deleted', async () => {
  const before = await recordingsBetween(catalogue, CAMERA, START_MS, START_MS + 200_000);
  renameSync(join(folder, 'objects'), join(folder, 'elsewhere'));
  expect(kinds(await look({ repair: true }))).toEqual(before.map(() => 'object-missing'));
  renameSync(join(folder, 'elsewhere'), join(folder, 'objects'));
  expect(kinds(await look())).toEqual(before.map(() => 'object-unknown'));
  await look({ repair: true });
  expect(kinds(await look({ deep: true }))).toEqual([]);
  const after = await recordingsBetween(catalogue, CAMERA, START_MS, START_MS + 200_000);
  expect(after).toEqual(before.map((row) => ({ ...row, endReason: 'recovered' })));
  // No gap is left over it, and no note of a deletion.
  expect(await gapsBetween(catalogue, CAMERA, START_MS, START_MS + 200_000)).toEqual([]);
  expect(await catalogue.selectFrom('deletions').selectAll().execute()).toEqual([]);
});

it('what was taken for lost and is another now is not entered: it is named, and its hash and its gap stay', async () => {
  const [row] = await recordingsBetween(catalogue, CAMERA, START_MS, START_MS + 1_000);
  if (row === undefined) throw new Error('not seeded');
  const path = pathOf(row.objectKey);
  const bytes = readFileSync(path);
  rmSync(path);
  await look({ repair: true });
  // Its last byte is of a picture: it plays as before.
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 0xff;
  writeFileSync(path, bytes);
  expect(kinds(await look())).toEqual(['object-unknown']);
  expect(kinds(await look({ deep: true }))).toEqual(['object-corrupt']);
  for (let i = 0; i < 2; i++) {
    expect((await look({ repair: true })).differences).toMatchObject([
      { kind: 'object-corrupt', recordingId: row.id, objectKey: row.objectKey, repaired: null },
    ]);
  }
  expect(await recordingById(catalogue, row.id)).toBeUndefined();
  expect(readFileSync(path).equals(bytes)).toBe(true);
  expect(await catalogue.selectFrom('deletions').selectAll().execute()).toMatchObject([
    { recording_id: row.id, sha256: row.sha256, policy: 'object-missing' },
  ]);
  const gaps = await gapsBetween(catalogue, CAMERA, START_MS, START_MS + 1_000);
  expect(gaps).toMatchObject([{ cause: 'storage', detail: 'object-missing' }]);
});

it('a spool file that was taken for lost and is another now is named, and left', async () => {
  const [row] = await recordingsBetween(catalogue, CAMERA, START_MS, START_MS + 1_000);
  if (row === undefined) throw new Error('not seeded');
  const path = join(spool, CAMERA, `${row.id}.mp4`);
  const bytes = readFileSync(pathOf(row.objectKey));
  await noteDeletion(catalogue, row, { policy: 'spool-missing', deletedMs: START_MS });
  rmSync(pathOf(row.objectKey));
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 0xff;
  writeFileSync(path, bytes);
  for (const repair of [false, true]) {
    expect((await look({ repair })).differences).toMatchObject([
      { kind: 'spool-file-corrupt', recordingId: row.id, repaired: null },
    ]);
  }
  expect(readFileSync(path).equals(bytes)).toBe(true);
});

it('another object where one that waits is to be put is named, and both are left', async () => {
  const [row] = await recordingsBetween(catalogue, CAMERA, START_MS, START_MS + 1_000);
  if (row === undefined) throw new Error('not seeded');
  const bytes = readFileSync(pathOf(row.objectKey));
  writeFileSync(join(spool, CAMERA, `${row.id}.mp4`), bytes);
  await catalogue
    .updateTable('recordings')
    .set({ state: 'spooled' })
    .where('id', '=', row.id)
    .execute();
  // Put, and not noted yet.
  expect(kinds(await look({ deep: true }))).toEqual([]);
  truncateSync(pathOf(row.objectKey), bytes.length - 1);
  expect((await look({ repair: true })).differences).toMatchObject([
    { kind: 'object-conflict', recordingId: row.id, repaired: null },
  ]);
  expect(existsSync(pathOf(row.objectKey))).toBe(true);
  expect(existsSync(join(spool, CAMERA, `${row.id}.mp4`))).toBe(true);
});

it('a count of a day that is not what its rows say is named, and counted anew', async () => {
  const [row] = await recordingsBetween(catalogue, CAMERA, START_MS, START_MS + 1_000);
  if (row === undefined) throw new Error('not seeded');
  rmSync(pathOf(row.objectKey));
  await noteDeletion(catalogue, row, { policy: 'retention 30 days', deletedMs: START_MS });
  const counts = () => catalogue.selectFrom('camera_days').selectAll().orderBy('day').execute();
  const right = await counts();
  expect(right).toMatchObject([{ made: keys.length, recordings: keys.length - 1 }]);
  expect(kinds(await look())).toEqual([]);
  for (const column of ['made', 'recordings', 'byte_length'] as const) {
    await catalogue
      .updateTable('camera_days')
      .set((day) => ({ [column]: day(column, '+', 1) }))
      .execute();
    const day = '2026-09-21';
    expect((await look()).differences).toMatchObject([
      { kind: 'day-miscounted', cameraId: CAMERA, recordingId: day, repaired: null },
    ]);
    expect(kinds(await look({ repair: true }))).toEqual(['day-miscounted']);
    expect(await counts()).toEqual(right);
  }
});

it('a camera whose counts are all gone is known by its recordings: its days are miscounted, and no object of it is unknown', async () => {
  const counts = () => catalogue.selectFrom('camera_days').selectAll().execute();
  const right = await counts();
  await catalogue.deleteFrom('camera_days').execute();
  expect(kinds(await look())).toEqual(['day-miscounted']);
  expect(await look({ repair: true })).toMatchObject({
    recordings: keys.length,
    differences: [{ kind: 'day-miscounted', cameraId: CAMERA, repaired: 'counted anew' }],
  });
  expect(await counts()).toEqual(right);
});

it('a camera that is left only in notes of deletions is counted too', async () => {
  for (const row of await recordingsBetween(catalogue, CAMERA, START_MS, START_MS + 200_000)) {
    rmSync(pathOf(row.objectKey));
    await noteDeletion(catalogue, row, { policy: 'retention 30 days', deletedMs: START_MS });
  }
  await catalogue.deleteFrom('camera_days').execute();
  expect(kinds(await look({ repair: true }))).toEqual(['day-miscounted']);
  expect(kinds(await look())).toEqual([]);
});

it('what was deleted by a rule and is there again goes again', async () => {
  const [row] = await recordingsBetween(catalogue, CAMERA, START_MS, START_MS + 1_000);
  if (row === undefined) throw new Error('not seeded');
  await noteDeletion(catalogue, row, { policy: 'retention 30 days', deletedMs: START_MS });
  expect(kinds(await look())).toEqual(['object-undeleted']);
  await look({ repair: true });
  expect(existsSync(pathOf(row.objectKey))).toBe(false);
});

it('a corrupt object is found by its bytes, one that was cut by its length', async () => {
  const path = pathOf(keys[0]);
  const bytes = readFileSync(path);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 0xff;
  writeFileSync(path, bytes);
  truncateSync(pathOf(keys[1]), 1_000);
  expect(kinds(await look())).toEqual(['object-length']);
  expect(kinds(await look({ deep: true }))).toEqual(['object-corrupt', 'object-length']);
  await look({ deep: true, repair: true });
  const gaps = await gapsBetween(catalogue, CAMERA, START_MS, START_MS + 200_000);
  expect(gaps.map(({ detail }) => detail)).toEqual(['object-corrupt', 'object-length']);
  // Nothing is thrown away, and nothing told twice.
  await look({ deep: true, repair: true });
  expect(await gapsBetween(catalogue, CAMERA, START_MS, START_MS + 200_000)).toHaveLength(2);
  expect(existsSync(path)).toBe(true);
});

it('an object that no row knows is entered from what it says of itself', async () => {
  const [row] = await recordingsBetween(catalogue, CAMERA, START_MS, START_MS + 1_000);
  if (row === undefined) throw new Error('not seeded');
  await catalogue.deleteFrom('recordings').where('id', '=', row.id).execute();
  expect(kinds(await look())).toEqual(['object-unknown', 'day-miscounted']);
  await look({ repair: true });
  const entered = await recordingById(catalogue, row.id);
  expect(entered).toEqual({ ...row, endReason: 'recovered' });
  expect(kinds(await look({ deep: true }))).toEqual([]);
});

it('the catalogue can be made anew from the objects alone', async () => {
  const before = await recordingsBetween(catalogue, CAMERA, START_MS, START_MS + 200_000);
  await catalogue.deleteFrom('recordings').execute();
  await catalogue.deleteFrom('camera_days').execute();
  expect((await look({ repair: true })).differences).toHaveLength(before.length);
  const after = await recordingsBetween(catalogue, CAMERA, START_MS, START_MS + 200_000);
  expect(after).toEqual(before.map((row) => ({ ...row, endReason: 'recovered' })));
});

it('what is left in the spool, and what is gone from it', async () => {
  const rows = await recordingsBetween(catalogue, CAMERA, START_MS, START_MS + 200_000);
  const [first, second] = rows;
  if (first === undefined || second === undefined) throw new Error('not seeded');
  writeFileSync(join(spool, CAMERA, `${first.id}.mp4`), readFileSync(pathOf(keys[0])));
  rmSync(pathOf(keys[1]));
  await catalogue
    .updateTable('recordings')
    .set({ state: 'spooled' })
    .where('id', '=', second.id)
    .execute();
  expect(kinds(await look()).toSorted()).toEqual(['spool-file-left', 'spool-file-missing']);
  await look({ repair: true });
  expect(existsSync(join(spool, CAMERA, `${first.id}.mp4`))).toBe(false);
  expect(kinds(await look())).toEqual([]);
});
