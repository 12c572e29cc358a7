/** Days that are sealed: what is signed, what outlives a deletion, and what a change is found by. */
import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Databases } from '#registry/database/database.ts';
import { openDatabases } from '#registry/database/open-databases.ts';
import { garbage, markGarbage, noteDeletion } from '#storage/catalogue/deletion.ts';
import { openCatalogue } from '#storage/catalogue/open-catalogue.ts';
import { insertOpened, markSpooled, markStored } from '#storage/catalogue/recordings.ts';
import { listSeals } from '#storage/catalogue/seals.ts';
import type { Catalogue } from '#storage/catalogue/tables.ts';
import { leafHash, merklePath, merkleRoot, rootOfPath } from '#storage/merkle.ts';
import { rangeOfDay, thaiDay, type Seal } from '#storage/sealed-day.ts';
import { sealDays, verifySeals } from '#storage/sealing.ts';
import { encodeFragments } from '#storage/spool/fragment-index.ts';
import { opened } from '../contracts/recorded-minutes.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
const CAMERAS = ['019e0000-0000-7000-8000-000000000001', '019e0000-0000-7000-8000-000000000002'];
const FIRST_DAY = '2026-11-24';
const T0 = rangeOfDay(FIRST_DAY).fromMs;

let folder: string;
let databases: Databases;
let catalogue: Catalogue;
let ids = 0;
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const signer = {
  keyId: 'test',
  sign: (statement: string) => sign(null, Buffer.from(statement), privateKey).toString('base64'),
};
const isSigned = (statement: string, signature: string): boolean =>
  verify(null, Buffer.from(statement), publicKey, Buffer.from(signature, 'base64'));

