import { createHash } from 'node:crypto';
import { createWriteStream, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { SelectQueryBuilder } from 'kysely';
import { DatabaseUnavailable, type Databases } from '#registry/database/database.ts';
import { camerasOf, miscountedDays, recountDay } from './catalogue/camera-days.ts';
import { noteDeletion, wasDeleted } from './catalogue/deletion.ts';
import { gapsBetween, insertGap } from './catalogue/gaps.ts';
import { objectKey, spoolPath } from './catalogue/object-key.ts';
import { tendRecordingDays } from './catalogue/recording-days.ts';
import {
  isUnsettled,
  markStored,
  recordingById,
  recordingOf,
  removeLost,
  type Recording,
} from './catalogue/recordings.ts';
import { inSpool, otherSpools, type OtherSpool, type SpoolId } from './catalogue/spools.ts';
import type { Catalogue, CatalogueTables, RecordingTable } from './catalogue/tables.ts';
import { isNotWhatWasLost } from './found-again.ts';
import {
  ObjectHeld,
  ObjectMissing,
  type ListedObject,
  type ObjectStore,
} from './objects/object-store.ts';
import { enterRecording } from './spool/enter-recording.ts';
import { accountForRefused } from './spool/left-files.ts';
import { recoverSpool } from './spool/recover-spool.ts';
import { readRecording } from './spool/spool-reader.ts';

/** One gateway at a time records, of those that share a database. */
export const RECORDING_TURN = 'recording';
/** Differences that are named; further ones are counted. */
const MAX_NAMED = 1_000;
const PAGE = 1_000;
/** Below what is moved at once (registry/database/postgres-days.ts). */
const ENTERED_BEFORE_TENDING = 5_000;

export type DifferenceKind =
  /** A row says that it is stored, and it is not. */
  | 'object-missing'
  /** The object is not as long as its row says. */
  | 'object-length'
  /** `deep`: its bytes are not those that were hashed. Of one that was taken for lost and is there again at a repair too. */
  | 'object-corrupt'
  /** No row knows the object. */
  | 'object-unknown'
  /** It was deleted, and is there. */
  | 'object-undeleted'
  /** A row waits to be put, and another object lies where it is to go (`deep`: also one of the same length). */
  | 'object-conflict'
  /** A row waits to be put, and its file is not there. */
  | 'spool-file-missing'
  /** No row knows the spool file, or its row says that it lies in another spool. */
  | 'spool-file-unknown'
  /** It was taken for lost, and the bytes of its file are not those that were hashed. */
  | 'spool-file-corrupt'
  /** At a repair: it cannot be read, or the catalogue does not take what it says. */
  | 'spool-file-refused'
  /** `giveUp`: it waits in the spool that is given up. */
  | 'spool-given-up'
  /** It is stored, and its spool file was not removed. */
  | 'spool-file-left'
  /** The recording before it in its run is not the one that it names. */
  | 'chain-broken'
  /** What is counted of a camera's day is not what its rows say: the sums of what is used are wrong, and whether a day was sealed whole. */
  | 'day-miscounted';

export interface Difference {
  kind: DifferenceKind;
  cameraId: string;
  /** Of `day-miscounted`: the day. */
  recordingId: string;
  objectKey: string | null;
  /** What was done about it, or null. */
  repaired: string | null;
}

export interface Reconciliation {
  recordings: number;
  objects: number;
  spoolFiles: number;
  /** What waits in those of other gateways: it is looked at there. */
  otherSpools: OtherSpool[];
  differences: Difference[];
  /** Beyond those named. */
  further: number;
}

export interface ReconcileOptions {
  catalogue: Catalogue;
  store: ObjectStore;
  spoolFolder: string;
  spoolId: SpoolId;
  /** A live recorder has it open. */
  isOpen: (recordingId: string) => boolean;
  newId: () => string;
  now: () => number;
  /** Mend what can be mended. */
  repair: boolean;
  /** With `repair`: what waits in this spool of another gateway is taken for lost, for that one does not come back. */
  giveUp?: string | undefined;
  /** Read and hash every object too. */
  deep: boolean;
}

/** Another gateway on this database records: one at a time changes what is known. */
export class RecordedElsewhere extends Error {
  readonly code = 'recorded_elsewhere';
  constructor() {
    super('another gateway on this database records: repair there');
  }
}

/** It is no other gateway's spool in which anything waits. */
export class SpoolNotKnown extends Error {
  readonly code = 'spool_not_known';
  constructor(spoolId: string) {
    super(`nothing waits in the spool ${spoolId} of another gateway`);
  }
}

/** A gateway whose turn it is, or may be, and that does not record now: what it repaired another might be recording. */
export class RecordingNotBegun extends Error {
  readonly code = 'recording_not_begun';
  constructor(why: string, options?: ErrorOptions) {
    super(`${why}: repair when it records`, options);
  }
}

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

/** Put since the rows were read. */
async function isKnown(catalogue: Catalogue, { key }: ListedObject): Promise<boolean> {
  const id = idOf(key);
  const row = id === undefined ? undefined : await recordingById(catalogue, id);
  return row?.objectKey === key;
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

function recordingsOf(catalogue: Catalogue, cameraId: string): AsyncGenerator<Recording> {
  return paged(catalogue.selectFrom('recordings').selectAll().where('camera_id', '=', cameraId));
}

/** What is not stored yet of a spool: of a store that is long away, many. */
function waiting(catalogue: Catalogue, spoolId: SpoolId): AsyncGenerator<Recording> {
  const query = catalogue
    .selectFrom('recordings')
    .selectAll()
    .where(isUnsettled)
    .where(inSpool(spoolId));
  return paged(query.where('state', 'in', ['spooled', 'open']));
}

async function* paged(
  query: SelectQueryBuilder<CatalogueTables, 'recordings', RecordingTable>,
): AsyncGenerator<Recording> {
  let after = { startMs: -1, id: '' };
  for (;;) {
    const rows = await query
      // Said by the next condition too, but not so that days are left out by it.
      .where('start_ms', '>=', after.startMs)
      .where((where) =>
        where.or([
          where('start_ms', '>', after.startMs),
          where.and([where('start_ms', '=', after.startMs), where('id', '>', after.id)]),
        ]),
      )
      .orderBy('start_ms')
      .orderBy('id')
      .limit(PAGE)
      .execute();
    for (const row of rows) yield recordingOf(row);
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE) return;
    after = { startMs: last.start_ms, id: last.id };
  }
}

async function wrongWithObject(
  { store, deep }: ReconcileOptions,
  recording: Recording,
  listed: ListedObject | undefined,
): Promise<DifferenceKind | undefined> {
  // It may have been put after the list was read.
  const object = listed ?? (await statOf(store, recording));
  if (object === undefined) return 'object-missing';
  if (object.byteLength !== recording.byteLength) return 'object-length';
  if (!deep) return undefined;
  const hash = createHash('sha256');
  const reference = { key: recording.objectKey, versionId: recording.versionId };
  await pipeline(await store.read(reference, { start: 0, end: recording.byteLength }), hash);
  return hash.digest('hex') === recording.sha256 ? undefined : 'object-corrupt';
}

async function statOf(
  store: ObjectStore,
  { objectKey: key, versionId }: Recording,
): Promise<{ byteLength: number } | undefined> {
  try {
    return await store.stat({ key, versionId });
  } catch (error) {
    if (error instanceof ObjectMissing) return undefined;
    throw error;
  }
}

const GONE = new Set(['object-missing', 'spool-file-missing', 'spool-given-up']);

/** Its time is a gap from now on. Of a damaged object the row and all that is left stay: somebody may want to look. */
async function repairLost(
  { catalogue, repair, newId, now }: ReconcileOptions,
  recording: Recording,
  detail: string,
): Promise<string | null> {
  if (!repair) return null;
  const { cameraId, startMs, endMs } = recording;
  const isGone = GONE.has(detail);
  if (isGone) await noteDeletion(catalogue, recording, { policy: detail, deletedMs: now() });
  const known = await gapsBetween(catalogue, cameraId, startMs, endMs);
  if (known.some((gap) => gap.startMs === startMs && gap.detail === detail)) return null;
  const recordingId = isGone ? null : recording.id;
  const gap = { cameraId, startMs, endMs, cause: 'storage', detail, recordingId } as const;
  await insertGap(catalogue, newId(), gap);
  return 'a gap of the storage';
}

async function unknownObject(options: ReconcileOptions, object: ListedObject): Promise<Difference> {
  const { catalogue, store, repair, deep } = options;
  const [cameraId = ''] = object.key.split('/', 1);
  const recordingId = idOf(object.key) ?? '';
  const about = { cameraId, recordingId, objectKey: object.key };
  if (recordingId !== '' && (await wasDeleted(catalogue, recordingId))) {
    if (!repair) return { ...about, kind: 'object-undeleted', repaired: null };
    try {
      await store.delete(object);
      return { ...about, kind: 'object-undeleted', repaired: 'deleted' };
    } catch (error) {
      if (!(error instanceof ObjectHeld)) throw error;
      return { ...about, kind: 'object-undeleted', repaired: null };
    }
  }
  const found = repair || deep ? await enter(options, object, recordingId) : 'unknown';
  return {
    ...about,
    kind: found === 'corrupt' ? 'object-corrupt' : 'object-unknown',
    repaired: found === 'entered' ? 'entered into the catalogue' : null,
  };
}

/**
 * From what the object says of itself, at a repair. `unknown`: it is no recording of ours, or lies under another's name.
 * `corrupt`: it was taken for lost, and is another now; the note of what it was stays, and its gap.
 */
async function enter(
  { catalogue, store, spoolId, repair }: ReconcileOptions,
  object: ListedObject,
  recordingId: string,
): Promise<'entered' | 'unknown' | 'corrupt'> {
  const folder = mkdtempSync(join(tmpdir(), 'reconcile-'));
  try {
    const path = join(folder, 'object.mp4');
    const bytes = await store.read(object, { start: 0, end: object.byteLength });
    await pipeline(bytes, createWriteStream(path, { mode: 0o600 }));
    if (await isNotWhatWasLost(catalogue, recordingId, path)) return 'corrupt';
    if (!repair) return 'unknown';
    const read = readRecording(path);
    const isWhole =
      read !== undefined &&
      read.fragments.length > 0 &&
      read.afterDamage.size === 0 &&
      read.byteLength === object.byteLength &&
      objectKey(read.head) === object.key;
    if (!isWhole) return 'unknown';
    await enterRecording(catalogue, path, read, spoolId);
    const { recordingId: id, startMs } = read.head;
    const stored = [{ id, startMs, versionId: object.versionId }];
    return (await markStored(catalogue, stored)) === 1 ? 'entered' : 'unknown';
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function lookAtSpool(
  options: ReconcileOptions,
  result: Reconciliation,
  note: (difference: Difference) => void,
): Promise<void> {
  const { catalogue, spoolFolder, spoolId, repair, isOpen, newId } = options;
  const files = new Set<string>();
  const wrong: Difference[] = [];
  for (const cameraId of namesIn(spoolFolder)) {
    for (const name of namesIn(join(spoolFolder, cameraId))) {
      const recordingId = idOf(name);
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
  for await (const recording of waiting(catalogue, spoolId)) {
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
async function giveUpSpool(
  options: ReconcileOptions,
  note: (difference: Difference) => void,
): Promise<void> {
  const { catalogue, repair, giveUp } = options;
  if (giveUp === undefined || !repair) return;
  let found = 0;
  if (giveUp !== options.spoolId) {
    for await (const recording of waiting(catalogue, giveUp)) {
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

/** Of `…/<recording>.mp4`. */
function idOf(key: string): string | undefined {
  return /([0-9a-f-]{36})\.mp4$/.exec(key)?.[1];
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch {
    // Removed meanwhile, or a file.
    return [];
  }
}
