import type { Kysely } from 'kysely';
import { areaOf, type Area } from '../area.ts';
import { placesOfLaos } from '../lao-places.ts';
import type { RegistryTables } from '../schema/tables.ts';
import type { ReturnRowOf } from './returns.ts';

/** Columns of a return that say where it is (area-rows.ts). */
export const placeOfReturn = { province: 'province', district: 'district', laoId: 'lao_id' };

/**
 * Where returns are, by their ids, for who may see them: an LAO's is where the list has the LAO now, under whatever name
 * the round froze it. By that name it would be of whoever is called so today.
 */
export async function areasOfReturns(
  database: Kysely<RegistryTables>,
  returns: readonly Pick<
    ReturnRowOf,
    'id' | 'level' | 'lao_id' | 'name' | 'district' | 'province'
  >[],
): Promise<Map<string, Area>> {
  const ids = new Set(returns.flatMap(({ lao_id }) => lao_id ?? []));
  const places = await placesOfLaos(database, [...ids]);
  return new Map(
    returns.map(({ id, level, lao_id, name, district, province }): [string, Area] => {
      switch (level) {
        case 'lao': {
          const now = places.get(lao_id ?? '');
          return [id, areaOf(now?.place ?? { name, district, province })];
        }
        case 'district':
          return [id, { level, province, district }];
        case 'province':
          return [id, { level, province }];
      }
    }),
  );
}
