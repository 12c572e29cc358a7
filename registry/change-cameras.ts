import assert from 'node:assert/strict';
import type { Insertable, Transaction } from 'kysely';
import type { Author } from './author.ts';
import { applyChange, type Changed } from './camera-changes.ts';
import { forgetObservations, observersLeft } from './camera-observations.ts';
import { staleOf, versionsOf } from './camera-history.ts';
import { CameraNotFound } from './camera-refusals.ts';
import { attestationText, givenColumns } from './camera-rows.ts';
import { damagedSinceMs } from './camera-declaring.ts';
import { cameraSearchText, isSearched } from './camera-search-text.ts';
import { refuseTwice } from './camera-twice.ts';
import {
  addStream,
  agencyRows,
  dropStreams,
  insertAgencies,
  insertDeclarations,
  insertStreams,
  insertVersions,
  textDeclaration,
  versionRow,
  type StreamRows,
} from './camera-writes.ts';
import type { CameraChange } from './camera.ts';
import {
  DatabaseFailed,
  executeTogether,
  prepareTogether,
  type PreparedBatch,
} from './database/database.ts';
import { rowChanger } from './database/row-writer.ts';
import { withOrigins } from './origins.ts';
import type { FoundPlaces, PlaceIds } from './place-ids.ts';
import { SNAPSHOT_FIELD, type Observer, type ValueSource } from './provenance.ts';
import type {
  CameraChangeTable,
  CameraSearchTable,
  CameraTable,
  DeclarationTable,
  LinkedAgencyTable,
  RegistryTables,
} from './schema/tables.ts';
import type { SecretBox } from './secret-box.ts';
import { storedCameras, type StoredCamera } from './stored-cameras.ts';

/** Changes of registered cameras, within the transaction of whoever asks: one of them, or a page of an inventory. */

/** A change, and the version that it was made to: another one means that somebody was faster. */
export interface VersionedChange {
  id: string;
  version: number;
  change: CameraChange;
}

export interface ChangedCamera {
  id: string;
  /** Where it is pulled from, or how, is not as it was. */
  streamChanged: boolean;
}

export interface ChangeCamerasOptions {
  author: Author;
  source?: ValueSource | undefined;
  duplicateConfirmed?: boolean | undefined;
  box: SecretBox;
  nextId: () => string;
  /** Unix ms. */
  atMs: number;
}

/** Of one page: `origins` by those of before and what changed, since cameras of one inventory have the same. */
interface PageOptions extends ChangeCamerasOptions {
  origins: Map<string, string>;
}

/** What is written of a page of changes. */
export interface ChangeRows extends StreamRows {
  changed: ChangedCamera[];
  /** Each with all that a change may write. */
  cameras: CameraValues[];
  /** Those of which one at least is not as it was. */
  columns: Set<keyof CameraValues>;
  withoutStream: string[];
  /** Of these cameras, what these observers read is of a stream that they have no more. */
  observationsLeft: Map<Observer, string[]>;
  withOtherAgencies: string[];
  agencies: LinkedAgencyTable[];
  search: CameraSearchTable[];
  declarations: Insertable<DeclarationTable>[];
  versions: CameraChangeTable[];
  /** What was asked, to say who was too late. */
  asked: ReadonlyMap<string, VersionedChange>;
}

/**
 * Reads the cameras of these changes, each camera at most once, and says what is to be written; one that changes nothing
 * writes nothing. They may be read outside of the transaction (`read`), while it writes others: one that is changed between
 * is found when it is written. Throws CameraNotFound, CameraStale, CameraTwice, ChangeRefused,
 * StreamAddressNotValid.
 */
export async function changeRows(
  transaction: Transaction<RegistryTables>,
  places: PlaceIds,
  changes: readonly VersionedChange[],
  options: ChangeCamerasOptions,
  read = async (ids: readonly string[]) => storedCameras(transaction, options.box, ids),
): Promise<ChangeRows> {
  const asked = new Map(changes.map((one) => [one.id, one]));
  assert.equal(asked.size, changes.length, 'one change a camera');
  const stored =
    changes.length === 0 ? new Map<string, StoredCamera>() : await read([...asked.keys()]);
  const rows: ChangeRows = {
    changed: [],
    cameras: [],
    columns: new Set(),
    withoutStream: [],
    streams: [],
    credentials: [],
    observationsLeft: new Map(),
    withOtherAgencies: [],
    agencies: [],
    search: [],
    declarations: [],
    versions: [],
    asked,
  };
  const results: { before: StoredCamera; change: CameraChange; result: Changed }[] = [];
  for (const one of changes) {
    const before = await asExpected(transaction, stored.get(one.id), one);
    results.push({ before, change: one.change, result: applyChange(before, one.change) });
  }
  const found = await places.find(results.map(({ result }) => result.camera));
  const origins = new Map<string, string>();
  for (const [index, one] of results.entries()) {
    const named = found[index];
    if (named !== undefined)
      await addChange(transaction, rows, one, named, { ...options, origins });
  }
  return rows;
}

