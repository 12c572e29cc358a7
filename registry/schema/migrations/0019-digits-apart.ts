import type { Kysely } from 'kysely';
import { budgetSourceKey, laoKey } from '../../managed-keys.ts';
import type { RegistryTables } from '../tables.ts';

/** Keys of names by which what stands between two digits is of the name (`matchKey`). Those of before had none of it. */
export async function up(db: Kysely<RegistryTables>): Promise<void> {
  const laos = await db
    .selectFrom('laos')
    .select(['id', 'match_key', 'name', 'district', 'province'])
    .execute();
  for (const { id, match_key: before, ...lao } of laos) {
    const match_key = laoKey(lao);
    if (!isOnlyApart(before, match_key)) continue;
    await db.updateTable('laos').set({ match_key }).where('id', '=', id).execute();
  }
  const sources = await db
    .selectFrom('budget_sources')
    .select(['id', 'match_key', 'name'])
    .execute();
  for (const { id, match_key: before, name } of sources) {
    const match_key = budgetSourceKey(name);
    if (!isOnlyApart(before, match_key)) continue;
    await db.updateTable('budget_sources').set({ match_key }).where('id', '=', id).execute();
  }
  const former = await db
    .selectFrom('lao_former_names')
    .select(['match_key', 'lao_id', 'name', 'district', 'province'])
    .execute();
  for (const { lao_id, match_key: before, ...lao } of former) {
    const match_key = laoKey(lao);
    if (!isOnlyApart(before, match_key)) continue;
    await db
      .updateTable('lao_former_names')
      .set({ match_key })
      .where('match_key', '=', before)
      .where('lao_id', '=', lao_id)
      .execute();
  }
}

/** A merged row may stand under a key that is not its name's: that one stays. */
function isOnlyApart(before: string | null, now: string): boolean {
  return before !== now && before === now.replace(/[\s.]/gu, '');
}
