/** What the store does not let go, held there past the gateway or refused, stays; all else goes when its days are over. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openDatabases } from '#registry/database/open-databases.ts';
import type { Databases } from '#registry/database/database.ts';
import { openCatalogue } from '#storage/catalogue/open-catalogue.ts';
import type { Catalogue } from '#storage/catalogue/tables.ts';
import { insertOpened, markSpooled, markStored } from '#storage/catalogue/recordings.ts';
import {
  ObjectHeld,
  ObjectStoreRefused,
  ObjectStoreUnavailable,
} from '#storage/objects/object-store.ts';
import { retentionOf } from '#storage/catalogue/retentions.ts';
import { lengthenRetentions, sweep } from '#storage/retention.ts';
import { CAMERA, finished, MINUTE, opened, stat, T0 } from '../contracts/recorded-minutes.ts';

const DAY = 86_400_000;
/** More than a sweep deletes in a row (retention.ts). */
const HELD = 250;
const OTHERS = 30;
const now = (): number => T0 + 40 * DAY;

let folder: string;
let databases: Databases;
let catalogue: Catalogue;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'retention-'));
  databases = openDatabases({ dataDir: folder });
  catalogue = await openCatalogue(databases);
});
afterEach(async () => {
  await databases.close();
  rmSync(folder, { recursive: true });
});

/** Stored recordings of a camera, a minute each. */
async function stored(count: number, cameraId = CAMERA): Promise<string[]> {
  const made = Array.from({ length: count }, (_, i) => opened(T0 + i * MINUTE, cameraId));
  await insertOpened(catalogue, made);
  await markSpooled(
    catalogue,
    made.map((one) => finished(one, one.startMs + MINUTE)),
  );
  await markStored(
    catalogue,
    made.map(({ recordingId, startMs }) => ({ id: recordingId, startMs, versionId: null })),
  );
  return made.map(({ recordingId }) => recordingId);
}

const idIn = (key: string): string => key.slice(-40, -4);

it('many that are held in the store hold no others up', async () => {
  const made = await stored(HELD + OTHERS);
  const heldIds = new Set(made.slice(0, HELD));
  const removed: string[] = [];
  const store = {
    stat,
    async delete({ key }: { key: string }) {
      if (heldIds.has(idIn(key))) throw new ObjectHeld(key);
      removed.push(idIn(key));
    },
  };
  const options = { catalogue, store, now, log: () => {} };
  expect(await sweep(options, [{ cameraId: CAMERA, retentionDays: 30 }])).toBe(OTHERS);
  expect(removed).toEqual(made.slice(HELD));
  // Once they are let go, they go too.
  heldIds.clear();
  expect(await sweep(options, [])).toBe(HELD);
});

it('a camera whose files the store refuses to delete holds no other up, and is asked of a few times a sweep', async () => {
  const other = CAMERA.replace(/^./, 'f');
  await stored(HELD);
  await stored(OTHERS, other);
  let refuses = true;
  let refusals = 0;
  const store = {
    stat,
    async delete({ key }: { key: string }) {
      if (refuses && key.startsWith(CAMERA)) throw new ObjectStoreRefused('may not be written');
    },
  };
  const onRefused = ({ cameraId }: { cameraId: string }): void => {
    expect(cameraId).toBe(CAMERA);
    refusals++;
  };
  const options = { catalogue, store, now, onRefused, log: () => {} };
  const cameras = [CAMERA, other].map((cameraId) => ({ cameraId, retentionDays: 30 }));
  expect(await sweep(options, cameras)).toBe(OTHERS);
  expect(refusals).toBe(20);
  expect(await sweep(options, cameras)).toBe(0);
  expect(refusals).toBe(40);
  refuses = false;
  expect(await sweep(options, cameras)).toBe(HELD);
});

it('days that an inventory said are known before a sweep deletes anything, and no edit lowers them', async () => {
  const others = Array.from({ length: 600 }, (_, i) => ({
    cameraId: `camera ${i}`,
    retentionDays: 90,
  }));
  await lengthenRetentions(catalogue, [...others, { cameraId: CAMERA, retentionDays: 60 }]);
  expect(await retentionOf(catalogue, CAMERA)).toMatchObject({ days: 60 });
  // The store is away at the sweep, and the inventory says less when it is back.
  await stored(OTHERS);
  const edited = [{ cameraId: CAMERA, retentionDays: 30 }];
  await lengthenRetentions(catalogue, edited);
  const store = { stat, delete: () => Promise.reject(new ObjectStoreUnavailable('away')) };
  expect(await sweep({ catalogue, store, now, log: () => {} }, edited)).toBe(0);
  expect(await retentionOf(catalogue, CAMERA)).toMatchObject({ days: 60 });
});
