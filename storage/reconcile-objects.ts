import { createHash } from 'node:crypto';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { wasDeleted } from './catalogue/deletion.ts';
import { objectKey, recordingIdOf } from './catalogue/object-key.ts';
import { markStored, recordingById, type Recording } from './catalogue/recordings.ts';
import type { Catalogue } from './catalogue/tables.ts';
import type { Difference, DifferenceKind, ReconcileOptions } from './difference.ts';
import { isNotWhatWasLost } from './found-again.ts';
import {
  ObjectHeld,
  ObjectMissing,
  type ListedObject,
  type ObjectStore,
} from './objects/object-store.ts';
import { enterRecording } from './spool/enter-recording.ts';
import { readRecording } from './spool/spool-reader.ts';

/** An object beside its row, and one that has none. */

/** Undefined: it is as its row says. */
export async function wrongWithObject(
  { store, deep }: ReconcileOptions,
  recording: Recording,
  listed: ListedObject | undefined,
): Promise<DifferenceKind | undefined> {
  // It may have been put after the list was read.
  const object = listed ?? (await statOf(store, recording));
  if (object === undefined) return 'object-missing';
  if (object.byteLength !== recording.byteLength) return 'object-length';
  if (!deep) return undefined;
  const hash = createHash('sha256');
  const reference = { key: recording.objectKey, versionId: recording.versionId };
  await pipeline(await store.read(reference, { start: 0, end: recording.byteLength }), hash);
  return hash.digest('hex') === recording.sha256 ? undefined : 'object-corrupt';
}

async function statOf(
  store: ObjectStore,
  { objectKey: key, versionId }: Recording,
): Promise<{ byteLength: number } | undefined> {
  try {
    return await store.stat({ key, versionId });
  } catch (error) {
    if (error instanceof ObjectMissing) return undefined;
    throw error;
  }
}

/** It has a row: it was put since the rows were read. */
export async function isKnown(catalogue: Catalogue, { key }: ListedObject): Promise<boolean> {
  const id = recordingIdOf(key);
  const row = id === undefined ? undefined : await recordingById(catalogue, id);
  return row?.objectKey === key;
}

/** One that no row knows: deleted and there all the same, or to be entered. */
export async function unknownObject(
  options: ReconcileOptions,
  object: ListedObject,
): Promise<Difference> {
  const { catalogue, store, repair, deep } = options;
  const [cameraId = ''] = object.key.split('/', 1);
  const recordingId = recordingIdOf(object.key) ?? '';
  const about = { cameraId, recordingId, objectKey: object.key };
  if (recordingId !== '' && (await wasDeleted(catalogue, recordingId))) {
    if (!repair) return { ...about, kind: 'object-undeleted', repaired: null };
    try {
      await store.delete(object);
      return { ...about, kind: 'object-undeleted', repaired: 'deleted' };
    } catch (error) {
      if (!(error instanceof ObjectHeld)) throw error;
      return { ...about, kind: 'object-undeleted', repaired: null };
    }
  }
  const found = repair || deep ? await enter(options, object, recordingId) : 'unknown';
  return {
    ...about,
    kind: found === 'corrupt' ? 'object-corrupt' : 'object-unknown',
    repaired: found === 'entered' ? 'entered into the catalogue' : null,
  };
}

/**
 * From what the object says of itself, at a repair. `unknown`: it is no recording of ours, or lies under another's name.
 * `corrupt`: it was taken for lost, and is another now; the note of what it was stays, and its gap.
 */
async function enter(
  { catalogue, store, spoolId, repair }: ReconcileOptions,
  object: ListedObject,
  recordingId: string,
): Promise<'entered' | 'unknown' | 'corrupt'> {
  const folder = mkdtempSync(join(tmpdir(), 'reconcile-'));
  try {
    const path = join(folder, 'object.mp4');
    const bytes = await store.read(object, { start: 0, end: object.byteLength });
    await pipeline(bytes, createWriteStream(path, { mode: 0o600 }));
    if (await isNotWhatWasLost(catalogue, recordingId, path)) return 'corrupt';
    if (!repair) return 'unknown';
    const read = readRecording(path);
    const isWhole =
      read !== undefined &&
      read.fragments.length > 0 &&
      read.afterDamage.size === 0 &&
      read.byteLength === object.byteLength &&
      objectKey(read.head) === object.key;
    if (!isWhole) return 'unknown';
    await enterRecording(catalogue, path, read, spoolId);
    const { recordingId: id, startMs } = read.head;
    const stored = [{ id, startMs, versionId: object.versionId }];
    return (await markStored(catalogue, stored)) === 1 ? 'entered' : 'unknown';
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
