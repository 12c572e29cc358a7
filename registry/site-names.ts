import type { Selectable, Transaction } from 'kysely';
import { siteKey } from './managed-keys.ts';
import type { RegistryTables, SiteTable } from './schema/tables.ts';

/**
 * What sites are called and were called. A name of before is a row of the list that leads to the site, as one that was merged does:
 * a workbook, or another system, that still says it means the same line.
 */

type Row = Selectable<SiteTable>;

/**
 * The site is called so from now on, and its name of before leads to it. Returns the site whose name that is, of which nothing is
 * changed then; a name that leads to the site itself is given back to it.
 */
export async function renameSite(
  transaction: Transaction<RegistryTables>,
  { id, lao_id, name: before, key: keyBefore }: Row,
  name: string,
  nextId: () => string,
): Promise<Row | undefined> {
  const key = siteKey(lao_id ?? '', name);
  const set = async (of: string, values: { name: string; key: string }): Promise<void> => {
    await transaction.updateTable('sites').set(values).where('id', '=', of).execute();
  };
  if (key === keyBefore) {
    await set(id, { name, key });
    return undefined;
  }
  const other = await transaction
    .selectFrom('sites')
    .selectAll()
    .where('key', '=', key)
    .executeTakeFirst();
  if (other !== undefined && other.merged_into !== id) return other;
  if (other === undefined) {
    await set(id, { name, key });
    await transaction
      .insertInto('sites')
      .values({ id: nextId(), lao_id, name: before, key: keyBefore, merged_into: id })
      .execute();
    return undefined;
  }
  // Keys are each one site's: one of them is nobody's for a moment.
  await set(other.id, { name: before, key: `${other.id} ` });
  await set(id, { name, key });
  await set(other.id, { name: before, key: keyBefore });
  return undefined;
}

/** Names that lead to sites of an LAO lead on to those of the one that it was merged into. Once its sites were entered there. */
export async function enterLeadingNames(
  transaction: Transaction<RegistryTables>,
  { from, into, nextId }: { from: string; into: string; nextId: () => string },
): Promise<void> {
  const leading = await transaction
    .selectFrom('sites as leading')
    .innerJoin('sites as led', 'led.id', 'leading.merged_into')
    .select(['leading.name', 'led.name as to'])
    .where('leading.lao_id', '=', from)
    .orderBy('leading.id')
    .execute();
  for (const { name, to } of leading) {
    const site = await transaction
      .selectFrom('sites')
      .select(['id', 'merged_into'])
      .where('key', '=', siteKey(into, to))
      .executeTakeFirstOrThrow();
    await transaction
      .insertInto('sites')
      .values({
        id: nextId(),
        lao_id: into,
        name,
        key: siteKey(into, name),
        merged_into: site.merged_into ?? site.id,
      })
      .onConflict((conflict) => conflict.column('key').doNothing())
      .execute();
  }
}
