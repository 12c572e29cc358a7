import { sql, type Kysely, type Transaction } from 'kysely';
import { countedRows, unlinkedKinds } from './counted-groups.ts';
import { changeMarksOf, markedKeys, type RowMarkedTable } from './database/change-marks.ts';
import { takeLock } from './database/database.ts';
import { textSearchOf } from './database/text-search.ts';
import type { RegistryDatabase, RegistryTables } from './schema/tables.ts';

/**
 * Counts of each LAO, kept (decision 0090). What is kept is the answer of one GROUP BY over an LAO's cameras, never a number
 * that is added to: so nothing can drift, and what is told twice counts once. The database marks an LAO, or a camera that leads
 * to it, in the transaction that changes something counted of its cameras. Whoever reads takes what is kept of LAOs without a
 * mark, and counts those with one, in one statement: it reads what is true, whenever it asks. `settleCounts` counts the marked
 * ones again, so that few are.
 */

export const laoMarks = {
  name: 'lao_count_marks',
  key: 'lao_id',
  rows: {
    name: 'lao_count_camera_marks',
    id: 'camera_id',
    keyIn: { table: 'cameras', id: 'id' },
  },
} as const satisfies RowMarkedTable;

/**
 * One transaction counts so many LAOs again: about 19,000 cameras, a tenth of a second for whoever waits. Fewer would have
 * PostgreSQL, right after an import and before it knows its tables again, read all of them for each hundred.
 */
const SETTLED_AT_ONCE = 500;
/** One call does; there are 7,850. */
const MAX_SETTLED = 10_000;
/** Marks of cameras that one transaction makes marks of their LAOs, and that one call does: more than there are cameras. */
const KEYED_AT_ONCE = 20_000;
const MAX_KEYED = 1_000_000;
/** LAOs that one statement names; of more, all are read, and the others left out afterwards. */
const MAX_NAMED_LAOS = 500;
/** Rows that one statement inserts. */
const ROWS_A_STATEMENT = 200;
/** So many marks taken away, and what they leave in the database goes too: whoever counts would read it. */
const SWEPT_FROM = 10_000;
/** One at a time counts again, over all gateways. */
const LOCK = 'lao-counts';

/**
 * Of one budget source: its id, and in turns the number of a kind (counted-groups.ts) and how many cameras are of it. Kept as JSON;
 * as they are, since an object for each kind takes longer to make than all else of a count of the country.
 */
export type SourceCounts = readonly [budgetSourceId: string, ...kindsAndCameras: number[]];
/** By source, in the order of their ids. */
export type LaoCounts = readonly SourceCounts[];
const NOTHING = '[]';

interface CountedRow {
  budget_source_id: string;
  kind: number;
  cameras: number;
}

/** By LAO, what its cameras count as now, by budget source; LAOs without cameras may be absent. `laoIds`: only these. */
export async function countsByLao(
  database: Kysely<RegistryTables>,
  laoIds?: readonly string[],
): Promise<Map<string, LaoCounts>> {
  const only = laoIds !== undefined && laoIds.length <= MAX_NAMED_LAOS ? laoIds : undefined;
  if (only?.length === 0) return new Map();
  const found = new Map<string, LaoCounts>();
  const marked = new Map<string, CountedRow[]>();
  let keptText: string | null = null;
  for (const row of await keptAndMarked(database, only).execute()) {
    const { lao_id, kept, budget_source_id, kind, cameras } = row;
    if (lao_id === null) {
      keptText = kept;
      continue;
    }
    if (!marked.has(lao_id)) marked.set(lao_id, []);
    if (budget_source_id === null || kind === null) continue;
    marked.get(lao_id)?.push({ budget_source_id, kind, cameras });
  }
  const wanted = laoIds === undefined || only !== undefined ? undefined : new Set(laoIds);
  for (const [laoId, counts] of keptCounts(keptText)) {
    if (wanted?.has(laoId) !== false) found.set(laoId, counts);
  }
  for (const [laoId, counted] of marked) {
    if (wanted?.has(laoId) !== false) found.set(laoId, keptOf(counted));
  }
  return found;
}

/** Written by countAgain, and by nothing else, and put together by keptAndMarked. */
function keptCounts(text: string | null): [laoId: string, counts: LaoCounts][] {
  return text === null ? [] : (JSON.parse(`[${text}]`) as [string, LaoCounts][]);
}

/**
 * LAOs where a camera may be that is not linked: beside those that have one, those with a mark, and some that keep a number of
 * cameras which is also that of a kind. Quicker than what all of them count as.
 */
