import { sql, type Kysely, type Transaction } from 'kysely';
import type { DayTables, TendedDays } from './day-partitions.ts';

/**
 * Partitions of PostgreSQL by UTC day. Each table has a partition a day (`…_20261126`), one for what is of no such day
 * (`…_rest`), and where it was there before partitions were, one for all that is older (`…_until_20261128`).
 *
 * Partitions of the two tables come in pairs with the same bounds. The keys stand on the partitions and not on the
 * parents: an id is unique within its day, and a row of `beside` has its row of `main` in the partition beside its own.
 * A key of the parent would need the time in it, and would be checked in every partition.
 */

/** Days made before they begin: so long may tending fail before rows go to the rest. */
const DAYS_AHEAD = 7;
/** A day of which more rows lie in the rest than this stays there: they would be moved while everyone waits. */
const MAX_MOVED = 20_000;
/** A day of which fewer rows lie in the rest needs no partition. */
const FEW_ROWS = 1_000;
/** Every partition costs a query that names no time. Beyond so many, old days with few rows go into the rest. */
const MAX_PARTITIONS = 120;
/** Partitions made or removed by one call: the tables are locked for it. */
const MAX_CHANGES = 30;
/** For the lock on the tables. Everyone else waits behind it, so it is rather given up. */
const LOCK_MS = 500;
const DAY_MS = 86_400_000;

/**
 * Rows are inserted and then changed twice, so a day would end with a fifth of it unvacuumed, and be read by its heap
 * for as long as it is kept.
 */
const OFTEN_VACUUMED =
  'autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_vacuum_threshold = 10000';

/** Bounds are Unix ms, half-open; null: as far as there are rows, or of the rest, which has none. */
export interface Partition {
  /** `20261126`, `until_20261128`, `rest`. */
  suffix: string;
  fromMs: number | null;
  toMs: number | null;
}

/** See DayPartitions. In the transaction of the migration. */
export async function keepByDay(
  db: Kysely<never>,
  tables: DayTables,
  nowMs: number,
): Promise<void> {
  const { main, beside, time } = tables;
  const run = statements(db);
  // Of an installed gateway: every row is looked at.
  await run('set local statement_timeout = 0');
  // What comes while servers of this version start goes to the next days.
  const until = partitionUntil(dayOf(nowMs) + 2);
  const [old, oldBeside] = [`${main.name}_${until.suffix}`, `${beside.name}_${until.suffix}`];
  const indexes = await sql<{ name: string; definition: string; is_key: boolean }>`
    select child.relname as name, pg_get_indexdef(indexrelid) as definition, indisprimary as is_key
    from pg_index join pg_class child on child.oid = indexrelid
    where indrelid = to_regclass(${main.name})`.execute(db);
  await run(`alter table ${main.name} rename to ${old}`);
  for (const { name } of indexes.rows) {
    await run(`alter index ${name} rename to ${name}_${until.suffix}`);
  }
  await run(
    `create table ${main.name} (like ${old} including defaults including constraints) partition by range (${time})`,
  );
  for (const { definition, is_key } of indexes.rows) if (!is_key) await run(definition);

  await run(`alter table ${beside.name} rename to ${beside.name}_before`);
  await run(
    `create table ${beside.name} (like ${beside.name}_before including defaults, ${time} bigint not null)
     partition by range (${time})`,
  );
  const rest: Partition = { suffix: 'rest', fromMs: null, toMs: null };
  await makePartition(db, tables, rest);
  await run(`create table ${oldBeside} (like ${beside.name} including defaults)`);
  await run(
    `insert into ${oldBeside} select of.*, row.${time} from ${beside.name}_before of
     join ${old} row on row.${main.key} = of.${beside.key}`,
  );
  await run(`drop table ${beside.name}_before`);
  await addBesideKey(db, tables, until.suffix);
  // Later than any clock should say.
  await moveRows(db, tables, { from: until, to: rest, where: `${time} >= ${until.toMs}` });
  const { rows } = await sql<{ any: boolean }>`
    select exists (select 1 from ${sql.table(old)}) as any`.execute(db);
  if (rows[0]?.any === true) await attach(db, tables, until);
  else await run(`drop table ${oldBeside}, ${old}`);
}

