import type { Kysely } from 'kysely';
import { expect } from 'vitest';
import type { Databases } from '#registry/database/database.ts';
import { textSearchOf } from '#registry/database/text-search.ts';
import { seededRandom } from '../simulator/seeded-random.ts';

interface Tables {
  notes: { id: string };
  notes_search: { id: string; text: string };
}

const table = { name: 'notes_search', of: 'notes' };
const LETTERS = ['กขค', 'งจฉ', 'aé字', '7-%\n'];

async function up(db: Kysely<never>): Promise<void> {
  await db.schema
    .createTable('notes')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .execute();
  const search = textSearchOf(db);
  await search.createSearchTable(db, table);
  await search.mayBeIndexedLater(db, table.name);
  await search.indexShortParts(db, table.name);
  await search.indexInBlocks(db, table.name);
  await search.indexInBulk(db, table.name);
}

/**
 * Texts that come, change and go at random, in any order of their ids, indexed or not yet: after each step every part finds those that
 * hold it, and no others.
 */
export async function searchAtRandom(databases: Databases): Promise<void> {
  const database = await databases.open<Tables>({
    name: 'notes',
    migrations: { '0001-notes': { up } },
  });
  const search = textSearchOf(database);
  const random = seededRandom(180);
  const below = (count: number): number => Math.floor(random() * count);
  const texts = new Map<string, string>();
  const index = async () => search.indexRest(database as unknown as Kysely<unknown>, table);
  // Each era has letters of its own, so that blocks differ.
  const textOf = (era: number): string =>
    Array.from({ length: 1 + below(6) }, () => {
      const letters = LETTERS[random() < 0.97 ? era : below(LETTERS.length)] ?? '';
      return Array.from(letters)[below(3)];
    }).join('');
  const idAt = (place: number): string =>
    `${place.toString(16).padStart(8, '0')}-${below(0xffff).toString(16).padStart(4, '0')}`;

  const insert = async (count: number, era: number, place: () => number): Promise<void> => {
    const rows = new Map(Array.from({ length: count }, () => [idAt(place()), textOf(era)]));
    for (const id of texts.keys()) rows.delete(id);
    const all = Array.from(rows, ([id, text]) => ({ id, text }));
    if (all.length === 0) return;
    await database
      .insertInto('notes')
      .values(all.map(({ id }) => ({ id })))
      .execute();
    await database.insertInto('notes_search').values(all).execute();
    for (const { id, text } of all) texts.set(id, text);
  };
  const some = (count: number): string[] => {
    const ids = [...texts.keys()];
    return Array.from({ length: count }, () => ids[below(ids.length)] ?? '');
  };
  const check = async (what: string): Promise<void> => {
    const ids = [...texts.keys()].toSorted();
    const from = ids[below(ids.length)] ?? '';
    for (const parts of [
      ['ก'],
      ['กข'],
      ['จ', 'ง'],
      ['é'],
      ['字7'],
      ['-%'],
      ['aé字'],
      ['คก', 'ข'],
    ]) {
      const found: string[] = [];
      for (const span of await search.matching(database, table.name, parts, from)) {
        const rows = await database
          .selectFrom(span.as('found'))
          .select('found.id')
          .where('found.id', '>=', from)
          .orderBy('found.id')
          .execute();
        found.push(...rows.map(({ id }) => id));
      }
      const expected = ids.filter(
        (id) => id >= from && parts.every((part) => texts.get(id)?.includes(part)),
      );
      expect(found, `${what}: ${parts.join(' ')}`).toEqual(expected);
    }
  };

  // Three inventories one after the other, and one whose ids were given before they came.
  for (const era of [0, 1, 2]) {
    const place = (): number => era * 10_000 + below(400) + (random() < 0.5 ? 0 : 600);
    await insert(700, era, place);
    if (era !== 1) await index();
    await check(`inventory ${era}`);
  }
  await insert(600, 3, () => 450 + below(100));
  await index();
  await check('in between');
  for (let round = 0; round < 6; round++) {
    const era = below(4);
    // Alone at the end, somewhere, and many where others are.
    await insert(1, era, () => 40_000 + round);
    await insert(40, era, () => below(30_000));
    await insert(80, era, () => era * 10_000 + below(1_000));
    for (const id of new Set(some(60))) {
      const text = textOf(era);
      await database.updateTable('notes_search').set({ text }).where('id', '=', id).execute();
      texts.set(id, text);
    }
    const gone = some(20);
    await database.deleteFrom('notes').where('id', 'in', gone).execute();
    for (const id of gone) texts.delete(id);
    await check(`round ${round}, not indexed`);
    if (round % 2 === 0) continue;
    await Promise.all([index(), index()]);
    await check(`round ${round}`);
  }
}
