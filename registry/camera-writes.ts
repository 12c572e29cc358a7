import type { CompiledQuery, Insertable, Transaction } from 'kysely';
import { authorText, type Author } from './author.ts';
import { closedAreaRule, type Camera, type NewCamera, type NewStream } from './camera.ts';
import { attestationText, givenColumns, streamRow } from './camera-rows.ts';
import { damagedSinceMs, declarationRow } from './camera-declaring.ts';
import { cameraSearchText } from './camera-search-text.ts';
import { ConstraintViolated, prepareTogether, type PreparedBatch } from './database/database.ts';
import { rowWriter, type WrittenRows } from './database/row-writer.ts';
import { fromText } from './declarations.ts';
import { newOrigins } from './origins.ts';
import type { PlaceIds } from './place-ids.ts';
import type { ValueSource } from './provenance.ts';
import type {
  CameraChangeTable,
  CameraSearchTable,
  CameraTable,
  DeclarationTable,
  LinkedAgencyTable,
  RegistryTables,
  StreamCredentialTable,
  StreamTable,
} from './schema/tables.ts';
import type { SecretBox } from './secret-box.ts';
import { sealSecrets, splitSecrets } from './stream-secrets.ts';
import { thaiDay } from './thai-day.ts';

/** Rows of cameras, made beforehand and then written within the transaction of whoever asks. */

export const insertAgencies = rowWriter<RegistryTables, 'camera_linked_agencies'>(
  'camera_linked_agencies',
);
export const insertVersions = rowWriter<RegistryTables, 'camera_changes'>('camera_changes');
export const insertDeclarations = rowWriter<RegistryTables, 'declarations'>('declarations');
const insertIntoCameras = rowWriter<RegistryTables, 'cameras'>('cameras');
const insertIntoStreams = rowWriter<RegistryTables, 'streams'>('streams');
const insertCredentials = rowWriter<RegistryTables, 'stream_credentials'>('stream_credentials');
const insertSearch = rowWriter<RegistryTables, 'camera_search'>('camera_search');

/** New cameras with all that belongs to them. */
export interface NewCameraRows extends StreamRows {
  cameras: Insertable<CameraTable>[];
  agencies: LinkedAgencyTable[];
  search: CameraSearchTable[];
  declarations: Insertable<DeclarationTable>[];
  versions: CameraChangeTable[];
}

export interface StreamRows {
  streams: Insertable<StreamTable>[];
  credentials: Insertable<StreamCredentialTable>[];
}

/** As version 1. What they name is entered where it is not there yet. */
export async function newCameraRows(
  places: PlaceIds,
  box: SecretBox,
  created: readonly { id: string; given: NewCamera }[],
  {
    author,
    source = 'declared',
    atMs,
  }: { author: Author; source?: ValueSource | undefined; atMs: number },
): Promise<NewCameraRows> {
  const origins = newOrigins(source, author, atMs);
  const attested = attestationText(author, atMs);
  const rows: NewCameraRows = {
    cameras: [],
    agencies: [],
    streams: [],
    credentials: [],
    search: [],
    declarations: [],
    versions: [],
  };
  // Of an inventory all of it but the camera is the same.
  const first = { id: '', version: 1, action: 'created', changes: [] } as const;
  const version = versionRow({ ...first, source, author, atMs });
  const found = await places.find(created.map(({ given }) => given));
  for (const [index, { id, given }] of created.entries()) {
    const named = found[index];
    if (named === undefined) continue;
    rows.cameras.push({
      id,
      ...givenColumns(given, named),
      version: 1,
      updated_at_ms: atMs,
      declared_at_ms: atMs,
      damaged_since_ms: damagedSinceMs({ damaged_since_ms: null }, given.declared, atMs),
      attested,
      origins,
    });
    rows.agencies.push(...agencyRows(id, given.linkedAgencies));
    if (given.stream !== null) addStream(rows, box, id, given.scope, given.stream);
    rows.search.push({ id, text: cameraSearchText(given) });
    // The first of a camera has its id.
    rows.declarations.push(textDeclaration({ id, cameraId: id, given, author, source, atMs }));
    rows.versions.push({ ...version, camera_id: id });
  }
  return rows;
}

/** What inserts them; for `executeTogether`. */
export async function prepareCameras(
  transaction: Transaction<RegistryTables>,
  rows: NewCameraRows,
): Promise<PreparedBatch> {
  return prepareTogether(transaction, [
    ...insertIntoCameras(rows.cameras),
    ...insertAgencies(rows.agencies),
    ...insertStreams(rows),
    ...insertSearch(rows.search),
    ...insertDeclarations(rows.declarations),
    ...insertVersions(rows.versions),
  ]);
}

export function insertStreams({ streams, credentials }: StreamRows): WrittenRows[] {
  return [...insertIntoStreams(streams), ...insertCredentials(credentials)];
}

export function agencyRows(id: string, names: readonly string[]): LinkedAgencyTable[] {
  return names.map((name, ordinal) => ({ camera_id: id, ordinal, name }));
}

/** Throws ConstraintViolated for a closed area. */
export function addStream(
  { streams, credentials }: StreamRows,
  box: SecretBox,
  id: string,
  scope: Camera['scope'],
  stream: NewStream,
): void {
  // A caller that passed the schema by would get the database's own refusal without these words.
  if (scope === 'closed-area') throw new ConstraintViolated(closedAreaRule);
  const { secrets, ...shown } = splitSecrets(stream);
  streams.push(streamRow(id, scope, { ...stream, ...shown }));
  if (stream.username === null && secrets === null) return;
  credentials.push({
    camera_id: id,
    username: stream.username,
    sealed: secrets === null ? null : sealSecrets(box, id, secrets),
  });
}

/** What a form, a file or another system declares of a camera, among its other fields. */
export function textDeclaration({
  given,
  source,
  ...row
}: {
  id: string;
  cameraId: string;
  given: Pick<NewCamera, 'declared' | 'declaredReason'>;
  author: Author;
  source: ValueSource;
  atMs: number;
}): Insertable<DeclarationTable> {
  return {
    ...declarationRow({
      ...row,
      status: given.declared,
      source: source === 'import' ? 'import' : 'register',
    }),
    ...fromText(given.declared, given.declaredReason),
    on_day: thaiDay(row.atMs),
  };
}

/** What is kept of a version of a camera. */
export function versionRow(entry: {
  id: string;
  version: number;
  action: CameraChangeTable['action'];
  source: ValueSource;
  author: Author;
  changes: readonly unknown[];
  atMs: number;
  reason?: string | null;
}): CameraChangeTable {
  const { id, version, action, source, author, changes, atMs, reason = null } = entry;
  return {
    camera_id: id,
    version,
    at_ms: atMs,
    action,
    source,
    author: authorText(author),
    changes: JSON.stringify(changes),
    reason,
  };
}

/** With their credentials. */
export function dropStreams(
  transaction: Transaction<RegistryTables>,
  ids: readonly string[],
): CompiledQuery[] {
  if (ids.length === 0) return [];
  return [transaction.deleteFrom('streams').where('camera_id', 'in', ids).compile()];
}