/** What writes a page of changes, before and behind what is looked for in other tables. */
export interface PreparedChanges {
  rows: ChangeRows;
  cameras: PreparedBatch;
  beside: PreparedBatch;
}

export async function prepareChanges(
  transaction: Transaction<RegistryTables>,
  rows: ChangeRows,
): Promise<PreparedChanges> {
  const ids = rows.changed.map(({ id }) => id);
  const cameras = await prepareTogether(transaction, [
    ...(ids.length > 1 ? [{ table: 'cameras', locked: ids }] : []),
    // Before the cameras: a closed area has no stream at any time.
    ...dropStreams(transaction, rows.withoutStream),
    ...updateCameras(changedValues(rows)),
  ]);
  const beside = await prepareTogether(transaction, [
    ...insertAgencies(rows.agencies),
    ...insertStreams(rows),
    // In the order of their making, in which SQLite's index has them: out of it, it would write a piece of index for each.
    ...updateSearch(rows.search.toSorted((a, b) => (a.id < b.id ? -1 : 1))),
    ...insertDeclarations(rows.declarations),
    ...insertVersions(rows.versions),
  ]);
  return { rows, cameras, beside };
}

/** Throws CameraStale where somebody was faster between reading and writing. */
export async function writeChanges(
  transaction: Transaction<RegistryTables>,
  box: SecretBox,
  { rows, cameras, beside }: PreparedChanges,
): Promise<void> {
  if (rows.changed.length === 0) return;
  const written = await executeTogether(transaction, cameras);
  if (written.at(-1) !== rows.cameras.length) throw await tooLate(transaction, box, rows);
  if (rows.withOtherAgencies.length > 0) {
    await transaction
      .deleteFrom('camera_linked_agencies')
      .where('camera_id', 'in', rows.withOtherAgencies)
      .execute();
  }
  await forgetObservations(transaction, rows.observationsLeft);
  await executeTogether(transaction, beside);
}

/** What is as it was in all of them is not written, and no index of it is touched. */
function changedValues({ cameras, columns }: ChangeRows): Partial<CameraValues>[] {
  const written = ['id', ...columns] as const;
  return cameras.map((camera) => {
    const values: Partial<Record<keyof CameraValues, unknown>> = {};
    for (const column of written) values[column] = camera[column];
    return values as Partial<CameraValues>;
  });
}

/** The camera, if it is there, as deleted as it was thought to be, and nobody was faster. */
export async function asExpected(
  transaction: Transaction<RegistryTables>,
  stored: StoredCamera | undefined,
  {
    id,
    version,
    change,
    deleted = false,
  }: { id: string; version: number; change?: CameraChange; deleted?: boolean },
): Promise<StoredCamera> {
  if (stored === undefined || (stored.row.deleted_at_ms !== null) !== deleted) {
    throw new CameraNotFound(id);
  }
  if (stored.camera.version !== version) {
    throw await staleOf(transaction, stored, version, change);
  }
  return stored;
}

async function addChange(
  transaction: Transaction<RegistryTables>,
  rows: ChangeRows,
  { before, change, result }: { before: StoredCamera; change: CameraChange; result: Changed },
  ids: FoundPlaces,
  options: PageOptions,
): Promise<void> {
  const { id } = before.camera;
  // Given by another spelling it may be the same.
  const same: Readonly<Record<string, boolean>> = {
    lao: ids.laoId === before.row.lao_id,
    budgetSource: ids.budgetSourceId === before.row.budget_source_id,
    site: ids.siteId === before.row.site_id,
  };
  const changes = result.changes.filter(([field]) => same[field] !== true);
  // Who gives the scope stands for it, also when it stays what it was.
  if (changes.length === 0 && change.scope === undefined) return;
  const isOther = (field: string): boolean => changes.some(([name]) => name === field);
  if (options.duplicateConfirmed !== true && (isOther('stream.url') || isOther('position'))) {
    await refuseTwice(transaction, result.camera, id);
  }
  addRows(rows, before, { ...result, changes }, ids, {
    ...options,
    attests: change.scope !== undefined,
  });
  rows.changed.push({
    id,
    // A site goes with the LAO too: another LAO's of that name is another one.
    streamChanged:
      ids.siteId !== before.row.site_id || changes.some(([field]) => isOfPulling(field)),
  });
}

