import { garbage, keepMarked, markGarbage, noteDeletion } from './catalogue/deletion.ts';
import { holdsBetween } from './catalogue/holds.ts';
import type { Recording } from './catalogue/recordings.ts';
import { daysOf, lengthenRetention, policyOf, retentionOf } from './catalogue/retentions.ts';
import { applyShortenings } from './catalogue/shortenings.ts';
import type { Catalogue } from './catalogue/tables.ts';
import {
  ObjectHeld,
  ObjectMissing,
  ObjectStoreUnavailable,
  type ObjectStore,
} from './objects/object-store.ts';

const DAY_MS = 86_400_000;
/** Objects deleted in a row before others get their turn at the catalogue. */
const BATCH = 200;
/** Objects that the store does not let go, held there or refused: so many are looked past, each asked for again at every sweep. */
const MAX_ASIDE = 5_000;
/** A camera of which so many are refused (its folder may not be written) is left for the next sweep. */
const MAX_REFUSED_OF_CAMERA = 20;
/** Of all cameras: the fault is the store's, and a sweep makes nothing more garbage that it cannot delete. */
const MAX_REFUSED = 1_000;
/** Cameras whose days are looked up at once. */
const LENGTHENED_AT_ONCE = 500;

export interface SweptCamera {
  cameraId: string;
  /** What its inventory says (field ๙), days. */
  retentionDays: number;
}

interface Sweeping {
  catalogue: Catalogue;
  store: Pick<ObjectStore, 'delete' | 'stat'>;
  now: () => number;
  /** By which days are counted (retention-clock.ts), Unix ms; `now` where it is absent. */
  countedToMs?: number;
  /** The store does not delete it, for another reason than a hold of its own. */
  onRefused?: (recording: Recording, error: unknown) => void;
  log: (event: string, fields: Record<string, unknown>) => void;
}

/** What a sweep has asked the store to delete in vain: others go all the same. */
interface Aside {
  ids: Set<string>;
  refused: number;
  /** How many of each camera. */
  refusedOf: Map<string, number>;
}

/**
 * What inventories say is known before anything is deleted: a sweep that stops half-way must not leave a camera whose days may be
 * lowered as if they had never been more. Throws what the catalogue throws.
 */
export async function lengthenRetentions(
  catalogue: Catalogue,
  cameras: AsyncIterable<SweptCamera> | Iterable<SweptCamera>,
): Promise<void> {
  let some: SweptCamera[] = [];
  const look = async (): Promise<void> => {
    const known = await daysOf(
      catalogue,
      some.map(({ cameraId }) => cameraId),
    );
    for (const { cameraId, retentionDays } of some) {
      if ((known.get(cameraId) ?? 0) < retentionDays) {
        await lengthenRetention(catalogue, cameraId, retentionDays);
      }
    }
    some = [];
  };
  for await (const camera of cameras) {
    some.push(camera);
    if (some.length === LENGTHENED_AT_ONCE) await look();
  }
  if (some.length > 0) await look();
}

/**
 * Deletes what is older than its camera's retention and not held: row → garbage (under the lock that a hold takes),
 * object, row → deletion note. Whatever it is interrupted at, the next sweep goes on there, unless what it had marked is there still and to be
 * kept by now; what the store refuses to delete keeps nothing else. Returns how many recordings it deleted. Throws what the catalogue throws, and ObjectStoreUnavailable; what
 * was done until then stays done.
 */
export async function sweep(
  options: Sweeping,
  cameras: AsyncIterable<SweptCamera> | Iterable<SweptCamera>,
): Promise<number> {
  const { catalogue, now, countedToMs } = options;
  const aside: Aside = { ids: new Set(), refused: 0, refusedOf: new Map() };
  const mayDelete = (cameraId: string): boolean =>
    aside.refused < MAX_REFUSED && !aside.refusedOf.has(cameraId);
  await applyShortenings(catalogue, countedToMs ?? now());
  let deleted = await deleteGarbage(options, aside);
  for await (const { cameraId, retentionDays } of cameras) {
    const { days } = await lengthenRetention(catalogue, cameraId, retentionDays);
    const beforeMs = (countedToMs ?? now()) - days * DAY_MS;
    while (mayDelete(cameraId) && (await markGarbage(catalogue, cameraId, beforeMs)) > 0) {
      deleted += await deleteGarbage(options, aside, { cameraId, beforeMs });
    }
  }
  return deleted;
}

async function deleteGarbage(
  { catalogue, store, now, countedToMs, onRefused, log }: Sweeping,
  aside: Aside,
  of?: { cameraId: string; beforeMs: number },
): Promise<number> {
  let deleted = 0;
  while (aside.refused < MAX_REFUSED) {
    const found = await garbage(catalogue, BATCH + aside.ids.size, of);
    const batch = found.filter(({ id }) => !aside.ids.has(id)).slice(0, BATCH);
    for (const recording of batch) {
      // Of an earlier sweep: the store may have been away for days since it was marked.
      if (of === undefined && (await isKept(recording))) continue;
      if (!(await deleteObject(recording))) {
        aside.ids.add(recording.id);
        continue;
      }
      // Also of what an earlier process marked: its camera's rule was written before that.
      const policy = policyOf(await retentionOf(catalogue, recording.cameraId));
      await noteDeletion(catalogue, recording, { policy, deletedMs: now() });
      deleted++;
    }
    if (batch.length < BATCH || aside.ids.size > MAX_ASIDE) break;
  }
  return deleted;

  async function isKept(recording: Recording): Promise<boolean> {
    const { cameraId, startMs, endMs, objectKey: key, versionId } = recording;
    const days = (await retentionOf(catalogue, cameraId))?.days ?? 0;
    const beforeMs = (countedToMs ?? now()) - days * DAY_MS;
    const isWanted =
      endMs > beforeMs || (await holdsBetween(catalogue, cameraId, startMs, endMs)).length > 0;
    if (!isWanted) return false;
    try {
      await store.stat({ key, versionId });
    } catch (error) {
      // It went before its note was written.
      if (error instanceof ObjectMissing) return false;
      throw error;
    }
    const kept = await keepMarked(catalogue, recording, beforeMs);
    if (kept) log('recording kept after all', { cameraId, recordingId: recording.id });
    return kept;
  }

  async function deleteObject(recording: Recording): Promise<boolean> {
    const refusedOf = aside.refusedOf.get(recording.cameraId) ?? 0;
    if (refusedOf >= MAX_REFUSED_OF_CAMERA) return false;
    try {
      await store.delete({ key: recording.objectKey, versionId: recording.versionId });
      return true;
    } catch (error) {
      // All others would wait for its answer too.
      if (error instanceof ObjectStoreUnavailable) throw error;
      if (error instanceof ObjectHeld) {
        // The store holds it although the catalogue does not: somebody's own act, and not ours to undo.
        log('object is held in the store, not deleted', { recordingId: recording.id });
      } else {
        aside.refused++;
        aside.refusedOf.set(recording.cameraId, refusedOf + 1);
        onRefused?.(recording, error);
      }
      return false;
    }
  }
}
