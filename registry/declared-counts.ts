import type { Kysely } from 'kysely';
import type { Area, Place } from './area.ts';
import { kindOf } from './counted-groups.ts';
import { countsByLao, type SourceCounts } from './lao-counts.ts';
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
  const byLao = await countsByLao(database, laoIds);
  const counts: DeclaredCount[] = [];
  for (const laoId of [...byLao.keys()].toSorted()) {
    for (const source of byLao.get(laoId) ?? []) counts.push(declaredCount(laoId, source));
  }
  return counts;
}

function declaredCount(laoId: string, source: SourceCounts): DeclaredCount {
  const [budgetSourceId] = source;
  const count = { laoId, budgetSourceId, total: 0, working: 0, underRepair: 0, unrepairable: 0 };
  for (let at = 1; at < source.length; at += 2) {
    const { declared } = kindOf(source[at] as number);
    const cameras = source[at + 1] as number;
    count.total += cameras;
    if (declared === 'working') count.working += cameras;
    else if (declared === 'under-repair') count.underRepair += cameras;
    else count.unrepairable += cameras;
  }
  return count;
}

/** All cameras that are registered within these areas, from the counts that are kept. */
export async function registeredWithin(
  database: Kysely<RegistryTables>,
  within: readonly Area[],
): Promise<number> {
  const laoIds = await laosWithin(database, within);
  if (laoIds?.length === 0) return 0;
  const counts = await declaredCounts(database, laoIds);
  return counts.reduce((sum, { total }) => sum + total, 0);
}

/** Not named where they are all: 7,850 names in a statement cost more than the counts. */
async function laosWithin(
  database: Kysely<RegistryTables>,
  within: readonly Area[],
): Promise<string[] | undefined> {
  if (within.some(({ level }) => level === 'country')) return undefined;
  const laos = await database
    .selectFrom('laos')
    .select('id')
    .where(isWithinAreas(within))
    .execute();
  return laos.map(({ id }) => id);
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
