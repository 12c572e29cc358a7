import { noteFound } from '../catalogue/deletion.ts';
import { cutGaps } from '../catalogue/gaps.ts';
import { spoolPath } from '../catalogue/object-key.ts';
import { insertOpened, markSpooled } from '../catalogue/recordings.ts';
import { takeIntoSpool, type SpoolId } from '../catalogue/spools.ts';
import type { Catalogue } from '../catalogue/tables.ts';
import { sha256OfFile } from '../objects/file-hash.ts';
import { encodeFragments, fragmentEndMs } from './fragment-index.ts';
import type { ReadRecording } from './spool-reader.ts';
import { stretches } from './stretches.ts';

/**
 * A whole recording that its file alone tells of, into the catalogue: its row is `spooled`, a note that it was lost is taken
 * back, it lies in the given spool, and no gap lies over its pictures. `path` holds what `read` was read from and nothing after it. Repeating it is harmless.
 */
export async function enterRecording(
  catalogue: Catalogue,
  path: string,
  read: ReadRecording,
  spoolId: SpoolId = null,
): Promise<void> {
  const { head, initBytes, headBytes, fragments, byteLength } = read;
  await insertOpened(
    catalogue,
    [{ ...head, path: spoolPath(head), initBytes, headBytes }],
    spoolId,
  );
  // A row that was there may say otherwise.
  await takeIntoSpool(catalogue, spoolId, { id: head.recordingId, startMs: head.startMs });
  await noteFound(catalogue, head);
  await cutGaps(catalogue, head.cameraId, stretches(fragments));
  await markSpooled(catalogue, [
    {
      recordingId: head.recordingId,
      cameraId: head.cameraId,
      ...spanOf(read),
      byteLength,
      sha256: await sha256OfFile(path),
      fragmentIndex: encodeFragments(fragments),
      fragments: fragments.length,
      endReason: 'recovered',
    },
  ]);
}

/** What there are pictures of. */
export function spanOf({ head: { startMs }, fragments }: ReadRecording): {
  startMs: number;
  endMs: number;
} {
  const last = fragments.at(-1);
  return { startMs, endMs: last === undefined ? startMs : Math.round(fragmentEndMs(last)) };
}
