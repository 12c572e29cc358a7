import type { Kysely } from 'kysely';
import type { Place } from './area.ts';
import { budgetSourceKey, laoKey } from './managed-keys.ts';
import type { RegistryTables } from './schema/tables.ts';

/** What a camera names that is of a list. */
export interface GivenNames {
  lao?: Place | undefined;
  budgetSource?: string | undefined;
}

/**
 * Of the names that a camera is about to be registered under, those that no row of their list has by any spelling: they would
 * be proposed to it. A misspelt one, too; so whoever gives one is told, as an import tells it.
 */
export async function namesNotListed(
  database: Kysely<RegistryTables>,
  { lao, budgetSource }: GivenNames,
): Promise<(keyof GivenNames)[]> {
  const unknown: (keyof GivenNames)[] = [];
  if (lao !== undefined) {
    const row = await database
      .selectFrom('laos')
      .select('id')
      .where('match_key', '=', laoKey(lao))
      .executeTakeFirst();
    if (row === undefined) unknown.push('lao');
  }
  if (budgetSource !== undefined) {
    const row = await database
      .selectFrom('budget_sources')
      .select('id')
      .where('match_key', '=', budgetSourceKey(budgetSource))
      .executeTakeFirst();
    if (row === undefined) unknown.push('budgetSource');
  }
  return unknown;
}
