/** What an operator is told of the storage, when, and for how long. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DatabaseUnavailable } from '#registry/database/database.ts';
import type { OtherSpool } from '#storage/catalogue/spools.ts';
import {
  ObjectFolderAbsent,
  ObjectStoreFull,
  ObjectStoreRefused,
  ObjectStoreUnavailable,
} from '#storage/objects/object-store.ts';
import { LeftFiles } from '#storage/spool/left-files.ts';
import { RecorderFaults, storageNotices } from '#storage/storage-notices.ts';

const MINUTE = 60_000;
const T0 = 1_790_000_000_000;
const bounds = { maxBytes: 100, maxAgeMs: 10 * MINUTE };
const use = { recordings: 1, byteLength: 50, oldestStartMs: T0 };

function quiet() {
  return {
    use,
    away: undefined,
    droppedMs: undefined,
    deletionBehindMs: undefined,
    deletionRefusedMs: undefined,
    elsewhereMs: undefined,
    faults: new RecorderFaults(),
    left: undefined,
    otherSpools: [],
  };
}
const other = (name: string | null, startMs: number): OtherSpool => ({
  spoolId: `id of ${name}`,
  name,
  recordings: 2,
  byteLength: 10,
  oldestStartMs: startMs,
});
const codes = (state: Parameters<typeof storageNotices>[0], nowMs: number): string[] =>
  storageNotices(state, bounds, nowMs).map(({ code }) => code);

const after = (error: unknown, ms: number): string[] =>
  codes({ ...quiet(), away: { sinceMs: T0, error } }, T0 + ms);

it('nothing while all goes as it should', () => {
  expect(codes(quiet(), T0 + MINUTE)).toEqual([]);
});

it('the worst first: lost, soon lost, waiting', () => {
  const error = new ObjectStoreUnavailable('away');
  const state = {
    ...quiet(),
    use: { ...use, byteLength: 81 },
    away: { sinceMs: T0, error },
    droppedMs: T0,
  };
  expect(codes(state, T0 + MINUTE)).toEqual([
    'recordings-dropped',
    'spool-nearly-full',
    'store-away',
  ]);
  // An hour after the last one was dropped; what waits grows old meanwhile.
  expect(codes({ ...quiet(), droppedMs: T0 }, T0 + 60 * MINUTE)).toEqual(['spool-nearly-full']);
});

it('a store that does not answer has a minute to come back; one that is full or says no has none', () => {
  expect(after(new ObjectStoreUnavailable('away'), MINUTE - 1)).toEqual([]);
  expect(after(new ObjectStoreUnavailable('away'), MINUTE)).toEqual(['store-away']);
  expect(after(new DatabaseUnavailable('away'), MINUTE)).toEqual(['catalogue-away']);
  expect(after(new ObjectFolderAbsent('not mounted'), 0)).toEqual(['store-folder-absent']);
  expect(after(new ObjectStoreFull('full'), 0)).toEqual(['store-full']);
  expect(after(new ObjectStoreRefused('no such bucket'), 0)).toEqual(['store-refused']);
});

it('cameras that cannot be recorded are told of since the first try that failed, until half a minute without one', () => {
  const state = quiet();
  for (const seconds of [0, 5, 10, 15]) {
    state.faults.note('spool-failed', T0 + seconds * 1_000);
  }
  state.faults.note('disk-full', T0 + 15_000);
  expect(storageNotices(state, bounds, T0 + 44_999)).toEqual([
    { code: 'disk-full', sinceMs: T0 + 15_000 },
    { code: 'spool-failed', sinceMs: T0 },
  ]);
  expect(storageNotices(state, bounds, T0 + 45_000)).toEqual([]);
  // Another time is not the same one.
  state.faults.note('spool-failed', T0 + 60_000);
  expect(storageNotices(state, bounds, T0 + 61_000)).toMatchObject([{ sinceMs: T0 + 60_000 }]);
});

it('deleting that the store refuses, or that is behind the clock, is told of last', () => {
  const state = { ...quiet(), droppedMs: T0, deletionBehindMs: T0, deletionRefusedMs: T0 };
  expect(codes(state, T0 + MINUTE)).toEqual([
    'recordings-dropped',
    'deletion-refused',
    'deletion-behind',
  ]);
});

it('recordings that wait in other spools are told of since the oldest, with where they lie, however many there are', () => {
  const otherSpools = [other('a:/spool', T0), other(null, T0 + 1), other('c', T0), other('d', T0)];
  expect(storageNotices({ ...quiet(), otherSpools }, bounds, T0 + MINUTE)).toEqual([
    {
      code: 'recordings-elsewhere',
      sinceMs: T0,
      files: { count: 8, byteLength: 40 },
      where: ['a:/spool', 'id of null', 'c'],
    },
  ]);
});

it('files that are left in the spool are told of with their number and size, until they are gone', async () => {
  const spoolFolder = mkdtempSync(join(tmpdir(), 'left-files-'));
  let nowMs = T0;
  const leftFiles = new LeftFiles({ spoolFolder, now: () => nowMs });
  const told = () => storageNotices({ ...quiet(), left: leftFiles.use }, bounds, nowMs);
  const file = (recordingId: string, byteLength: number) => {
    writeFileSync(join(spoolFolder, 'camera', `${recordingId}.mp4`), '');
    return { cameraId: 'camera', recordingId, byteLength };
  };
  try {
    mkdirSync(join(spoolFolder, 'camera'));
    expect(told()).toEqual([]);
    leftFiles.notStored(file('a', 10));
    leftFiles.notEntered([{ ...file('b', 5), why: { kind: 'changed' } }]);
    told();
    nowMs += MINUTE;
    const files = { count: 2, byteLength: 15 };
    expect(told()).toEqual([{ code: 'spool-files-left', sinceMs: T0, files }]);
    // What the store refuses is there, whatever a recovery finds.
    leftFiles.notEntered([]);
    await leftFiles.look();
    expect(told()).toMatchObject([{ files: { count: 1, byteLength: 10 } }]);
    rmSync(join(spoolFolder, 'camera', 'a.mp4'));
    await leftFiles.look();
    expect(told()).toEqual([]);
  } finally {
    rmSync(spoolFolder, { recursive: true });
  }
});
