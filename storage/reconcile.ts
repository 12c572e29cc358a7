import { DatabaseUnavailable, type Databases } from '#registry/database/database.ts';
import { camerasOf, miscountedDays, recountDay } from './catalogue/camera-days.ts';
import { recordingsOf } from './catalogue/every-recording.ts';
import { tendRecordingDays } from './catalogue/recording-days.ts';
import type { Recording } from './catalogue/recordings.ts';
import { otherSpools } from './catalogue/spools.ts';
import type { Catalogue } from './catalogue/tables.ts';
import type { Difference, ReconcileOptions, Reconciliation } from './difference.ts';
import type { ListedObject } from './objects/object-store.ts';
import { isKnown, unknownObject, wrongWithObject } from './reconcile-objects.ts';
import { giveUpSpool, lookAtSpool } from './reconcile-spool.ts';
import { RecordedElsewhere, RECORDING_TURN } from './recording-turn.ts';
import { repairLost } from './repair-lost.ts';

/** Differences that are named; further ones are counted. */
const MAX_NAMED = 1_000;
/** Below what is moved at once (registry/database/postgres-days.ts). */
const ENTERED_BEFORE_TENDING = 5_000;

/**
 * Where no gateway runs: one on another machine may. A repair has the turn of recording for as long as it takes.
 * Throws RecordedElsewhere, and what `reconcile` does.
 */
export async function reconcileAlone(
  databases: Pick<Databases, 'takeTurn'>,
  options: ReconcileOptions,
): Promise<Reconciliation> {
  if (!options.repair) return reconcile(options);
  const turn = await databases.takeTurn(RECORDING_TURN, () => {});
  try {
    if (turn.state !== 'ours') throw new RecordedElsewhere();
    return await reconcile(options);
  } finally {
    await turn.release();
  }
}

/**
 * Compares catalogue, store and spool, camera by camera, and names every difference. A repair loses no picture: an
 * object that nobody knows is entered from what it says of itself (one that was lost, if it is what was hashed then), a
 * row whose pictures are gone becomes a gap of the storage with its deletion noted, and nothing is deleted but what was
 * deleted before. What waits in another gateway's spool is left to that one, until it is given up. Throws SpoolNotKnown.
 */
export async function reconcile(options: ReconcileOptions): Promise<Reconciliation> {
  const { catalogue, store } = options;
  const result: Reconciliation = {
    recordings: 0,
    objects: 0,
    spoolFiles: 0,
    otherSpools: [],
    differences: [],
    further: 0,
  };
  const note = (difference: Difference): void => {
    if (result.differences.length < MAX_NAMED) result.differences.push(difference);
    else result.further++;
  };
  // Before the store: what is put meanwhile is then no file that nobody knows.
  await lookAtSpool(options, result, note);
  await giveUpSpool(options, note);
  result.otherSpools = await otherSpools(catalogue, options.spoolId);
  const seen = new Set<string>();
  for await (const cameraId of camerasOf(catalogue)) {
    seen.add(cameraId);
    await lookAtCamera(options, cameraId, result, note);
    await lookAtDays(options, cameraId, note);
    await tend(options);
  }
  // Objects of cameras that no row names.
  for await (const object of store.list('')) {
    const cameraId = object.key.split('/', 1)[0] ?? '';
    if (seen.has(cameraId)) continue;
    result.objects++;
    if (!(await isKnown(catalogue, object))) note(await unknownObject(options, object));
    if (result.objects % ENTERED_BEFORE_TENDING === 0) await tend(options);
  }
  return result;
}

/** Many may have been entered of days that are long over. */
async function tend({ catalogue, repair, now }: ReconcileOptions): Promise<void> {
  if (!repair) return;
  try {
    await tendRecordingDays(catalogue, now());
  } catch (error) {
    // They lie where what is of no day lies, until the next time.
    if (!(error instanceof DatabaseUnavailable)) throw error;
  }
}

async function lookAtCamera(
  options: ReconcileOptions,
  cameraId: string,
  result: Reconciliation,
  note: (difference: Difference) => void,
): Promise<void> {
  const { catalogue, store } = options;
  const objects = new Map<string, ListedObject>();
  for await (const object of store.list(`${cameraId}/`)) objects.set(object.key, object);
  result.objects += objects.size;
  const chains = new Map<string, RunChain>();
  for await (const recording of recordingsOf(catalogue, cameraId)) {
    result.recordings++;
    const about = {
      cameraId,
      recordingId: recording.id,
      objectKey: recording.objectKey,
      repaired: null,
    };
    const object = objects.get(recording.objectKey);
    objects.delete(recording.objectKey);
    if (recording.state === 'stored') {
      const kind = await wrongWithObject(options, recording, object);
      if (kind !== undefined)
        note({ ...about, kind, repaired: await repairLost(options, recording, kind) });
    }
    const isTaken =
      recording.state === 'spooled' &&
      object !== undefined &&
      (await wrongWithObject(options, recording, object)) !== undefined;
    if (isTaken) note({ ...about, kind: 'object-conflict' });
    link(chains, recording);
  }
  for (const { hashes, links } of chains.values()) {
    const named = new Set<string>();
    for (const { id: recordingId, objectKey: key, previousSha256 } of links) {
      const isItsOwn = !named.has(previousSha256);
      named.add(previousSha256);
      if (isItsOwn && hashes.has(previousSha256)) continue;
      if (isItsOwn && (await isDeletedHash(catalogue, cameraId, previousSha256))) continue;
      note({ kind: 'chain-broken', cameraId, recordingId, objectKey: key, repaired: null });
    }
  }
  for (const object of objects.values()) {
    if (!(await isKnown(catalogue, object))) note(await unknownObject(options, object));
  }
}

/** Of a run of a camera, in whatever order its recordings begin: where the gateway's clock was set back that is not theirs. */
interface RunChain {
  hashes: Set<string>;
  /** Recordings that name the one before them. What was before the first that is left may have been deleted long ago. */
  links: { id: string; objectKey: string; previousSha256: string }[];
}

function link(
  chains: Map<string, RunChain>,
  { id, objectKey: key, runId, sha256, previousSha256 }: Recording,
): void {
  const chain = chains.get(runId) ?? { hashes: new Set(), links: [] };
  const isFirst = chain.hashes.size === 0;
  chains.set(runId, chain);
  if (sha256 !== null) chain.hashes.add(sha256);
  if (previousSha256 !== null && !isFirst) chain.links.push({ id, objectKey: key, previousSha256 });
}

/** After its repairs, which count by themselves. */
async function lookAtDays(
  { catalogue, repair }: ReconcileOptions,
  cameraId: string,
  note: (difference: Difference) => void,
): Promise<void> {
  for (const day of await miscountedDays(catalogue, cameraId)) {
    if (repair) await recountDay(catalogue, cameraId, day);
    const repaired = repair ? 'counted anew' : null;
    note({ kind: 'day-miscounted', cameraId, recordingId: day, objectKey: null, repaired });
  }
}

/** Reads all of a camera's deletions: at most once for each run and each place where something is missing. */
async function isDeletedHash(
  catalogue: Catalogue,
  cameraId: string,
  sha256: string,
): Promise<boolean> {
  const row = await catalogue
    .selectFrom('deletions')
    .select('recording_id')
    .where('camera_id', '=', cameraId)
    .where('sha256', '=', sha256)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}
