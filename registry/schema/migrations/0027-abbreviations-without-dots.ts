import type { Kysely, Transaction } from 'kysely';
import { executeTogether } from '../../database/database.ts';
import { rowChanger } from '../../database/row-writer.ts';
import { searchText } from '../../thai-names.ts';
import type { RegistryTables } from '../tables.ts';

const PAGE = 2_000;
const writeTexts = rowChanger<RegistryTables, 'camera_search'>('camera_search', { key: 'id' });

/** Texts of before have no dots of abbreviations from now on, as what is searched for has none: รพสต finds รพ.สต. */
export async function up(db: Kysely<RegistryTables>): Promise<void> {
  for (let after: string | undefined = ''; after !== undefined;) {
    const page = await db
      .selectFrom('camera_search')
      .select(['id', 'text'])
      .where('id', '>', after)
      .orderBy('id')
      .limit(PAGE)
      .execute();
    const changed = page.flatMap(({ id, text: before }) => {
      const text = before.split('\n').map(searchText).join('\n');
      return text === before ? [] : [{ id, text }];
    });
    // A migration is within its transaction.
    await executeTogether(db as Transaction<RegistryTables>, writeTexts(changed));
    after = page.length < PAGE ? undefined : page.at(-1)?.id;
  }
}