/** See DayPartitions. */
export async function tendDays(
  db: Kysely<never>,
  tables: DayTables,
  nowMs: number,
  takeLock: (transaction: Transaction<never>, name: string) => Promise<void>,
): Promise<TendedDays> {
  return db.transaction().execute(async (transaction) => {
    // One server at a time: what is decided on is still so when it is done.
    await takeLock(transaction, `days of ${tables.main.name}`);
    const present = await partitionsOf(transaction, tables);
    const wanted = await missingDays(transaction, tables, present, nowMs);
    const unwanted = await spentDays(transaction, tables, present, nowMs);
    if (wanted.length + unwanted.length === 0) return { made: [], removed: [] };
    const run = statements(transaction);
    await run(`set local lock_timeout = ${LOCK_MS}`);
    // In this order everywhere. Whoever reads or writes is planned anew after it: nobody looks for a row where it was.
    await run(`lock table ${tables.main.name} in access exclusive mode`);
    await run(`lock table ${tables.beside.name} in access exclusive mode`);
    for (const day of wanted) {
      await makePartition(transaction, tables, day, (at) =>
        moveRows(transaction, tables, {
          from: restOf(),
          to: at,
          where: `${tables.time} >= ${at.fromMs} and ${tables.time} < ${at.toMs}`,
        }),
      );
    }
    for (const day of unwanted) await removePartition(transaction, tables, day);
    return { made: wanted.map(nameOf), removed: unwanted.map(nameOf) };
  });
  function nameOf({ suffix }: Partition): string {
    return `${tables.main.name}_${suffix}`;
  }
}

/** Makes both partitions of a day, or of the rest, fills them and lets them in: keys and indexes are made after the rows. */
export async function makePartition(
  db: Kysely<never>,
  tables: DayTables,
  partition: Partition,
  fill: (partition: Partition) => Promise<void> = async () => {},
): Promise<void> {
  const { main, beside } = tables;
  const { suffix } = partition;
  const run = statements(db);
  await run(
    `create table ${main.name}_${suffix} (like ${main.name} including defaults including constraints)
     with (${OFTEN_VACUUMED})`,
  );
  await run(
    `create table ${beside.name}_${suffix} (like ${beside.name} including defaults including constraints)
     with (${OFTEN_VACUUMED})`,
  );
  await fill(partition);
  await run(`alter table ${main.name}_${suffix} add primary key (${main.key})`);
  await addBesideKey(db, tables, suffix);
  await attach(db, tables, partition);
}

/** Of a UTC day, counted from 1970. */
export function partitionOfDay(day: number): Partition {
  return { suffix: calendarDay(day), fromMs: day * DAY_MS, toMs: (day + 1) * DAY_MS };
}

async function addBesideKey(db: Kysely<never>, tables: DayTables, suffix: string): Promise<void> {
  const { main, beside } = tables;
  const run = statements(db);
  const name = `${beside.name}_${suffix}`;
  await run(`alter table ${name} add primary key (${beside.key})`);
  await run(
    `alter table ${name} add foreign key (${beside.key})
     references ${main.name}_${suffix} (${main.key}) on delete cascade`,
  );
}

async function attach(
  db: Kysely<never>,
  { main, beside }: DayTables,
  { suffix, fromMs, toMs }: Partition,
): Promise<void> {
  const bounds =
    toMs === null ? 'default' : `for values from (${fromMs ?? 'minvalue'}) to (${toMs})`;
  for (const { name } of [main, beside]) {
    await statements(db)(`alter table ${name} attach partition ${name}_${suffix} ${bounds}`);
  }
}

/** Between two pairs of which one is not attached: a row that an attached partition may not have is refused by it. */
async function moveRows(
  db: Kysely<never>,
  { main, beside }: DayTables,
  { from, to, where }: { from: Partition; to: Partition; where: string },
): Promise<void> {
  const run = statements(db);
  for (const { name } of [main, beside]) {
    await run(
      `insert into ${name}_${to.suffix} select * from ${name}_${from.suffix} where ${where}`,
    );
  }
  // Those beside go with them.
  await run(`delete from ${main.name}_${from.suffix} where ${where}`);
}

