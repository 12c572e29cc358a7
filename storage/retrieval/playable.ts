import { fragmentIndexes, recordingsBetween, type Recording } from '../catalogue/recordings.ts';
import type { SpoolId } from '../catalogue/spools.ts';
import type { Catalogue } from '../catalogue/tables.ts';
import type { OpenRecordings } from '../open-recordings.ts';
import { decodeFragments, fragmentEndMs, type Fragment } from '../spool/fragment-index.ts';

/** A recording, and those of its fragments that a range needs. */
export interface PlayableRecording {
  recording: Recording;
  fragments: readonly Fragment[];
}

/** No picture was recorded within the range. */
export class NothingRecorded extends Error {
  readonly code = 'nothing_recorded';
  constructor(fromMs: number, toMs: number) {
    super(
      `nothing is recorded from ${new Date(fromMs).toISOString()} to ${new Date(toMs).toISOString()}`,
    );
  }
}

/** What was recorded within the range waits in the spool of another gateway. */
export class NotStoredYet extends Error {
  readonly code = 'not_stored_yet';
  constructor() {
    super('it waits on the machine that recorded it, and can be played here when it is stored');
  }
}

/**
 * What has to be played for a range, oldest first. It begins at the random access point at or before `fromMs`, or at
 * the first picture after it. What waits in another spool is left out. Throws NothingRecorded, NotStoredYet.
 */
export async function playable(
  catalogue: Catalogue,
  open: OpenRecordings,
  cameraId: string,
  { fromMs, toMs }: { fromMs: number; toMs: number },
  spoolId: SpoolId = null,
): Promise<PlayableRecording[]> {
  const all = await recordingsBetween(catalogue, cameraId, fromMs, toMs);
  const recordings = all.filter(
    (recording) => recording.state === 'stored' || recording.spoolId === spoolId,
  );
  const closed = recordings.filter(({ id }) => open.fragments(id) === undefined);
  const indexes = await fragmentIndexes(catalogue, closed);
  const found: PlayableRecording[] = [];
  for (const recording of recordings) {
    const index = indexes.get(recording.id);
    const known =
      open.fragments(recording.id) ?? (index === undefined ? [] : decodeFragments(index));
    const fragments = within(known, fromMs, toMs);
    if (fragments.length > 0) found.push({ recording, fragments });
  }
  if (found.length === 0) {
    throw recordings.length < all.length ? new NotStoredYet() : new NothingRecorded(fromMs, toMs);
  }
  return found;
}

function within(fragments: readonly Fragment[], fromMs: number, toMs: number): Fragment[] {
  let first = fragments.findIndex((fragment) => fragmentEndMs(fragment) > fromMs);
  if (first < 0) return [];
  while (first > 0 && fragments[first]?.independent === false) first--;
  const end = fragments.findIndex((fragment) => fragment.startMs >= toMs);
  return fragments.slice(first, end < 0 ? fragments.length : end);
}
