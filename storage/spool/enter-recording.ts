import { noteFound } from '../catalogue/deletion.ts';
import { spoolPath } from '../catalogue/object-key.ts';
import { insertOpened, markSpooled } from '../catalogue/recordings.ts';
import type { Catalogue } from '../catalogue/tables.ts';
import { sha256OfFile } from '../objects/file-hash.ts';
import { encodeFragments, fragmentEndMs } from './fragment-index.ts';
import type { ReadRecording } from './spool-reader.ts';

/**
 * A whole recording that its file alone tells of, into the catalogue: its row is `spooled`, and a note that it was lost is taken
 * back. `path` holds what `read` was read from and nothing after it. Repeating it is harmless.
 */
export async function enterRecording(
  catalogue: Catalogue,
  path: string,
  read: ReadRecording,
): Promise<void> {
  const { head, initBytes, headBytes, fragments, byteLength } = read;
  const last = fragments.at(-1);
  await insertOpened(catalogue, [{ ...head, path: spoolPath(head), initBytes, headBytes }]);
  await noteFound(catalogue, head);
  await markSpooled(catalogue, [
    {
      recordingId: head.recordingId,
      cameraId: head.cameraId,
      startMs: head.startMs,
      endMs: last === undefined ? head.startMs : Math.round(fragmentEndMs(last)),
      byteLength,
      sha256: await sha256OfFile(path),
      fragmentIndex: encodeFragments(fragments),
      fragments: fragments.length,
      endReason: 'recovered',
    },
  ]);
}