async function removePartition(
  db: Kysely<never>,
  tables: DayTables,
  partition: Partition,
): Promise<void> {
  const { main, beside } = tables;
  const { suffix } = partition;
  const run = statements(db);
  for (const { name } of [beside, main]) {
    await run(`alter table ${name} detach partition ${name}_${suffix}`);
  }
  await moveRows(db, tables, { from: partition, to: restOf(), where: 'true' });
  await run(`drop table ${beside.name}_${suffix}, ${main.name}_${suffix}`);
}

/** Days from today on, and those that have come to lie in the rest. */
async function missingDays(
  db: Kysely<never>,
  { main, time }: DayTables,
  present: readonly Partition[],
  nowMs: number,
): Promise<Partition[]> {
  const today = dayOf(nowMs);
  const days = new Set(Array.from({ length: DAYS_AHEAD + 1 }, (_, i) => today + i));
  const { rows } = await sql<{ day: number; rows: number }>`
    select ${sql.ref(time)} / ${sql.lit(DAY_MS)} as day, count(*) as rows
    from ${sql.table(`${main.name}_rest`)} group by 1`.execute(db);
  for (const { day, rows: count } of rows) {
    if (count > MAX_MOVED) days.delete(day);
    else if (count > FEW_ROWS) days.add(day);
  }
  return [...days]
    .toSorted((a, b) => Math.abs(a - today) - Math.abs(b - today))
    .map(partitionOfDay)
    .filter((day) => !present.some((other) => overlaps(day, other)))
    .slice(0, MAX_CHANGES);
}

/** Days before today without a row; if there are many partitions, also the oldest with few. */
async function spentDays(
  db: Kysely<never>,
  { main }: DayTables,
  present: readonly Partition[],
  nowMs: number,
): Promise<Partition[]> {
  const today = dayOf(nowMs);
  const spent: Partition[] = [];
  let tooMany = present.length - MAX_PARTITIONS;
  for (const partition of present.toSorted((a, b) => (a.toMs ?? 0) - (b.toMs ?? 0))) {
    if (partition.toMs === null || partition.toMs > today * DAY_MS) continue;
    const atMost = tooMany > 0 ? FEW_ROWS : 0;
    const { rows } = await sql<{ rows: number }>`
      select count(*) as rows from
        (select 1 from ${sql.table(`${main.name}_${partition.suffix}`)} limit ${sql.lit(atMost + 1)}) first`.execute(
      db,
    );
    if ((rows[0]?.rows ?? 0) > atMost) continue;
    tooMany--;
    spent.push(partition);
  }
  return spent.slice(0, MAX_CHANGES);
}

async function partitionsOf(db: Kysely<never>, { main }: DayTables): Promise<Partition[]> {
  const { rows } = await sql<{ name: string }>`
    select child.relname as name from pg_inherits join pg_class child on child.oid = inhrelid
    where inhparent = to_regclass(${main.name})`.execute(db);
  return rows.map(({ name }) => partitionNamed(name.slice(main.name.length + 1)));
}

function partitionNamed(suffix: string): Partition {
  const [, until, digits] = /^(until_)?(\d{8})$/.exec(suffix) ?? [];
  if (digits === undefined) return { suffix, fromMs: null, toMs: null };
  const day = Date.parse(digits.replace(/^(....)(..)(..)$/, '$1-$2-$3')) / DAY_MS;
  return until === undefined ? partitionOfDay(day) : partitionUntil(day);
}

function partitionUntil(day: number): Partition {
  return { suffix: `until_${calendarDay(day)}`, fromMs: null, toMs: day * DAY_MS };
}

function restOf(): Partition {
  return { suffix: 'rest', fromMs: null, toMs: null };
}

function overlaps(day: Partition, other: Partition): boolean {
  if (other.toMs === null || day.fromMs === null || day.toMs === null) return false;
  return day.fromMs < other.toMs && day.toMs > (other.fromMs ?? Number.NEGATIVE_INFINITY);
}

function dayOf(ms: number): number {
  return Math.floor(ms / DAY_MS);
}

function calendarDay(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10).replaceAll('-', '');
}

/** Names and bounds are ours, and numbers: statements that define tables take no parameters. */
function statements(db: Kysely<never>): (text: string) => Promise<void> {
  return async (text) => void (await sql.raw(text).execute(db));
}