/** A still picture is asked for at its own address, by nobody who pulls. */
function isOfPulling(field: string): boolean {
  return field.startsWith('stream.') && field !== SNAPSHOT_FIELD;
}

function addRows(
  rows: ChangeRows,
  { row, camera: before }: StoredCamera,
  { camera, stream, changes }: Changed,
  places: FoundPlaces,
  {
    author,
    source = 'declared',
    box,
    nextId,
    atMs,
    attests,
    origins,
  }: PageOptions & { attests: boolean },
): void {
  const { id } = camera;
  const fields = new Set(changes.map(([field]) => field.split('.', 1)[0] ?? field));
  const declared = fields.has('declared') || fields.has('declaredReason');
  const version = before.version + 1;
  // Told apart: it may be read by ONVIF where the stream's address was typed.
  const withOrigin = new Set(
    changes.map(([field]) =>
      field === SNAPSHOT_FIELD ? field : (field.split('.', 1)[0] ?? field),
    ),
  );
  const originsKey = [row.origins, ...withOrigin].join('\n');
  const originsAfter =
    origins.get(originsKey) ?? withOrigins(row.origins, withOrigin, source, author, atMs);
  origins.set(originsKey, originsAfter);
  const values: CameraValues = {
    id,
    ...givenColumns(camera, places),
    version,
    updated_at_ms: atMs,
    declared_at_ms: declared ? atMs : row.declared_at_ms,
    damaged_since_ms: declared ? damagedSinceMs(row, camera.declared, atMs) : row.damaged_since_ms,
    attested: attests ? attestationText(author, atMs) : row.attested,
    origins: originsAfter,
  };
  rows.cameras.push(values);
  for (const column of Object.keys(values) as (keyof CameraValues)[]) {
    if (values[column] !== row[column]) rows.columns.add(column);
  }
  if (fields.has('linkedAgencies')) {
    rows.withOtherAgencies.push(id);
    rows.agencies.push(...agencyRows(id, camera.linkedAgencies));
  }
  if (before.stream !== null && (fields.has('stream') || camera.stream === null)) {
    rows.withoutStream.push(id);
  }
  if (fields.has('stream')) {
    for (const observer of observersLeft(before.stream, camera.stream)) {
      rows.observationsLeft.getOrInsert(observer, []).push(id);
    }
  }
  if (fields.has('stream') && stream) addStream(rows, box, id, camera.scope, stream);
  if (fields.values().some(isSearched)) rows.search.push({ id, text: cameraSearchText(camera) });
  if (declared) {
    const given = { id: nextId(), cameraId: id, given: camera };
    rows.declarations.push(textDeclaration({ ...given, author, source, atMs }));
  }
  rows.versions.push(versionRow({ id, version, action: 'changed', source, author, changes, atMs }));
}

/** What a change may write; `deleted` and its time are not of it. */
type CameraValues = Omit<Insertable<CameraTable>, 'deleted' | 'deleted_at_ms'>;

/** One that is not at the version before stays as it is, and is not counted. */
const updateCameras = rowChanger<RegistryTables, 'cameras'>('cameras', {
  key: 'id',
  where: 'cameras.version = page.version - 1',
});

const updateSearch = rowChanger<RegistryTables, 'camera_search'>('camera_search', { key: 'id' });

/** What is said of the first camera that is not as it was read. */
async function tooLate(
  transaction: Transaction<RegistryTables>,
  box: SecretBox,
  { cameras, asked }: ChangeRows,
): Promise<Error> {
  const stored = await storedCameras(
    transaction,
    box,
    cameras.map(({ id }) => id),
  );
  for (const { id, version } of cameras) {
    const now = stored.get(id);
    // Those that were written have the version too, but not in their history yet; all of it is rolled back.
    if (now === undefined || (await versionsOf(transaction, id, version - 1)).length === 0)
      continue;
    return staleOf(transaction, now, version - 1, asked.get(id)?.change);
  }
  return new DatabaseFailed('a change was not written, and nobody else made one');
}