export async function laosWithUnlinked(
  database: Kysely<RegistryTables>,
  laoIds?: readonly string[],
): Promise<string[]> {
  const search = textSearchOf(database);
  const rows = await database
    .selectFrom('lao_counts')
    .select('lao_id')
    .where((where) =>
      where.or(unlinkedKinds.map((kind) => search.scanned(sql.ref<string>('counts'), `,${kind},`))),
    )
    .union(
      database
        .selectFrom(sql<{ lao_id: string }>`(${markedKeys(laoMarks)})`.as('marks'))
        .select('lao_id'),
    )
    .execute();
  const found = rows.map(({ lao_id }) => lao_id);
  if (laoIds === undefined) return found;
  const wanted = new Set(laoIds);
  return found.filter((id) => wanted.has(id));
}

/**
 * In one statement, which sees one state of the database: what is kept, as one text (a row an LAO takes four times as long to come
 * here); marks (without `kind`); and the marked ones counted.
 */
function keptAndMarked(database: Kysely<RegistryTables>, laoIds: readonly string[] | undefined) {
  const none = {
    kept: sql<string | null>`cast(null as text)`.as('kept'),
    source: sql<string | null>`cast(null as text)`.as('budget_source_id'),
    kind: sql<number | null>`cast(null as integer)`.as('kind'),
    cameras: sql<number>`cast(0 as bigint)`.as('cameras'),
  };
  let kept = database
    .with('marked', () => sql<{ lao_id: string }>`(${markedKeys(laoMarks, laoIds)})`)
    .selectFrom('lao_counts')
    .select([
      sql<string | null>`cast(null as text)`.as('lao_id'),
      // Our own ids: no quotes in them.
      sql<string | null>`string_agg('["' || lao_id || '",' || counts || ']', ',')`.as('kept'),
      none.source,
      none.kind,
      none.cameras,
    ]);
  const marks = database
    .selectFrom(sql<{ lao_id: string }>`marked`.as('marks'))
    .select(['lao_id', none.kept, none.source, none.kind, none.cameras]);
  const counted = countedRows(database).where(
    changeMarksOf(database).isSelected('cameras.lao_id', sql`select lao_id from marked`),
  );
  if (laoIds !== undefined) kept = kept.where('lao_id', 'in', laoIds);
  return kept
    .unionAll(marks)
    .unionAll(
      database
        .selectFrom(counted.as('counted'))
        .select([
          'lao_id',
          none.kept,
          sql<string | null>`budget_source_id`.as('budget_source_id'),
          sql<number | null>`kind`.as('kind'),
          'cameras',
        ]),
    );
}

/** Counts marked LAOs again until there are none, it did so for `atMost`, or `signal` ends it. Returns for how many. */
export async function settleCounts(
  database: RegistryDatabase,
  { atMost = MAX_SETTLED, signal }: { atMost?: number; signal?: AbortSignal } = {},
): Promise<number> {
  let marksTaken = await keyMarks(database, signal);
  let settled = 0;
  while (settled < atMost) {
    if (signal?.aborted === true) break;
    const limit = Math.min(SETTLED_AT_ONCE, atMost - settled);
    const some = await marked(database, limit);
    if (some.length === 0) break;
    marksTaken += await database.transaction().execute(async (transaction) => {
      await takeLock(transaction, LOCK);
      return countAgain(transaction, await marked(transaction, limit));
    });
    settled += some.length;
  }
  if (marksTaken >= SWEPT_FROM) {
    await changeMarksOf(database).sweepMarks(database as unknown as Kysely<unknown>, laoMarks);
  }
  return settled;
}

/** Makes marks of cameras marks of their LAOs: each of these is then counted once. Returns of how many. */
async function keyMarks(
  database: RegistryDatabase,
  signal: AbortSignal | undefined,
): Promise<number> {
  let keyed = 0;
  while (keyed < MAX_KEYED) {
    if (signal?.aborted === true) break;
    const any = await database
      .selectFrom('lao_count_camera_marks')
      .select('camera_id')
      .limit(1)
      .executeTakeFirst();
    if (any === undefined) break;
    const taken = await database.transaction().execute(async (transaction) => {
      await takeLock(transaction, LOCK);
      return changeMarksOf(transaction).keyRows(
        transaction as unknown as Transaction<unknown>,
        laoMarks,
        KEYED_AT_ONCE,
      );
    });
    if (taken === 0) break;
    keyed += taken;
  }
  return keyed;
}

async function marked(database: Kysely<RegistryTables>, limit: number): Promise<string[]> {
  const rows = await database
    .selectFrom('lao_count_marks')
    .distinct()
    .select('lao_id')
    .limit(limit)
    .execute();
  return rows.map(({ lao_id }) => lao_id);
}

