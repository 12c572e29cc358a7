import type { Kysely } from 'kysely';
import type { WholeCamera } from './camera-changes.ts';
import { selectCameras, siteOf, tlsOf, withAgencies, type CameraRow } from './camera-rows.ts';
import type { RegistryTables } from './schema/tables.ts';
import type { SecretBox } from './secret-box.ts';
import type { StreamSource } from './stream-source.ts';
import { openSecrets } from './stream-secrets.ts';

/** Stored cameras, whole: with the row that they are written back to, and what is secret of their streams. */
export interface StoredCamera extends WholeCamera {
  row: CameraRow;
}

/** In the order of their ids, which is that of their making; also deleted ones. */
export async function cameraRows(
  database: Kysely<RegistryTables>,
  ids: readonly string[],
): Promise<CameraRow[]> {
  if (ids.length === 0) return [];
  return selectCameras(database).where('cameras.id', 'in', ids).orderBy('cameras.id').execute();
}

/** By id. */
export async function storedCameras(
  database: Kysely<RegistryTables>,
  box: SecretBox,
  ids: readonly string[],
): Promise<Map<string, StoredCamera>> {
  const rows = await cameraRows(database, ids);
  const cameras = await withAgencies(database, rows);
  const stored = new Map<string, StoredCamera>();
  rows.forEach((row, index) => {
    const camera = cameras[index];
    if (camera === undefined) return;
    stored.set(row.id, {
      row,
      camera,
      // Opened when somebody looks: a change is seldom about them.
      get secrets() {
        return openSecrets(box, row.id, row.sealed);
      },
    });
  });
  return stored;
}

/** Where a camera's still picture is, and by which credentials. */
export interface SnapshotSource {
  /** http, without credentials in RFC 3986's place. */
  url: string;
  username: string | null;
  password: string | null;
}

/** Null: it has no such address. */
export function snapshotOf(row: CameraRow, box: SecretBox): SnapshotSource | null {
  if (row.snapshot_url === null) return null;
  const { snapshotUrl, password } = openSecrets(box, row.id, row.sealed);
  return { url: snapshotUrl ?? row.snapshot_url, username: row.username, password };
}

/** What is pulled of a camera; null: nothing. */
export function sourceOf(row: CameraRow, box: SecretBox): StreamSource | null {
  if (row.url === null || row.transport === null || row.tls_verify === null) return null;
  const secrets = openSecrets(box, row.id, row.sealed);
  return {
    cameraId: row.id,
    url: secrets.url ?? row.url,
    username: row.username,
    password: secrets.password,
    transport: row.transport,
    tls: tlsOf({ tls_verify: row.tls_verify, tls_fingerprint: row.tls_fingerprint }),
    record: row.record === 1,
    sound: row.sound === 1,
    site: siteOf(row),
  };
}
