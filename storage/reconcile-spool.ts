import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { waitingIn } from './catalogue/every-recording.ts';
import { recordingIdOf, spoolPath } from './catalogue/object-key.ts';
import { recordingById, removeLost } from './catalogue/recordings.ts';
import type { Catalogue } from './catalogue/tables.ts';
import type { Difference, ReconcileOptions, Reconciliation } from './difference.ts';
import { isNotWhatWasLost } from './found-again.ts';
import { repairLost } from './repair-lost.ts';
import { accountForRefused } from './spool/left-files.ts';
import { recoverSpool } from './spool/recover-spool.ts';

/** What waits for the store: rows and files of this spool, and rows of one that is given up. */

/** It is no other gateway's spool in which anything waits. */
export class SpoolNotKnown extends Error {
  readonly code = 'spool_not_known';
  constructor(spoolId: string) {
    super(`nothing waits in the spool ${spoolId} of another gateway`);
  }
}

export async function lookAtSpool(
  options: ReconcileOptions,
  result: Reconciliation,
  note: (difference: Difference) => void,
): Promise<void> {
  const { catalogue, spoolFolder, spoolId, repair, isOpen, newId } = options;
  const files = new Set<string>();
  const wrong: Difference[] = [];
  for (const cameraId of namesIn(spoolFolder)) {
    for (const name of namesIn(join(spoolFolder, cameraId))) {
      const recordingId = recordingIdOf(name);
      if (recordingId === undefined) continue;
      files.add(recordingId);
      if (isOpen(recordingId)) continue;
      const row = await recordingById(catalogue, recordingId);
      const about = { cameraId, recordingId, objectKey: null, repaired: null };
      const path = join(spoolFolder, cameraId, name);
      if (row === undefined && (await isChanged(catalogue, recordingId, path)))
        note({ ...about, kind: 'spool-file-corrupt' });
      else if (row === undefined) wrong.push({ ...about, kind: 'spool-file-unknown' });
      else if (row.state === 'stored') wrong.push({ ...about, kind: 'spool-file-left' });
      else if (row.spoolId !== spoolId) wrong.push({ ...about, kind: 'spool-file-unknown' });
    }
  }
  result.spoolFiles = files.size;
  for await (const recording of waitingIn(catalogue, spoolId)) {
    const { id, cameraId } = recording;
    const path = join(spoolFolder, spoolPath({ cameraId, recordingId: id }));
    if (isOpen(id) || files.has(id) || statSync(path, { throwIfNoEntry: false })) continue;
    // Put, and not noted yet.
    if ((await recordingById(catalogue, id))?.state === 'stored') continue;
    const repaired = await repairLost(options, recording, 'spool-file-missing');
    note({ kind: 'spool-file-missing', cameraId, recordingId: id, objectKey: null, repaired });
  }
  const refused = new Set<string>();
  if (repair && wrong.length > 0) {
    const { left } = await recoverSpool(catalogue, spoolFolder, isOpen, spoolId);
    await accountForRefused(catalogue, left, newId);
    for (const { recordingId } of left) refused.add(recordingId);
  }
  for (const difference of wrong) {
    if (refused.has(difference.recordingId)) note({ ...difference, kind: 'spool-file-refused' });
    else note({ ...difference, repaired: repair ? 'recovered or removed' : null });
  }
}

/** Who said so knows that its gateway, or its disk, does not come back. What was found again after all would be entered. */
export async function giveUpSpool(
  options: ReconcileOptions,
  note: (difference: Difference) => void,
): Promise<void> {
  const { catalogue, repair, giveUp } = options;
  if (giveUp === undefined || !repair) return;
  let found = 0;
  if (giveUp !== options.spoolId) {
    for await (const recording of waitingIn(catalogue, giveUp)) {
      found++;
      const { id, cameraId, state } = recording;
      let repaired: string | null = 'never whole: its row is removed';
      // From its beginning on its camera's time lies in a gap already.
      if (state === 'open') await removeLost(catalogue, recording);
      else repaired = await repairLost(options, recording, 'spool-given-up');
      note({ kind: 'spool-given-up', cameraId, recordingId: id, objectKey: null, repaired });
    }
  }
  if (found === 0) throw new SpoolNotKnown(giveUp);
}

async function isChanged(
  catalogue: Catalogue,
  recordingId: string,
  path: string,
): Promise<boolean> {
  try {
    return await isNotWhatWasLost(catalogue, recordingId, path);
  } catch (error) {
    // It cannot be read, or is gone: nobody knows, and recovery is to say why.
    if (error instanceof Error && 'syscall' in error) return false;
    throw error;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch {
    // Removed meanwhile, or a file.
    return [];
  }
}