/**
 * The marks go first, and what was committed with them is read after: a change that comes in between has a mark that this
 * statement does not see, and stays. Returns how many went.
 */
async function countAgain(
  transaction: Transaction<RegistryTables>,
  laoIds: readonly string[],
): Promise<number> {
  if (laoIds.length === 0) return 0;
  const { numDeletedRows } = await transaction
    .deleteFrom('lao_count_marks')
    .where('lao_id', 'in', laoIds)
    .executeTakeFirstOrThrow();
  const counted = await countedTexts(transaction, laoIds);
  const rows = laoIds.map((lao_id) => ({ lao_id, counts: counted.get(lao_id) ?? NOTHING }));
  for (let at = 0; at < rows.length; at += ROWS_A_STATEMENT) {
    await transaction
      .insertInto('lao_counts')
      .values(rows.slice(at, at + ROWS_A_STATEMENT))
      .onConflict((conflict) =>
        conflict.column('lao_id').doUpdateSet((set) => ({ counts: set.ref('excluded.counts') })),
      )
      .execute();
  }
  return Number(numDeletedRows);
}

/** What is to be kept of these LAOs: counted now. */
async function countedTexts(
  database: Kysely<RegistryTables>,
  laoIds: readonly string[],
): Promise<Map<string, string>> {
  const rows = await countedRows(database)
    .where(changeMarksOf(database).isAmong('cameras.lao_id', laoIds))
    .execute();
  const byLao = Map.groupBy(rows, ({ lao_id }) => lao_id);
  return new Map(Array.from(byLao, ([laoId, counted]) => [laoId, JSON.stringify(keptOf(counted))]));
}

/** The same cameras make the same counts. */
function keptOf(counted: readonly CountedRow[]): LaoCounts {
  const kept: [string, ...number[]][] = [];
  for (const { budget_source_id, kind, cameras } of counted.toSorted(bySourceAndKind)) {
    const last = kept.at(-1);
    if (last?.[0] === budget_source_id) last.push(kind, cameras);
    else kept.push([budget_source_id, kind, cameras]);
  }
  return kept;
}

function bySourceAndKind(a: CountedRow, b: CountedRow): number {
  if (a.budget_source_id !== b.budget_source_id) {
    return a.budget_source_id < b.budget_source_id ? -1 : 1;
  }
  return a.kind - b.kind;
}

export interface CountsCheck {
  /** LAOs that were compared. */
  laos: number;
  /** Those whose kept counts were not those of their cameras, though no mark said so. They are marked now, and so count right. */
  wrong: { id: string; name: string; district: string; province: string }[];
}

/** Compares all that is kept with all cameras, some LAOs at a time, and marks what differs. Nothing should, ever. */
export async function checkCounts(
  database: RegistryDatabase,
  { signal }: { signal?: AbortSignal } = {},
): Promise<CountsCheck> {
  const check: CountsCheck = { laos: 0, wrong: [] };
  let after = '';
  for (;;) {
    if (signal?.aborted === true) return check;
    const laos = await database
      .selectFrom('laos')
      .select(['id', 'name', 'district', 'province'])
      .where('id', '>', after)
      .orderBy('id')
      .limit(SETTLED_AT_ONCE)
      .execute();
    if (laos.length === 0) return check;
    const wrong = await database.transaction().execute(async (transaction) => {
      // Nobody takes marks away meanwhile.
      await takeLock(transaction, LOCK);
      return wrongOf(
        transaction,
        laos.map(({ id }) => id),
      );
    });
    check.laos += laos.length;
    check.wrong.push(...laos.filter(({ id }) => wrong.has(id)));
    after = laos.at(-1)?.id ?? after;
  }
}

/** In this order: what changes between the statements has a mark by the third. */
async function wrongOf(
  transaction: Transaction<RegistryTables>,
  laoIds: readonly string[],
): Promise<Set<string>> {
  const kept = await transaction
    .selectFrom('lao_counts')
    .selectAll()
    .where('lao_id', 'in', laoIds)
    .execute();
  const counted = await countedTexts(transaction, laoIds);
  const marks = await sql<{ lao_id: string }>`${markedKeys(laoMarks, laoIds)}`.execute(transaction);
  const keptOf = new Map(kept.map(({ lao_id, counts }) => [lao_id, counts]));
  const wrong = new Set(
    laoIds.filter((id) => (keptOf.get(id) ?? NOTHING) !== (counted.get(id) ?? NOTHING)),
  );
  for (const { lao_id } of marks.rows) wrong.delete(lao_id);
  if (wrong.size > 0) {
    await transaction
      .insertInto('lao_count_marks')
      .values(Array.from(wrong, (lao_id) => ({ lao_id })))
      .execute();
  }
  return wrong;
}
