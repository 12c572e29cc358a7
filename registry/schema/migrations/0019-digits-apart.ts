import type { Kysely } from 'kysely';
import { budgetSourceKey, laoKey } from '../../managed-keys.ts';
import { spacedText } from '../../thai-names.ts';
import type { RegistryTables } from '../tables.ts';

/**
 * Keys of names by which what stands between two digits is of the name (`matchKey`). Those of before had none of it. Of two rows that
 * were apart by something else, and are one name now, the first has its key.
 */
export async function up(db: Kysely<RegistryTables>): Promise<void> {
  const laos = await db
    .selectFrom('laos')
    .select(['id', 'match_key', 'name', 'district', 'province'])
    .execute();
  const takenLaos = new Set(laos.map((lao) => lao.match_key));
  for (const { id, match_key: before, ...lao } of laos) {
    const key = laoKey(lao);
    if (!isOnlyApart(before, key)) continue;
    const match_key = takenLaos.has(key) ? null : key;
    takenLaos.add(match_key);
    await db.updateTable('laos').set({ match_key }).where('id', '=', id).execute();
  }
  const sources = await db
    .selectFrom('budget_sources')
    .select(['id', 'match_key', 'name'])
    .execute();
  const takenSources = new Set(sources.map((source) => source.match_key));
  for (const { id, match_key: before, name } of sources) {
    const key = budgetSourceKey(name);
    if (!isOnlyApart(before, key)) continue;
    const match_key = takenSources.has(key) ? null : key;
    takenSources.add(match_key);
    await db.updateTable('budget_sources').set({ match_key }).where('id', '=', id).execute();
  }
  const former = await db
    .selectFrom('lao_former_names')
    .select(['match_key', 'lao_id', 'name', 'district', 'province'])
    .execute();
  const takenFormer = new Set(former.map(({ match_key, lao_id }) => `${match_key} ${lao_id}`));
  for (const { lao_id, match_key: before, ...lao } of former) {
    const match_key = laoKey(lao);
    if (!isOnlyApart(before, match_key)) continue;
    const known = `${match_key} ${lao_id}`;
    if (takenFormer.has(known)) continue;
    takenFormer.add(known);
    await db
      .updateTable('lao_former_names')
      .set({ match_key })
      .where('match_key', '=', before)
      .where('lao_id', '=', lao_id)
      .execute();
  }
}

/** A merged row may stand under a key that is not its name's: that one stays. Tones may have stood before their vowels (0022). */
function isOnlyApart(before: string | null, now: string): boolean {
  if (before === null || before === now) return false;
  return spacedText(before) === now.replace(/(?<=\d)[ .](?=\d)/gu, '');
}
