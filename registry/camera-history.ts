import type { Kysely } from 'kysely';
import { authorOf } from './author.ts';
import {
  applyChange,
  undo,
  type CameraVersion,
  type FieldChange,
  type WholeCamera,
} from './camera-changes.ts';
import type { Camera, CameraChange } from './camera.ts';
import { CameraStale } from './camera-refusals.ts';
import type { RegistryTables } from './schema/tables.ts';

/** Versions of a camera that are told; older ones stay in the database. */
export const MAX_HISTORY = 1_000;

/** Newest first, of those after a version. */
export async function versionsOf(
  database: Kysely<RegistryTables>,
  id: string,
  after: number,
): Promise<CameraVersion[]> {
  const rows = await database
    .selectFrom('camera_changes')
    .selectAll()
    .where('camera_id', '=', id)
    .where('version', '>', after)
    .orderBy('version', 'desc')
    .limit(MAX_HISTORY)
    .execute();
  return rows.map(({ version, at_ms, action, source, author, changes, reason }) => ({
    version,
    atMs: at_ms,
    action,
    source,
    author: authorOf(author),
    changes: JSON.parse(changes) as FieldChange[],
    reason,
  }));
}

/** What is said to whoever made a change to `version`, which is not the one that is stored. */
export async function staleOf(
  database: Kysely<RegistryTables>,
  stored: WholeCamera,
  version: number,
  change: CameraChange | undefined,
): Promise<CameraStale> {
  const current = stored.camera;
  const since = await versionsOf(database, current.id, version);
  let based = current;
  for (const { changes } of since) based = undo(based, changes);
  let yours: Camera | null = null;
  if (change !== undefined && version < current.version) {
    try {
      const { secrets } = stored;
      yours = { ...applyChange({ camera: based, secrets }, change).camera, version };
    } catch {
      // Its own refusal comes when it is tried on what is there now.
    }
  }
  const fields = since.flatMap(({ changes }) => changes.map(([field]) => field));
  return new CameraStale({ current, yours, changedSince: [...new Set(fields)] });
}
