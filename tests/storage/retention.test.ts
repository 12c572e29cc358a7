/** Somebody held objects in the store itself, past the gateway: those stay, and all else goes when its days are over. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openDatabases } from '#registry/database/open-databases.ts';
import { openCatalogue } from '#storage/catalogue/open-catalogue.ts';
import { insertOpened, markSpooled, markStored } from '#storage/catalogue/recordings.ts';
import { ObjectHeld } from '#storage/objects/object-store.ts';
import { sweep } from '#storage/retention.ts';
import { CAMERA, finished, MINUTE, opened, T0 } from '../contracts/recorded-minutes.ts';

const DAY = 86_400_000;
/** More than a sweep deletes in a row (retention.ts). */
const HELD = 250;
const OTHERS = 30;

it('many that are held in the store hold no others up', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'retention-'));
  const databases = openDatabases({ dataDir: folder });
  try {
    const catalogue = await openCatalogue(databases);
    const made = Array.from({ length: HELD + OTHERS }, (_, i) => opened(T0 + i * MINUTE));
    await insertOpened(catalogue, made);
    await markSpooled(
      catalogue,
      made.map((one) => finished(one, one.startMs + MINUTE)),
    );
    await markStored(
      catalogue,
      made.map(({ recordingId, startMs }) => ({ id: recordingId, startMs, versionId: null })),
    );
    const heldIds = new Set(made.slice(0, HELD).map(({ recordingId }) => recordingId));
    const removed: string[] = [];
    const store = {
      async delete({ key }: { key: string }) {
        if (heldIds.has(key.slice(-40, -4))) throw new ObjectHeld(key);
        removed.push(key.slice(-40, -4));
      },
    };
    const now = (): number => T0 + 40 * DAY;
    const options = { catalogue, store, now, log: () => {} };
    expect(await sweep(options, [{ cameraId: CAMERA, retentionDays: 30 }])).toBe(OTHERS);
    expect(removed).toEqual(made.slice(HELD).map(({ recordingId }) => recordingId));
    // Once they are let go, they go too.
    heldIds.clear();
    expect(await sweep(options, [])).toBe(HELD);
  } finally {
    await databases.close();
    rmSync(folder, { recursive: true });
  }
});
