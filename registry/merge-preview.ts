import type { Kysely, Selectable } from 'kysely';
import { siteKey } from './managed-keys.ts';
import { camerasUnder, type MovedCameras } from './move-cameras.ts';
import type { LaoTable, RegistryTables } from './schema/tables.ts';

/** What a merge of two LAOs takes along. */
export interface LaoMerge extends MovedCameras {
  /** By name. `joins`: the other has one of the name, whose budgets hold from then on. */
  sites: { name: string; joins: boolean }[];
}

export async function previewMerge(
  database: Kysely<RegistryTables>,
  { from, target }: Record<'from' | 'target', Selectable<LaoTable>>,
): Promise<LaoMerge> {
  const sites = await database
    .selectFrom('sites')
    .select(['name', 'key', 'lao_id'])
    .where('lao_id', 'in', [from.id, target.id])
    .where((where) => where.or([where('merged_into', 'is', null), where('lao_id', '=', target.id)]))
    .orderBy('name')
    .execute();
  const there = new Set(sites.filter((of) => of.lao_id === target.id).map(({ key }) => key));
  return {
    ...(await camerasUnder(database, 'lao_id', from.id)),
    sites: sites
      .filter((of) => of.lao_id === from.id)
      .map(({ name }) => ({ name, joins: there.has(siteKey(target.id, name)) })),
  };
}
