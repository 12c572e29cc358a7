import type { Area, Place } from './area.ts';
import type { RegistryDatabase } from './schema/tables.ts';
import { isWithinAreas } from './within-areas.ts';

/** Of which LAO cameras are: what rights are decided by, without the whole camera. */

/** Ids in one statement, and rows of one page. */
const BATCH = 500;
const PAGE = 5_000;

/** By id; a camera that is not there has no place. One that was deleted has: it can be read, and brought back. */
export async function readPlaces(
  database: RegistryDatabase,
  cameraIds: readonly string[],
): Promise<Map<string, Place>> {
  const places = new Map<string, Place>();
  for (let i = 0; i < cameraIds.length; i += BATCH) {
    const rows = await database
      .selectFrom('cameras')
      .innerJoin('laos', 'laos.id', 'cameras.lao_id')
      .select(['cameras.id', 'laos.name', 'laos.district', 'laos.province'])
      .where('cameras.id', 'in', cameraIds.slice(i, i + BATCH))
      .execute();
    for (const { id, ...place } of rows) places.set(id, place);
  }
  return places;
}

/** Whether a camera is counted only (forms.md §3), as it is now, registered still or not. */
export async function isInClosedArea(
  database: RegistryDatabase,
  cameraId: string,
): Promise<boolean> {
  const row = await database
    .selectFrom('cameras')
    .select('scope')
    .where('id', '=', cameraId)
    .executeTakeFirst();
  return row?.scope === 'closed-area';
}

/** All cameras in these areas. */
export async function readIdsWithin(
  database: RegistryDatabase,
  areas: readonly Area[],
): Promise<Set<string>> {
  const ids = new Set<string>();
  let after = '';
  for (;;) {
    const rows = await database
      .selectFrom('cameras')
      .innerJoin('laos', 'laos.id', 'cameras.lao_id')
      .select('cameras.id')
      .where('cameras.id', '>', after)
      .where(isWithinAreas(areas))
      .where('cameras.deleted_at_ms', 'is', null)
      .orderBy('cameras.id')
      .limit(PAGE)
      .execute();
    for (const { id } of rows) ids.add(id);
    if (rows.length < PAGE) return ids;
    after = rows.at(-1)?.id ?? '';
  }
}
