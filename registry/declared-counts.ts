import type { Kysely } from 'kysely';
import type { Area, Place } from './area.ts';
import type { CountedGroup } from './counted-groups.ts';
import { groupsByLao } from './lao-counts.ts';
import type { RegistryTables } from './schema/tables.ts';
import { isWithinAreas } from './within-areas.ts';

/** Cameras of one LAO that one agency paid for, by what is declared of them: a row of the survey form (forms.md §2). */
export interface DeclaredCount {
  laoId: string;
  budgetSourceId: string;
  total: number;
  working: number;
  underRepair: number;
  unrepairable: number;
}

/** As they are now (lao-counts.ts), by LAO and source. `laoIds`: only these. */
export async function declaredCounts(
  database: Kysely<RegistryTables>,
  laoIds?: readonly string[],
): Promise<DeclaredCount[]> {
  const byLao = await groupsByLao(database, laoIds);
  return [...byLao.keys()].toSorted().flatMap((laoId) => ofLao(laoId, byLao.get(laoId) ?? []));
}

/** Groups of one source follow each other. */
function ofLao(laoId: string, groups: readonly CountedGroup[]): DeclaredCount[] {
  const counts: DeclaredCount[] = [];
  for (const { budgetSourceId, kind, cameras } of groups) {
    let row = counts.at(-1);
    if (row?.budgetSourceId !== budgetSourceId) {
      row = { laoId, budgetSourceId, total: 0, working: 0, underRepair: 0, unrepairable: 0 };
      counts.push(row);
    }
    row.total += cameras;
    if (kind.declared === 'working') row.working += cameras;
    else if (kind.declared === 'under-repair') row.underRepair += cameras;
    else row.unrepairable += cameras;
  }
  return counts;
}

/** The same with the names that people know, of the LAOs within these areas: by province, district, LAO and source. */
export async function namedDeclaredCounts(
  database: Kysely<RegistryTables>,
  within: readonly Area[],
): Promise<
  (Omit<DeclaredCount, 'laoId' | 'budgetSourceId'> & { lao: Place; budgetSource: string })[]
> {
  const laos = await database
    .selectFrom('laos')
    .select(['id', 'name', 'district', 'province'])
    .where(isWithinAreas(within))
    .orderBy('province')
    .orderBy('district')
    .orderBy('name')
    .execute();
  if (laos.length === 0) return [];
  const sources = await database.selectFrom('budget_sources').select(['id', 'name']).execute();
  const sourceNames = new Map(sources.map(({ id, name }) => [id, name]));
  const all = within.some(({ level }) => level === 'country');
  const counted = await declaredCounts(database, all ? undefined : laos.map(({ id }) => id));
  const byLao = Map.groupBy(counted, ({ laoId }) => laoId);
  return laos.flatMap(({ id, ...lao }) =>
    (byLao.get(id) ?? []).map(({ laoId: _lao, budgetSourceId, ...count }) => ({
      lao,
      budgetSource: sourceNames.get(budgetSourceId) ?? '',
      ...count,
    })),
  );
}
