import type { Kysely } from 'kysely';
import type { Area, Place } from './area.ts';
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

/**
 * Counted from what is there now, never incremented. `laoIds`: only these. Read from an index that holds nothing else.
 */
export async function declaredCounts(
  database: Kysely<RegistryTables>,
  laoIds?: readonly string[],
): Promise<DeclaredCount[]> {
  let query = database
    .selectFrom('cameras')
    .select(({ fn }) => [
      'lao_id',
      'budget_source_id',
      'declared',
      fn.countAll<number>().as('count'),
    ])
    .where('deleted_at_ms', 'is', null)
    .groupBy(['lao_id', 'budget_source_id', 'declared'])
    .orderBy('lao_id')
    .orderBy('budget_source_id');
  if (laoIds !== undefined) query = query.where('lao_id', 'in', laoIds);
  const counts: DeclaredCount[] = [];
  for (const { lao_id, budget_source_id, declared, count } of await query.execute()) {
    let row = counts.at(-1);
    if (row?.laoId !== lao_id || row.budgetSourceId !== budget_source_id) {
      row = {
        laoId: lao_id,
        budgetSourceId: budget_source_id,
        total: 0,
        working: 0,
        underRepair: 0,
        unrepairable: 0,
      };
      counts.push(row);
    }
    row.total += count;
    if (declared === 'working') row.working += count;
    else if (declared === 'under-repair') row.underRepair += count;
    else row.unrepairable += count;
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
