import type { Kysely } from 'kysely';
import { searchText, spacedText } from '../../thai-names.ts';
import type { RegistryTables } from '../tables.ts';

const PAGE = 2_000;

/**
 * Texts and keys of before as they are spelled now: a tone has its place by a vowel, and in texts there is no blank behind a
 * dot. Of two rows of a list that are one name by it, the first has its key.
 */
export async function up(db: Kysely<RegistryTables>): Promise<void> {
  for (let after: string | undefined = ''; after !== undefined;) {
    const page = await db
      .selectFrom('camera_search')
      .select(['id', 'text'])
      .where('id', '>', after)
      .orderBy('id')
      .limit(PAGE)
      .execute();
    for (const { id, text: before } of page) {
      const text = before.split('\n').map(searchText).join('\n');
      if (text === before) continue;
      await db.updateTable('camera_search').set({ text }).where('id', '=', id).execute();
    }
    after = page.length < PAGE ? undefined : page.at(-1)?.id;
  }
  for (const list of ['laos', 'budget_sources'] as const) {
    const rows = await db.selectFrom(list).select(['id', 'match_key']).orderBy('id').execute();
    const taken = new Set(rows.map(({ match_key }) => match_key));
    for (const { id, match_key: before } of rows) {
      // A key is a text that is spelled already, but for the tones. Its dots are of it: ทต. is the kind of an LAO.
      const key = before === null ? null : spacedText(before);
      if (key === before) continue;
      const match_key = taken.has(key) ? null : key;
      taken.add(match_key);
      await db.updateTable(list).set({ match_key }).where('id', '=', id).execute();
    }
  }
}
