import { garbage, markGarbage, noteDeletion } from './catalogue/deletion.ts';
import type { Recording } from './catalogue/recordings.ts';
import { lengthenRetention, policyOf, retentionOf } from './catalogue/retentions.ts';
import { applyShortenings } from './catalogue/shortenings.ts';
import type { Catalogue } from './catalogue/tables.ts';
import { ObjectHeld, type ObjectStore } from './objects/object-store.ts';

const DAY_MS = 86_400_000;
/** Objects deleted in a row before others get their turn at the catalogue. */
const BATCH = 200;
/** Objects of a camera that the store holds and the catalogue does not: so many are looked past, each asked for again at every sweep. */
const MAX_HELD = 5_000;

export interface SweptCamera {
  cameraId: string;
  /** What its inventory says (field ๙), days. */
  retentionDays: number;
}

/**
 * Deletes what is older than its camera's retention and not held: row → garbage (under the lock that a hold takes),
 * object, row → deletion note. Whatever it is interrupted at, the next sweep goes on there. Returns how many
 * recordings it deleted. Throws what the catalogue and the store throw; what was done until then stays done.
 */
export async function sweep(
  options: {
    catalogue: Catalogue;
    store: Pick<ObjectStore, 'delete'>;
    now: () => number;
    /** By which days are counted (retention-clock.ts), Unix ms; `now` where it is absent. */
    countedToMs?: number;
    log: (event: string, fields: Record<string, unknown>) => void;
  },
  cameras: AsyncIterable<SweptCamera> | Iterable<SweptCamera>,
): Promise<number> {
  const { catalogue, now, countedToMs } = options;
  await applyShortenings(catalogue, countedToMs ?? now());
  let deleted = await deleteGarbage(options);
  for await (const { cameraId, retentionDays } of cameras) {
    const { days } = await lengthenRetention(catalogue, cameraId, retentionDays);
    const beforeMs = (countedToMs ?? now()) - days * DAY_MS;
    while ((await markGarbage(catalogue, cameraId, beforeMs)) > 0) {
      deleted += await deleteGarbage(options, { cameraId, beforeMs });
    }
  }
  return deleted;
}

async function deleteGarbage(
  options: Parameters<typeof sweep>[0],
  of?: { cameraId: string; beforeMs: number },
): Promise<number> {
  const { catalogue, store, now } = options;
  let deleted = 0;
  // What the store does not let go stays, and others go all the same.
  const held = new Set<string>();
  for (;;) {
    const found = await garbage(catalogue, BATCH + held.size, of);
    const batch = found.filter(({ id }) => !held.has(id));
    for (const recording of batch) {
      if (!(await deleteObject(options, recording))) {
        held.add(recording.id);
        continue;
      }
      // Also of what an earlier process marked: its camera's rule was written before that.
      const retention = await retentionOf(catalogue, recording.cameraId);
      const policy = retention === undefined ? 'unknown' : policyOf(retention);
      await noteDeletion(catalogue, recording, { policy, deletedMs: now() });
      deleted++;
    }
    if (batch.length < BATCH || held.size > MAX_HELD) return deleted;
  }

  async function deleteObject(
    { log }: Parameters<typeof sweep>[0],
    recording: Recording,
  ): Promise<boolean> {
    try {
      await store.delete({ key: recording.objectKey, versionId: recording.versionId });
      return true;
    } catch (error) {
      // The store holds it although the catalogue does not: somebody's own act, and not ours to undo.
      if (!(error instanceof ObjectHeld)) throw error;
      log('object is held in the store, not deleted', { recordingId: recording.id });
      return false;
    }
  }
}
