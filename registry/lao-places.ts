import type { Area, Place } from './area.ts';
import type { Author } from './author.ts';
import { LaoTwice } from './lao.ts';
import type { Laos } from './laos.ts';
import { laoKey } from './managed-keys.ts';
import type { RegistryDatabase } from './schema/tables.ts';
import { isWithinAreas } from './within-areas.ts';

/**
 * LAOs by the id that the master list gives them, for what must outlive a spelling, a new name or a merge: roles that are
 * given for one (decision 0041).
 */
export interface LaoPlaces {
  /** By any spelling, in whatever it was merged into; one that the list does not have is entered as proposed. */
  idOf(place: Place, author: Author): Promise<string>;
  /** Where they are now, by id. An id that the list never gave has none. */
  placesOf(ids: readonly string[]): Promise<Map<string, LaoPlace>>;
  /** Ids of the LAOs that lie within, and of those that were merged into them. */
  idsWithin(areas: readonly Area[]): Promise<string[]>;
}

export interface LaoPlace {
  /** As the list spells it now; of one that was merged, what it was merged into. */
  place: Place;
  /** Those merged into it: their names lead there, and can be nobody else's. */
  merged: readonly Place[];
}

/** Ids of one statement. */
const BATCH = 500;

export function openLaoPlaces(database: RegistryDatabase, laos: Pick<Laos, 'add'>): LaoPlaces {
  return {
    idOf: async (place, author) => idOf(database, laos, place, author),
    placesOf: async (ids) => placesOfLaos(database, ids),
    idsWithin: async (areas) => laoIdsWithin(database, areas),
  };
}

/** LaoPlaces.placesOf */
export async function placesOfLaos(
  database: RegistryDatabase,
  ids: readonly string[],
): Promise<Map<string, LaoPlace>> {
  const places = new Map<string, LaoPlace>();
  for (let at = 0; at < ids.length; at += BATCH) {
    const given = await selectPlaces(database)
      .where('id', 'in', ids.slice(at, at + BATCH))
      .execute();
    const targets = [...new Set(given.map((row) => row.merged_into ?? row.id))];
    if (targets.length === 0) continue;
    const all = await selectPlaces(database)
      .where((where) => where.or([where('id', 'in', targets), where('merged_into', 'in', targets)]))
      .execute();
    const byId = new Map(all.map((row) => [row.id, row]));
    const merged = Map.groupBy(all, (row) => row.merged_into);
    for (const row of given) {
      const target = byId.get(row.merged_into ?? row.id);
      if (target === undefined) continue;
      places.set(row.id, {
        place: placeOf(target),
        merged: (merged.get(target.id) ?? []).map(placeOf),
      });
    }
  }
  return places;
}

/** LaoPlaces.idsWithin */
export async function laoIdsWithin(
  database: RegistryDatabase,
  areas: readonly Area[],
): Promise<string[]> {
  const found = await database
    .selectFrom('laos')
    .leftJoin('laos as gone', 'gone.merged_into', 'laos.id')
    .select(['laos.id', 'gone.id as merged_id'])
    .where('laos.merged_into', 'is', null)
    .where(isWithinAreas(areas))
    .execute();
  return [...new Set(found.flatMap((row) => [row.id, row.merged_id ?? row.id]))];
}

async function idOf(
  database: RegistryDatabase,
  laos: Pick<Laos, 'add'>,
  place: Place,
  author: Author,
): Promise<string> {
  const { name, district, province } = place;
  const found =
    (await selectPlaces(database).where('match_key', '=', laoKey(place)).executeTakeFirst()) ??
    // Letter for letter: rows of before there were keys.
    (await selectPlaces(database)
      .where('name', '=', name)
      .where('district', '=', district)
      .where('province', '=', province)
      .executeTakeFirst());
  if (found !== undefined) return found.merged_into ?? found.id;
  try {
    const proposed = { name, district, province, code: null, type: null, reportingParent: null };
    return (await laos.add(proposed, { author, listed: false })).id;
  } catch (error) {
    // Somebody entered it meanwhile.
    if (!(error instanceof LaoTwice)) throw error;
    const { lao } = error.details;
    return lao.mergedInto ?? lao.id;
  }
}

function selectPlaces(database: RegistryDatabase) {
  return database.selectFrom('laos').select(['id', 'merged_into', 'name', 'district', 'province']);
}

function placeOf({ name, district, province }: Place): Place {
  return { name, district, province };
}
