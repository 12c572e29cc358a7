import { existsSync, readdirSync, rmSync, statSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { DatabaseUnavailable, DiskFull } from '#registry/database/database.ts';
import { wasDeleted } from '../catalogue/deletion.ts';
import { spoolPath } from '../catalogue/object-key.ts';
import {
  LONGEST_RECORDING_MS,
  recordingById,
  recordingsBetween,
  recordingsIn,
  removeLost,
  type Recording,
} from '../catalogue/recordings.ts';
import { takeIntoSpool, type SpoolId } from '../catalogue/spools.ts';
import type { Catalogue, RecordingState } from '../catalogue/tables.ts';
import { isNotWhatWasLost } from '../found-again.ts';
import { sha256OfFile } from '../objects/file-hash.ts';
import { rotationMs } from '../rotation.ts';
import { accountFor, enterRecording, SPOOL_DAMAGED, spanOf } from './enter-recording.ts';
import { keepWhole, readRecording, type ReadRecording } from './spool-reader.ts';
import { HOLE_MS } from './stretches.ts';

/** Open rows read at once. */
const BATCH = 500;
/** Files that are left where they lie; one more that cannot be entered, and the fault is not theirs: it is thrown. */
const MAX_LEFT = 1_000;
/** Of rows: their spool files have only to be removed. */
const IS_DONE = new Set<RecordingState>(['stored', 'garbage']);
/** Whatever file it is that is opened, read or written, it would be so with the next one. */
const OF_ALL_FILES = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EMFILE', 'ENFILE']);

export interface RecoveredSpool {
  /** Recordings that their process left open, and that are whole now; and those that were moved here from another spool. */
  recovered: number;
  /** Bytes that were torn off their ends. */
  tornBytes: number;
  /** Files and rows without a picture, removed. */
  empty: number;
  /** Files that are not entered, and kept as they are for somebody to look at: the first MAX_LEFT. */
  left: LeftFile[];
}

export interface LeftFile {
  cameraId: string;
  recordingId: string;
  byteLength: number;
  why:
    | {
        /** It was taken for lost, or lies in another spool, and holds other bytes than were hashed then. */
        kind: 'changed';
      }
    | {
        /** It cannot be read, or removed, or the catalogue does not take what it says. */
        kind: 'refused';
        error: unknown;
        /**
         * What there are pictures of: as it says itself, or, where it cannot be read, from where its row begins to when it was
         * written last. Undefined: nobody knows, or it is stored.
         */
        span: { startMs: number; endMs: number } | undefined;
      };
}

/**
 * Finishes what a process that died had begun: cuts torn tails and what is damaged off, enters files that the catalogue does not know,
 * and takes rows out whose files hold no picture. What is found again must be what was lost. A file that cannot be entered holds
 * up no other. Repeating it is harmless, and tries those again. `isOpen` names recordings that a live recorder has open: they
 * are left alone. So are rows of other spools, unless their files are here: moved by somebody.
 */
export async function recoverSpool(
  catalogue: Catalogue,
  spoolFolder: string,
  isOpen: (recordingId: string) => boolean = () => false,
  spoolId: SpoolId = null,
): Promise<RecoveredSpool> {
  const sum: RecoveredSpool = { recovered: 0, tornBytes: 0, empty: 0, left: [] };
  /** Of files of which more was written than is whole: when that ends. */
  const torn: { cameraId: string; endMs: number }[] = [];
  for (const file of spoolFiles(spoolFolder)) {
    const { cameraId, recordingId } = file;
    if (isOpen(recordingId)) continue;
    const path = join(spoolFolder, spoolPath(file));
    const row = await recordingById(catalogue, recordingId);
    if (row?.state === 'spooled' && row.spoolId === spoolId) continue;
    // Stored: only the spool file's removal was left to do. Given up at the bound of the spool: so is its file.
    const isDone =
      row === undefined ? await wasDeleted(catalogue, recordingId) : IS_DONE.has(row.state);
    let read: ReadRecording | undefined;
    try {
      if (isDone) {
        rmSync(path, { force: true });
        continue;
      }
      if (row?.state === 'spooled') {
        // Moved here; one that somebody copied in part is whole in the other.
        if ((await sha256OfFile(path)) === row.sha256) {
          await takeIntoSpool(catalogue, spoolId, row);
          sum.recovered++;
        } else leave(sum, { ...file, byteLength: byteLengthOf(path), why: { kind: 'changed' } });
        continue;
      }
      if (await isNotWhatWasLost(catalogue, recordingId, path)) {
        leave(sum, { ...file, byteLength: byteLengthOf(path), why: { kind: 'changed' } });
        continue;
      }
      read = readRecording(path);
      const isIts = read?.head.recordingId === recordingId && read.head.cameraId === cameraId;
      if (read === undefined || !isIts || read.fragments.length === 0) {
        if (row !== undefined && row.spoolId === spoolId) await removeLost(catalogue, row);
        rmSync(path, { force: true });
        sum.empty++;
        continue;
      }
      const whole = keepWhole(path, read);
      await enterRecording(catalogue, path, whole, spoolId);
      if (read.fileBytes > read.byteLength) torn.push({ cameraId, endMs: spanOf(whole).endMs });
      sum.recovered++;
      sum.tornBytes += read.fileBytes - whole.byteLength;
    } catch (error) {
      // The uploader stores and removes files beside this: what is gone is not left.
      if (isMissingFile(error)) continue;
      if (!isOfTheFile(error) || sum.left.length >= MAX_LEFT) throw error;
      const ofRow = row?.state === 'open' ? writtenSpan(row, path) : undefined;
      const span = read === undefined ? ofRow : spanOf(read);
      const why = { kind: 'refused', error, span } as const;
      leave(sum, { ...file, byteLength: byteLengthOf(path), why });
      continue;
    }
  }
  const refused = new Set(sum.left.map(({ recordingId }) => recordingId));
  sum.empty += await removeRows(catalogue, spoolId, ({ id, cameraId }) => {
    if (isOpen(id)) return false;
    // One that is there belongs to a recorder that died meanwhile, and another recovery may be entering it.
    return (
      refused.has(id) || !existsSync(join(spoolFolder, spoolPath({ cameraId, recordingId: id })))
    );
  });
  for (const { cameraId, endMs } of torn) await accountForTorn(catalogue, cameraId, endMs);
  return sum;
}

/** Up to what was recorded next; where nothing was, whoever tells of that knows from when on. */
async function accountForTorn(
  catalogue: Catalogue,
  cameraId: string,
  startMs: number,
): Promise<void> {
  const among = await recordingsBetween(
    catalogue,
    cameraId,
    startMs,
    startMs + LONGEST_RECORDING_MS,
  );
  const next = among.find((recording) => recording.startMs >= startMs);
  if (next === undefined || next.startMs - startMs <= HOLE_MS) return;
  const why = { cause: 'storage' as const, detail: SPOOL_DAMAGED };
  await accountFor(catalogue, { cameraId, startMs, endMs: next.startMs, ...why });
}

function leave({ left }: RecoveredSpool, file: LeftFile): void {
  if (left.length < MAX_LEFT) left.push(file);
}

/** What does not answer now, or has no room, is no fault of the file that was being entered. */
function isOfTheFile(error: unknown): boolean {
  if (error instanceof DatabaseUnavailable || error instanceof DiskFull) return false;
  return !(error instanceof Error && 'code' in error && OF_ALL_FILES.has(String(error.code)));
}

function byteLengthOf(path: string): number {
  return statOf(path)?.size ?? 0;
}

/** A file that does not even say when it was written was to end with its minute. */
function writtenSpan(
  { cameraId, startMs }: Recording,
  path: string,
): { startMs: number; endMs: number } {
  const writtenMs = statOf(path)?.mtimeMs ?? rotationMs(cameraId, startMs);
  const endMs = Math.min(Math.max(startMs, Math.round(writtenMs)), startMs + LONGEST_RECORDING_MS);
  return { startMs, endMs };
}

/** What cannot be read may not say of itself what it is either. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

/** Open rows that are left have no file (it was lost with the power before its first sync), or one that was refused. */
async function removeRows(
  catalogue: Catalogue,
  spoolId: SpoolId,
  isLost: (recording: Recording) => boolean,
): Promise<number> {
  let removed = 0;
  for (;;) {
    const open = await recordingsIn(catalogue, 'open', BATCH, { spoolId });
    const left = open.filter(isLost);
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
    if (isMissingFile(error)) return [];
    throw error;
  }
}

function isMissingFile(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
