import type { Insertable, Transaction } from 'kysely';
import type { Author } from './author.ts';
import type { FieldChange } from './camera-changes.ts';
import { shownStream } from './camera-changes.ts';
import { closedAreaRule, type Camera, type NewCamera, type NewStream } from './camera.ts';
import { attestationText, authorText, givenColumns, streamRow } from './camera-rows.ts';
import { cameraSearchText } from './camera-search-text.ts';
import { damagedSinceMs, declarationRow } from './camera-declaring.ts';
import { ConstraintViolated } from './database/database.ts';
import { fromText } from './declarations.ts';
import { newOrigins } from './origins.ts';
import type { PlaceIds } from './place-ids.ts';
import type { ValueSource } from './provenance.ts';
import type {
  CameraChangeTable,
  CameraTable,
  DeclarationTable,
  RegistryTables,
} from './schema/tables.ts';
import type { SecretBox } from './secret-box.ts';
import { sealSecrets, splitSecrets } from './stream-secrets.ts';
import { thaiDay } from './thai-day.ts';

/** Rows of cameras, written within the transaction of whoever asks. */

/** A statement's parameters are limited (32,766 in SQLite), and its rows with them. */
export const ROWS_A_STATEMENT = 200;

/** New cameras with all that belongs to them, as version 1. */
export async function insertCameras(
  transaction: Transaction<RegistryTables>,
  places: PlaceIds,
  box: SecretBox,
  created: readonly { id: string; given: NewCamera }[],
  {
    author,
    source = 'declared',
    atMs,
  }: { author: Author; source?: ValueSource | undefined; atMs: number },
): Promise<void> {
  const origins = newOrigins(source, author, atMs);
  const attested = attestationText(author, atMs);
  const authorJson = JSON.stringify(authorText(author));
  const cameras: Insertable<CameraTable>[] = [];
  for (const { id, given } of created) {
    // A caller that passed the schema by would get the database's own refusal without these words.
    if (given.scope === 'closed-area' && given.stream !== null) {
      throw new ConstraintViolated(closedAreaRule);
    }
    const ids = {
      laoId: await places.lao(given.lao),
      budgetSourceId: await places.budgetSource(given.budgetSource),
      siteId: given.site === null ? null : await places.site(given.site),
    };
    cameras.push({
      id,
      ...givenColumns(given, ids),
      version: 1,
      updated_at_ms: atMs,
      declared_at_ms: atMs,
      damaged_since_ms: damagedSinceMs({ damaged_since_ms: null }, given.declared, atMs),
      attested,
      origins,
    });
  }
  await insertAll(transaction, 'cameras', cameras);
  await insertAll(
    transaction,
    'camera_linked_agencies',
    created.flatMap(({ id, given }) => agencyRows(id, given.linkedAgencies)),
  );
  const linked = created.filter(({ given }) => given.stream !== null);
  const streams = linked.map(({ id, given }) => {
    const stream = given.stream as NewStream;
    return {
      row: streamRow(id, given.scope as 'public-area' | 'adjacent-road', shownStream(stream)),
      credentials: credentialRow(box, id, stream),
    };
  });
  await insertAll(
    transaction,
    'streams',
    streams.map(({ row }) => row),
  );
  await insertAll(
    transaction,
    'stream_credentials',
    streams.map(({ credentials }) => credentials).filter((row) => row !== null),
  );
  await insertAll(
    transaction,
    'camera_search',
    created.map(({ id, given }) => ({ id, text: cameraSearchText(given) })),
  );
  // The first of a camera has its id.
  await insertAll(
    transaction,
    'declarations',
    created.map(({ id, given }) =>
      textDeclaration({ id, cameraId: id, given, author, source, atMs }),
    ),
  );
  await insertAll(
    transaction,
    'camera_changes',
    created.map(({ id }) => ({
      camera_id: id,
      version: 1,
      at_ms: atMs,
      action: 'created' as const,
      source,
      author: authorJson,
      changes: '[]',
      reason: null,
    })),
  );
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

/** The change that makes the next version of a camera. */
export async function insertVersion(
  transaction: Transaction<RegistryTables>,
  entry: {
    camera: Camera;
    action: CameraChangeTable['action'];
    source: ValueSource;
    author: Author;
    changes: readonly FieldChange[];
    atMs: number;
    reason?: string;
  },
): Promise<void> {
  const { camera, action, source, author, changes, atMs, reason = null } = entry;
  await transaction
    .insertInto('camera_changes')
    .values({
      camera_id: camera.id,
      version: camera.version + 1,
      at_ms: atMs,
      action,
      source,
      author: JSON.stringify(authorText(author)),
      changes: JSON.stringify(changes),
      reason,
    })
    .execute();
}

export async function insertAll<Table extends keyof RegistryTables>(
  transaction: Transaction<RegistryTables>,
  table: Table,
  rows: readonly Insertable<RegistryTables[Table]>[],
): Promise<void> {
  for (let at = 0; at < rows.length; at += ROWS_A_STATEMENT) {
    await transaction
      .insertInto(table)
      .values(rows.slice(at, at + ROWS_A_STATEMENT))
      .execute();
  }
}

export function agencyRows(id: string, names: readonly string[]) {
  return names.map((name, ordinal) => ({ camera_id: id, ordinal, name }));
}

function credentialRow(box: SecretBox, id: string, stream: NewStream) {
  const { secrets } = splitSecrets(stream);
  if (stream.username === null && secrets === null) return null;
  return {
    camera_id: id,
    username: stream.username,
    sealed: secrets === null ? null : sealSecrets(box, id, secrets),
  };
}

export async function insertStream(
  transaction: Transaction<RegistryTables>,
  box: SecretBox,
  id: string,
  scope: Camera['scope'],
  stream: NewStream,
): Promise<void> {
  if (scope === 'closed-area') throw new ConstraintViolated(closedAreaRule);
  await insertAll(transaction, 'streams', [streamRow(id, scope, shownStream(stream))]);
  const credentials = credentialRow(box, id, stream);
  if (credentials !== null) await insertAll(transaction, 'stream_credentials', [credentials]);
}

/** With its credentials. */
export async function dropStream(
  transaction: Transaction<RegistryTables>,
  id: string,
): Promise<void> {
  await transaction.deleteFrom('streams').where('camera_id', '=', id).execute();
}
