import { sql, type Kysely, type RawBuilder, type SqlBool } from 'kysely';
import { districtNames, findProvince } from './areas/official-areas.ts';
import { budgetSourceKey } from './managed-keys.ts';
import type { RegistryTables } from './schema/tables.ts';
import { agencyKey } from './thai-names.ts';

/**
 * Which rows of the lists a filter means by a name or an id. A saved view or a link outlives the list that it was made from: the
 * name and the id of one that was merged mean the one that it was merged into, and so does what one was called before the list was
 * corrected, while nobody else is called so.
 */

/** An LAO by any spelling of its name, or by its id; `province` and `district` say which one of that name. */
export interface NamedLao {
  province?: string | undefined;
  district?: string | undefined;
  lao: string;
}

/** Ids of LAOs that stand in the list; none: nobody is called so. */
export async function laosNamed(
  database: Kysely<RegistryTables>,
  { province, district, lao }: NamedLao,
): Promise<string[]> {
  const key = agencyKey(lao);
  const isNamed = ({ name }: { name: string }): boolean => name === lao || agencyKey(name) === key;
  let query = database
    .selectFrom('laos')
    .select(['id', 'name', 'merged_into'])
    .where((where) =>
      where.or([where('id', '=', lao), where('name', '=', lao), endsWith('match_key', key)]),
    );
  let former = database
    .selectFrom('lao_former_names as former')
    .innerJoin('laos', 'laos.id', 'former.lao_id')
    .select(['laos.id', 'laos.merged_into', 'former.name'])
    .where(endsWith('former.match_key', key));
  if (province !== undefined) {
    const official = findProvince(province)?.name ?? province;
    query = query.where('province', '=', official);
    former = former.where('former.province', '=', official);
  }
  if (district !== undefined) {
    const names = districtNames(province, district);
    query = query.where('district', 'in', names);
    former = former.where('former.district', 'in', names);
  }
  const named = (await query.execute()).filter((row) => row.id === lao || isNamed(row));
  const rows = named.length > 0 ? named : (await former.execute()).filter(isNamed);
  return standing(rows);
}

/** Ids of budget sources that stand in the list, by any spelling of a name or by an id; none: nobody is called so. */
export async function budgetSourcesNamed(
  database: Kysely<RegistryTables>,
  source: string,
): Promise<string[]> {
  const key = budgetSourceKey(source);
  const named = await database
    .selectFrom('budget_sources')
    .select(['id', 'merged_into'])
    .where((where) =>
      where.or([
        where('id', '=', source),
        where('name', '=', source),
        where('match_key', '=', key),
      ]),
    )
    .execute();
  if (named.length > 0) return standing(named);
  const former = await database
    .selectFrom('budget_source_former_names as former')
    .innerJoin('budget_sources', 'budget_sources.id', 'former.budget_source_id')
    .select(['budget_sources.id', 'budget_sources.merged_into'])
    .where('former.match_key', '=', key)
    .execute();
  return standing(former);
}

function standing(rows: readonly { id: string; merged_into: string | null }[]): string[] {
  return [...new Set(rows.map(({ id, merged_into }) => merged_into ?? id))];
}

/** The part of an LAO's key that is of its name stands last in it. Finds more where letters have no case; fewer nowhere. */
function endsWith(column: string, key: string): RawBuilder<SqlBool> {
  const pattern = `%|${key.replaceAll(/[\\%_]/g, String.raw`\$&`)}`;
  return sql<SqlBool>`${sql.ref(column)} like ${pattern} escape '\\'`;
}
