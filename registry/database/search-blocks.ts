import { sql, type Kysely, type RawBuilder, type Transaction } from 'kysely';
import { bitsOf, SIGNATURE_BITS, signatureOf } from './search-signature.ts';

/**
 * Texts of PostgreSQL's search tables, in blocks of some hundred whose ids follow each other, each with the signature of all of its
 * texts (decision 0180): of a word that the index of runs does not answer, only blocks are looked at where it may be. A text is in the
 * block with the greatest `from_id` that is not above its id, and that block has its bits, if the text says that it is indexed.
 * Blocks only gain bits, and are never taken away: one that has too many is looked at in vain.
 */

/** Texts in a block, about. */
const BLOCK_TEXTS = 500;
/** So many new texts that lie together, before others that are indexed, get a block of their own. */
const OWN_BLOCK_FROM = 50;
/** Blocks that are looked at first; then twice as many, and so on: most often the page is full. */
const FIRST_SPAN = 2;
/** Above all ids, which are of hexadecimal digits. */
const AFTER_ALL = 'g';

export interface IndexedText {
  id: string;
  text: string;
}

function blocksOf(table: string): RawBuilder<unknown> {
  return sql.table(`${table}_blocks`);
}

/** For a migration, which has the table to itself: blocks of all texts that are indexed. */
export async function createBlocks(db: Kysely<unknown>, table: string): Promise<void> {
  const blocks = blocksOf(table);
  const signature = sql.raw(`bit(${SIGNATURE_BITS})`);
  await sql`create table ${blocks} (from_id text primary key, last_id text not null,
    texts integer not null, signature ${signature} not null)`.execute(db);
  // As it is: a compressed one would be unpacked for each search.
  await sql`alter table ${blocks} alter column signature set storage plain`.execute(db);
  for (let after = ''; ;) {
    const { rows } = await sql<IndexedText>`select id, text from ${sql.table(table)}
      where indexed = 1 and id > ${after} order by id limit ${BLOCK_TEXTS}`.execute(db);
    const [first, last] = [rows[0], rows.at(-1)];
    if (first === undefined || last === undefined) return;
    await write(db, table, [
      {
        fromId: after === '' ? '' : first.id,
        lastId: last.id,
        added: rows.map(({ text }) => text),
      },
    ]);
    after = last.id;
  }
}

interface WrittenBlock {
  fromId: string;
  lastId: string;
  added: readonly string[];
}

/** Begins them, or adds to them. */
async function write(
  db: Kysely<unknown>,
  table: string,
  written: readonly WrittenBlock[],
): Promise<void> {
  const bits = sql.raw(`bit(${SIGNATURE_BITS})`);
  const rows = written.map(
    ({ fromId, lastId, added }) =>
      sql`(${fromId}, ${lastId}, ${sql.lit(added.length)}::integer, (${`x${signatureOf(added)}`}::text)::${bits})`,
  );
  await sql`insert into ${blocksOf(table)} as block (from_id, last_id, texts, signature) values ${sql.join(rows)}
    on conflict (from_id) do update set last_id = greatest(block.last_id, excluded.last_id),
      texts = block.texts + excluded.texts, signature = block.signature | excluded.signature`.execute(
    db,
  );
}

interface PageText extends IndexedText {
  /** The block it will be in; null: there is none. */
  from_id: string | null;
  last_id: string | null;
  texts: number | null;
}

/**
 * Up to `atMost` texts that are not indexed, from the first after `after` on, are: locked, added to blocks, and said to be. One at a
 * time does it. What another is at is left to it. Returns how many, and the last one's id; undefined: none is left.
 */
export async function indexPage(
  transaction: Transaction<unknown>,
  table: string,
  after: string,
  atMost: number,
): Promise<{ last: string; count: number } | undefined> {
  const blocks = blocksOf(table);
  const { rows } = await sql<PageText>`
    select page.id, page.text, block.from_id, block.last_id, block.texts
    from (select id, text from ${sql.table(table)} where indexed = 0 and id > ${after}
      order by id limit ${sql.lit(atMost)} for update skip locked) as page
    left join lateral (select from_id, last_id, texts from ${blocks}
      where from_id <= page.id order by from_id desc limit 1) as block on true
    order by page.id`.execute(transaction);
  const last = rows.at(-1)?.id;
  if (last === undefined) return undefined;
  for (const those of Map.groupBy(rows, ({ from_id }) => from_id).values()) {
    await addToBlocks(transaction, table, those);
  }
  await sql`update ${sql.table(table)} set indexed = 1
    where id = any(${rows.map(({ id }) => id)}::text[])`.execute(transaction);
  return { last, count: rows.length };
}

