import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { wasDeleted } from '../catalogue/deletion.ts';
import { spoolPath } from '../catalogue/object-key.ts';
import { recordingById, recordingsIn, removeLost } from '../catalogue/recordings.ts';
import type { Catalogue } from '../catalogue/tables.ts';
import { isNotWhatWasLost } from '../found-again.ts';
import { enterRecording } from './enter-recording.ts';
import { cutTorn, readRecording } from './spool-reader.ts';

/** Open rows read at once. */
const BATCH = 500;

export interface RecoveredSpool {
  /** Recordings that their process left open, and that are whole now. */
  recovered: number;
  /** Bytes that were torn off their ends. */
  tornBytes: number;
  /** Files and rows without a picture, removed. */
  empty: number;
  /** Files of recordings that were taken for lost, with other bytes than were hashed: left as they are, and not entered. */
  changed: number;
}

/**
 * Finishes what a process that died had begun: cuts torn tails off, enters files that the catalogue does not know,
 * and takes rows out whose files hold no picture. What is found again must be what was lost. Repeating it is harmless. `isOpen` names recordings that a live
 * recorder has open: they are left alone.
 */
export async function recoverSpool(
  catalogue: Catalogue,
  spoolFolder: string,
  isOpen: (recordingId: string) => boolean = () => false,
): Promise<RecoveredSpool> {
  const sum: RecoveredSpool = { recovered: 0, tornBytes: 0, empty: 0, changed: 0 };
  for (const { cameraId, recordingId } of spoolFiles(spoolFolder)) {
    if (isOpen(recordingId)) continue;
    const path = join(spoolFolder, spoolPath({ cameraId, recordingId }));
    const row = await recordingById(catalogue, recordingId);
    if (row?.state === 'spooled') continue;
    if (row !== undefined && row.state !== 'open') {
      // Stored: only the spool file's removal was left to do.
      rmSync(path);
      continue;
    }
    if (row === undefined && (await wasDeleted(catalogue, recordingId))) {
      // Given up at the bound of the spool; so is its file.
      rmSync(path);
      continue;
    }
    if (await isNotWhatWasLost(catalogue, recordingId, path)) {
      sum.changed++;
      continue;
    }
    const read = readRecording(path);
    const isIts = read?.head.recordingId === recordingId && read.head.cameraId === cameraId;
    if (read === undefined || !isIts || read.fragments.length === 0) {
      if (row !== undefined) await removeLost(catalogue, row);
      rmSync(path);
      sum.empty++;
      continue;
    }
    cutTorn(path, read.byteLength);
    await enterRecording(catalogue, path, read);
    sum.recovered++;
    sum.tornBytes += read.fileBytes - read.byteLength;
  }
  sum.empty += await removeRowsWithoutFile(catalogue, isOpen);
  return sum;
}

/** Open rows that are left had no file: it was lost with the power before its first sync. */
async function removeRowsWithoutFile(
  catalogue: Catalogue,
  isOpen: (recordingId: string) => boolean,
): Promise<number> {
  let removed = 0;
  for (;;) {
    const open = await recordingsIn(catalogue, 'open', BATCH);
    const left = open.filter(({ id }) => !isOpen(id));
    for (const recording of left) await removeLost(catalogue, recording);
    removed += left.length;
    if (left.length === 0 || open.length < BATCH) return removed;
  }
}

const FILE = /^([0-9a-f-]{36})\.mp4$/;
const FOLDER = /^[0-9a-f-]{36}$/;

function* spoolFiles(folder: string): Generator<{ cameraId: string; recordingId: string }> {
  for (const cameraId of namesIn(folder)) {
    if (!FOLDER.test(cameraId)) continue;
    for (const name of namesIn(join(folder, cameraId))) {
      const recordingId = FILE.exec(name)?.[1];
      if (recordingId !== undefined) yield { cameraId, recordingId };
    }
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
