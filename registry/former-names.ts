import type { Kysely, Transaction } from 'kysely';
import type { Place } from './area.ts';
import { budgetSourceKey, laoKey } from './managed-keys.ts';
import type { RegistryTables } from './schema/tables.ts';

/**
 * What LAOs were called, or where they lay, before the list was corrected, and what budget sources were called: a workbook of
 * before names them so (decision 0160). One that an LAO or a source bears now is its own, whoever else has had it.
 */

/** Names in one answer. */
const PAGE = 1_000;
/** Read at once; what is beyond them is entered anew, as it was before they were kept. */
const MAX_FORMER_SOURCES = 10_000;

export interface FormerName extends Place {
  match_key: string;
  lao_id: string;
}

export interface FormerSource {
  match_key: string;
  budget_source_id: string;
  name: string;
}

/** Before the row is changed. A spelling with the same key is no other name. */
export async function keepFormerSource(
  transaction: Transaction<RegistryTables>,
  { id, name }: { id: string; name: string },
  newKey: string,
): Promise<void> {
  const match_key = budgetSourceKey(name);
  if (match_key === newKey) return;
  await transaction
    .insertInto('budget_source_former_names')
    .values({ match_key, budget_source_id: id, name })
    .onConflict((conflict) => conflict.columns(['match_key', 'budget_source_id']).doNothing())
    .execute();
}

/** All of them, in one order: a list of some hundred names is seldom corrected. */
export async function formerSources(database: Kysely<RegistryTables>): Promise<FormerSource[]> {
  return database
    .selectFrom('budget_source_former_names')
    .selectAll()
    .orderBy('match_key')
    .orderBy('budget_source_id')
    .limit(MAX_FORMER_SOURCES)
    .execute();
}

/** Before the row is changed. A spelling with the same key is no other name. */
export async function keepFormerName(
  transaction: Transaction<RegistryTables>,
  { id, name, district, province }: Place & { id: string },
  newKey: string,
): Promise<void> {
  const match_key = laoKey({ name, district, province });
  if (match_key === newKey) return;
  await transaction
    .insertInto('lao_former_names')
    .values({ match_key, lao_id: id, name, district, province })
    .onConflict((conflict) => conflict.columns(['match_key', 'lao_id']).doNothing())
    .execute();
}

/** Page by page, in one order. */
export async function* formerNames(
  database: Kysely<RegistryTables>,
): AsyncGenerator<readonly FormerName[]> {
  for (let after: FormerName | undefined; ;) {
    let query = database
      .selectFrom('lao_former_names')
      .selectAll()
      .orderBy('match_key')
      .orderBy('lao_id')
      .limit(PAGE);
    if (after !== undefined) {
      const { match_key, lao_id } = after;
      query = query.where((where) =>
        where.or([
          where('match_key', '>', match_key),
          where.and([where('match_key', '=', match_key), where('lao_id', '>', lao_id)]),
        ]),
      );
    }
    const page = await query.execute();
    yield page;
    if (page.length < PAGE) return;
    after = page.at(-1);
  }
}
