import { sql, type Expression, type ExpressionBuilder, type Kysely, type SqlBool } from 'kysely';
import { areaOf, type Area } from '../area.ts';
import { liesWithin } from '../area-rows.ts';
import { placesOfLaos } from '../lao-places.ts';
import type { RegistryTables } from '../schema/tables.ts';
import type { ReturnRowOf } from './return-versions.ts';

/** Columns of a return that say where it is (area-rows.ts). */
export const placeOfReturn = { province: 'province', district: 'district', laoId: 'lao_id' };

/**
 * The row's return is read within one of `areas`: where the round froze it, and an LAO's also where the list has the LAO now.
 * Who fills it in may lie in a district that it is not sent to.
 */
export function isReadWithin<Tables, Table extends keyof Tables>(
  where: ExpressionBuilder<Tables, Table>,
  areas: readonly Area[],
): Expression<SqlBool> {
  return where.or([
    liesWithin(where, areas, {
      province: 'survey_returns.province',
      district: 'survey_returns.district',
      laoId: 'survey_returns.lao_id',
    }),
    ...areas.flatMap((area) =>
      area.level === 'district' || area.level === 'province'
        ? [sql<SqlBool>`survey_returns.lao_id in (${laosNowIn(area)})`]
        : [],
    ),
  ]);
}

/** Also those that were merged into one of there. */
function laosNowIn(area: Extract<Area, { level: 'district' | 'province' }>) {
  const district = area.level === 'district' ? sql`and there.district = ${area.district}` : sql``;
  return sql`select named.id from laos as named
    join laos as there on there.id = coalesce(named.merged_into, named.id)
    where there.province = ${area.province} ${district}`;
}

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