/** Texts that lie in one block, by their ids. */
async function addToBlocks(
  transaction: Transaction<unknown>,
  table: string,
  rows: readonly PageText[],
): Promise<void> {
  const [first, last] = [rows[0], rows.at(-1)];
  if (first === undefined || last === undefined) return;
  const block = {
    fromId: first.from_id ?? '',
    lastId: last.id,
    added: rows.map(({ text }) => text),
  };
  const isAfterAll = first.last_id === null || first.last_id < first.id;
  if (isAfterAll && (first.texts ?? 0) + rows.length > BLOCK_TEXTS && first.from_id !== null) {
    await write(transaction, table, [{ ...block, fromId: first.id }]);
    return;
  }
  if (!isAfterAll && rows.length >= OWN_BLOCK_FROM) {
    if (!(await areIndexed(transaction, table, first.id, last.id))) {
      // An inventory whose cameras were given their ids before others that are there already.
      await sql`insert into ${blocksOf(table)} (from_id, last_id, texts, signature)
        select ${`${last.id}-`}, last_id, texts, signature from ${blocksOf(table)}
        where from_id = ${first.from_id} on conflict (from_id) do nothing`.execute(transaction);
      await write(transaction, table, [{ ...block, fromId: first.id }]);
      return;
    }
  }
  await write(transaction, table, [block]);
}

async function areIndexed(
  db: Kysely<unknown>,
  table: string,
  firstId: string,
  lastId: string,
): Promise<boolean> {
  const { rows } = await sql<{ any: boolean }>`select exists (select from ${sql.table(table)}
    where indexed = 1 and id >= ${firstId} and id <= ${lastId}) as any`.execute(db);
  return rows[0]?.any === true;
}

/**
 * Ids from `from` on of texts that are `scanned` to hold all of `parts`: for one FROM after the other, in the order of ids, until enough
 * are found. Each is one statement that sees one state of the database: a text is in a block that has its bits, or not indexed yet.
 */
export async function spansOf<Tables>(
  db: Kysely<Tables>,
  table: string,
  {
    parts,
    scanned,
    from,
  }: { parts: readonly string[]; scanned: RawBuilder<unknown>; from: string },
): Promise<RawBuilder<{ id: string }>[]> {
  const texts = sql.table(table);
  const blocks = blocksOf(table);
  const bits = [...new Set(parts.flatMap(bitsOf))];
  const mayHold = sql.join(
    bits.map((bit) => sql`get_bit(block.signature, ${sql.lit(bit)}) = 1`),
    sql` and `,
  );
  const { rows } = await sql<{ from_id: string }>`select from_id from ${blocks} as block
    where from_id > ${from} and ${mayHold} order by from_id`.execute(db);
  const spans: RawBuilder<{ id: string }>[] = [];
  let begin = from;
  for (let at = FIRST_SPAN, size = FIRST_SPAN; begin !== AFTER_ALL; size *= 2, at += size) {
    const end = rows[at]?.from_id ?? AFTER_ALL;
    spans.push(
      sql`(select held.id from (select *, coalesce((select min(next.from_id) from ${blocks} as next
            where next.from_id > any_block.from_id), ${AFTER_ALL}) as until_id from ${blocks} as any_block) as block
          cross join lateral (select id from ${texts} where indexed = 1
            and id >= greatest(block.from_id, ${begin}) and id < least(block.until_id, ${end}) and ${scanned}) as held
          where block.from_id < ${end} and block.until_id > ${begin} and ${mayHold}
        union all
        select id from ${texts} where indexed = 0 and id >= ${begin} and id < ${end} and ${scanned})`,
    );
    begin = end;
  }
  return spans;
}
