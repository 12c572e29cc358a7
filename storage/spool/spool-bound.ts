import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { spoolPath } from '../catalogue/object-key.ts';
import { dropSpooled, spooledUse, unheldSpooled } from '../catalogue/spooled.ts';
import type { SpoolId } from '../catalogue/spools.ts';
import type { Catalogue } from '../catalogue/tables.ts';

/** How much may wait for a store that is away, and for how long once it has been away for that long. What is held is beyond both. */
export interface SpoolBounds {
  maxBytes: number;
  maxAgeMs: number;
}

/** Recordings that wait to be put. */
export interface SpoolUse {
  recordings: number;
  byteLength: number;
  /** Unix ms; undefined when none waits. */
  oldestStartMs: number | undefined;
}

/** What is to be dropped is asked for in pieces of this many. */
const BATCH = 100;
/** Of what waits, so much is left when the disk is full before the spool is at its bound. */
const LEFT_SHARE = 0.9;

/**
 * Keeps the spool within its bounds: drops the oldest recordings that no hold keeps, each in one transaction with
 * its gap and the note of its deletion. Who cannot reach the catalogue does not know what is held, and drops nothing:
 * it throws DatabaseUnavailable before a file is touched. `diskFull`: what there is now is the bound.
 */
export async function keepSpoolWithin(options: {
  catalogue: Catalogue;
  spoolFolder: string;
  spoolId?: SpoolId;
  bounds: SpoolBounds;
  /** What waits and began before it is left for another time. */
  sinceMs: number;
  diskFull: boolean;
  now: () => number;
  newId: () => string;
}): Promise<{ use: SpoolUse; dropped: number }> {
  const { catalogue, bounds, sinceMs, spoolId, now } = options;
  const use = await spooledUse(catalogue, sinceMs, spoolId);
  const maxBytes = options.diskFull
    ? Math.min(bounds.maxBytes, use.byteLength * LEFT_SHARE)
    : bounds.maxBytes;
  const oldestMs = now() - bounds.maxAgeMs;
  let dropped = 0;
  while (use.recordings > 0) {
    const isOver = (startMs: number): boolean => use.byteLength > maxBytes || startMs < oldestMs;
    if (!isOver(use.oldestStartMs ?? Number.POSITIVE_INFINITY)) break;
    const batch = await unheldSpooled(catalogue, BATCH, sinceMs, spoolId);
    let progressed = false;
    for (const recording of batch) {
      if (!isOver(recording.startMs)) break;
      const reason = use.byteLength > maxBytes ? 'spool-full' : 'spool-too-old';
      const isDropped = await dropSpooled(catalogue, recording, {
        gapId: options.newId(),
        reason,
        deletedMs: now(),
      });
      if (!isDropped) continue;
      await removeFile(join(options.spoolFolder, spoolPath(fileOf(recording))));
      use.recordings--;
      use.byteLength -= recording.byteLength;
      dropped++;
      progressed = true;
    }
    // What is left is held, or young and small enough.
    if (!progressed || batch.length < BATCH) break;
  }
  return { use: dropped === 0 ? use : await spooledUse(catalogue, sinceMs, spoolId), dropped };
}

function fileOf({ id, cameraId }: { id: string; cameraId: string }): {
  cameraId: string;
  recordingId: string;
} {
  return { cameraId, recordingId: id };
}

/** What is left after a crash here, recovery knows as deleted. */
async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}