beforeEach(async () => {
  told = [];
  folder = mkdtempSync(join(tmpdir(), 'sealing-'));
  databases = openDatabases({ dataDir: join(folder, 'data') });
  catalogue = await openCatalogue(databases);
});
afterEach(async () => {
  await databases.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A stored recording of a minute. */
async function keep(cameraId: string, startMs: number, runId = 'run1'): Promise<string> {
  const recordingId = `019e0000-0000-7000-9000-${String(++ids).padStart(12, '0')}`;
  await insertOpened(catalogue, [{ ...opened(startMs, cameraId), recordingId, runId }]);
  await markSpooled(catalogue, [
    {
      recordingId,
      cameraId,
      startMs,
      endMs: startMs + MINUTE,
      byteLength: 1_000,
      sha256: ids.toString(16).padStart(64, '0'),
      fragmentIndex: encodeFragments([]),
      fragments: 0,
      endReason: 'rotated',
    },
  ]);
  await markStored(catalogue, [{ id: recordingId, startMs, versionId: null }]);
  return recordingId;
}

let told: Seal[];
const tell = async (made: Seal): Promise<void> => void told.push(made);
const tellThenFail = async (made: Seal): Promise<void> => {
  await tell(made);
  throw new Error('the power is cut');
};
const seal = (nowMs: number, onSealed = tell) =>
  sealDays({ catalogue, signer, onSealed, now: () => nowMs });
const check = () => verifySeals(catalogue, isSigned);

describe('a sealed day', () => {
  beforeEach(async () => {
    for (const cameraId of CAMERAS) {
      for (let i = 0; i < 5; i++) await keep(cameraId, T0 + i * MINUTE, i < 3 ? 'run1' : 'run2');
    }
    await keep(CAMERAS[0] as string, T0 + DAY + MINUTE);
  });

  it('is signed once it is over, and no sooner', async () => {
    expect(await seal(T0 + DAY)).toEqual([]);
    const [made, ...more] = await seal(T0 + DAY + 20 * MINUTE);
    expect(more).toEqual([]);
    expect(made).toMatchObject({ day: FIRST_DAY, number: 1, chains: 4, recordings: 10 });
    expect(await seal(T0 + DAY + 21 * MINUTE)).toEqual([]);
    expect(await check()).toEqual({ seals: 1, recordings: 10, findings: [] });
  });

  it('is what it was after a deletion under policy', async () => {
    await seal(T0 + DAY + 20 * MINUTE);
    await markGarbage(catalogue, CAMERAS[0] as string, T0 + 2 * MINUTE);
    const due = await garbage(catalogue, 10);
    expect(due).toHaveLength(2);
    for (const recording of due) {
      await noteDeletion(catalogue, recording, { policy: 'retention 1 day', deletedMs: T0 + DAY });
    }
    expect((await check()).findings).toEqual([]);
  });

  it('tells of a recording that was taken away without a note', async () => {
    await seal(T0 + DAY + 20 * MINUTE);
    await catalogue
      .deleteFrom('recordings')
      .where('camera_id', '=', CAMERAS[1] as string)
      .where('start_ms', '=', T0)
      .execute();
    expect((await check()).findings).toMatchObject([{ code: 'recording-missing' }]);
  });

  it('tells of a hash, a chain and a root that were changed', async () => {
    await seal(T0 + DAY + 20 * MINUTE);
    await catalogue
      .updateTable('recordings')
      .set({ sha256: 'ff'.repeat(32) })
      .where('camera_id', '=', CAMERAS[0] as string)
      .where('start_ms', '=', T0)
      .execute();
    expect((await check()).findings).toMatchObject([{ code: 'chain-changed' }]);
    await catalogue
      .updateTable('sealed_chains')
      .set({ chain: 'ee'.repeat(32) })
      .where('run_id', '=', 'run2')
      .execute();
    expect((await check()).findings.map(({ code }) => code)).toContain('root-wrong');
    await catalogue
      .updateTable('seals')
      .set({ root: 'dd'.repeat(32) })
      .execute();
    expect((await check()).findings.map(({ code }) => code)).toContain('not-signed');
  });

  it('gets one seal more when a crash left something that is found later', async () => {
    await seal(T0 + DAY + 20 * MINUTE);
    await keep(CAMERAS[1] as string, T0 + 10 * MINUTE, 'run3');
    expect((await check()).findings).toEqual([]);
    expect(await seal(T0 + 2 * DAY + 20 * MINUTE)).toMatchObject([
      { day: FIRST_DAY, number: 2, chains: 1, recordings: 1 },
      { day: thaiDay(T0 + DAY), number: 1, chains: 1 },
    ]);
    expect(await check()).toMatchObject({ seals: 3, recordings: 12, findings: [] });
    await catalogue.deleteFrom('seals').where('number', '=', 1).execute();
    expect((await check()).findings.map(({ code }) => code)).toContain('seal-missing');
  });

  it('that nobody could be told of is not sealed, but told of and sealed the next time', async () => {
    const nowMs = T0 + 2 * DAY + 20 * MINUTE;
    const nobody = async (made: Seal): Promise<void> => {
      if (made.day !== FIRST_DAY) throw new Error('the audit log does not answer');
      await tell(made);
    };
    await expect(seal(nowMs, nobody)).rejects.toThrow('does not answer');
    // The day before it is told of, whatever became of this one.
    expect(await listSeals(catalogue)).toEqual(told);
    expect(told).toMatchObject([{ day: FIRST_DAY }]);
    expect(await seal(nowMs)).toMatchObject([{ day: thaiDay(T0 + DAY) }]);
    expect(await listSeals(catalogue)).toEqual(told);
    expect(await check()).toMatchObject({ seals: 2, recordings: 11, findings: [] });
  });

  it('that was told of and not entered is told of again', async () => {
    const nowMs = T0 + DAY + 20 * MINUTE;
    await expect(seal(nowMs, tellThenFail)).rejects.toThrow('power');
    expect(await listSeals(catalogue)).toEqual([]);
    await seal(nowMs);
    expect(told).toHaveLength(2);
    expect(told[1]).toMatchObject({ day: FIRST_DAY, number: 1, root: told[0]?.root });
    expect(await listSeals(catalogue)).toEqual(told.slice(1));
  });
});

describe('a Merkle tree', () => {
  it('proves each of its leaves, and nothing else (RFC 9162)', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(), (count, pick) => {
        const leaves = Array.from({ length: count }, (_, i) => leafHash(String(i)));
        const index = pick % count;
        const path = merklePath(leaves, index);
        const place = { index, leaves: count, path };
        expect(rootOfPath(leaves[index] as string, place)).toBe(merkleRoot(leaves));
        expect(rootOfPath(leafHash('another'), place)).not.toBe(merkleRoot(leaves));
      }),
    );
  });

  it('has the roots that RFC 9162 gives for small trees', () => {
    expect(merkleRoot([])).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(leafHash('')).toBe('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d');
  });
});
