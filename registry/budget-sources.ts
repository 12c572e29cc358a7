import type { Selectable, Transaction } from 'kysely';
import * as z from 'zod';
import { authorText, type Author } from './author.ts';
import { takeLock } from './database/database.ts';
import { keepFormerSource } from './former-names.ts';
import {
  listChanges,
  listHistory,
  ListRowStale,
  recordListChange,
  type ListChangeOptions,
  type ListVersion,
} from './list-history.ts';
import { budgetSourceKey } from './managed-keys.ts';
import { moveCameras } from './move-cameras.ts';
import type { BudgetSourceTable, RegistryDatabase, RegistryTables } from './schema/tables.ts';
import { textLine } from './text.ts';
import { uuidV7Source } from './uuid-v7.ts';

/**
 * Agencies that paid for buying and installing cameras (แหล่งที่มางบประมาณ จากหน่วยงาน), as a managed list: the survey
 * counts by them.
 */

const MAX_NAME_LENGTH = 200;
const name = textLine(MAX_NAME_LENGTH);

export const budgetSource = z
  .object({
    id: z.string(),
    name,
    status: z.enum(['listed', 'proposed', 'merged']),
    mergedInto: z.string().nullable(),
    version: z.int().meta({ description: 'for If-Match; each change makes the next' }),
  })
  .meta({ id: 'BudgetSource' });
export type BudgetSource = z.infer<typeof budgetSource>;

export const newBudgetSource = z
  .strictObject({ name })
  .meta({ examples: [{ name: 'กระทรวงมหาดไทย' }] });
export const budgetSourceChange = z.strictObject({
  name: name.optional(),
  status: z.enum(['listed', 'proposed']).optional(),
});

export interface BudgetSources {
  /** By name; without those that were merged. */
  list(): Promise<BudgetSource[]>;
  /** Throws BudgetSourceTwice. `listed`: by the Department itself. */
  add(given: string, options: { author: Author; listed: boolean }): Promise<BudgetSource>;
  /** Throws BudgetSourceNotFound. */
  get(id: string): Promise<BudgetSource>;
  /** Throws BudgetSourceNotFound, BudgetSourceTwice, ListRowStale. */
  change(
    id: string,
    change: z.output<typeof budgetSourceChange>,
    options: ListChangeOptions,
  ): Promise<BudgetSource>;
  /** What was changed of one, newest first. */
  history(id: string): Promise<ListVersion[]>;
  /** Its cameras go to another; its spelling leads there from now on. Returns how many cameras. */
  merge(id: string, into: string, options: { author: Author }): Promise<number>;
}

export class BudgetSourceNotFound extends Error {
  readonly code = 'budget_source_not_found';
  constructor(id: string) {
    super(`no budget source ${id}`);
  }
}

/** Another row of the list has this name, by any spelling. */
export class BudgetSourceTwice extends Error {
  readonly code = 'budget_source_exists';
  readonly details: { budgetSource: BudgetSource };
  constructor(existing: BudgetSource) {
    super(`the list has it already: ${existing.name}`);
    this.details = { budgetSource: existing };
  }
}

const LIST_LOCK = 'managed-lists';

export function openBudgetSources(
  database: RegistryDatabase,
  { now }: { now: () => number },
): BudgetSources {
  const nextId = uuidV7Source(now);

  async function byId(id: string): Promise<BudgetSource> {
    const row = await database
      .selectFrom('budget_sources')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    if (row === undefined) throw new BudgetSourceNotFound(id);
    return sourceOf(row);
  }

  return {
    async list() {
      const rows = await database
        .selectFrom('budget_sources')
        .selectAll()
        .where('status', '!=', 'merged')
        .orderBy('name')
        .execute();
      return rows.map(sourceOf);
    },
    async add(given, { author, listed }) {
      const id = await database.transaction().execute(async (transaction) => {
        await takeLock(transaction, LIST_LOCK);
        const key = budgetSourceKey(given);
        const other = await transaction
          .selectFrom('budget_sources')
          .selectAll()
          .where('match_key', '=', key)
          .executeTakeFirst();
        if (other !== undefined) throw new BudgetSourceTwice(sourceOf(other));
        const made = nextId();
        await transaction
          .insertInto('budget_sources')
          .values({
            id: made,
            name: given,
            match_key: key,
            status: listed ? 'listed' : 'proposed',
            proposed_by: listed ? null : authorText(author),
          })
          .execute();
        return made;
      });
      return byId(id);
    },
    get: byId,
    history: async (id) => listHistory(database, 'budget_sources', id),
    async change(id, change, { author, version }) {
      await database.transaction().execute(async (transaction) => {
        await takeLock(transaction, LIST_LOCK);
        const row = await transaction
          .selectFrom('budget_sources')
          .selectAll()
          .where('id', '=', id)
          .executeTakeFirst();
        if (row === undefined || row.status === 'merged') throw new BudgetSourceNotFound(id);
        if (version !== undefined && row.version !== version) throw new ListRowStale(sourceOf(row));
        const key = budgetSourceKey(change.name ?? row.name);
        const other = await transaction
          .selectFrom('budget_sources')
          .selectAll()
          .where('match_key', '=', key)
          .where('id', '!=', id)
          .executeTakeFirst();
        if (other !== undefined) throw new BudgetSourceTwice(sourceOf(other));
        await keepFormerSource(transaction, row, key);
        await writeRow(
          transaction,
          row,
          { name: change.name ?? row.name, match_key: key, status: change.status ?? row.status },
          { author, atMs: now() },
        );
      });
      return byId(id);
    },
    async merge(id, into, { author }) {
      return database.transaction().execute(async (transaction) => {
        await takeLock(transaction, LIST_LOCK);
        const rows = await transaction
          .selectFrom('budget_sources')
          .selectAll()
          .where('id', 'in', [id, into])
          .execute();
        const from = rows.find((row) => row.id === id);
        const target = rows.find((row) => row.id === into);
        if (from === undefined || from.status === 'merged') throw new BudgetSourceNotFound(id);
        if (target === undefined || target.status === 'merged' || id === into) {
          throw new BudgetSourceNotFound(into);
        }
        const moved = await moveCameras(transaction, {
          column: 'budget_source_id',
          from: id,
          into,
          change: ['budgetSource', from.name, target.name],
          author,
          atMs: now(),
        });
        await transaction
          .updateTable('budget_sources')
          .set({ status: 'merged', merged_into: into })
          .where((where) => where.or([where('id', '=', id), where('merged_into', '=', id)]))
          .execute();
        const merged = { status: 'merged', merged_into: into } as const;
        await writeRow(transaction, from, merged, { author, atMs: now() });
        return moved;
      });
    },
  };
}

/** What it is from now on, with its next version where that differs from what it was. */
async function writeRow(
  transaction: Transaction<RegistryTables>,
  row: Selectable<BudgetSourceTable>,
  values: Partial<Omit<Selectable<BudgetSourceTable>, 'id' | 'version'>>,
  { author, atMs }: { author: Author; atMs: number },
): Promise<void> {
  const changes = listChanges(sourceOf(row), sourceOf({ ...row, ...values }));
  const version = row.version + Number(changes.length > 0);
  await transaction
    .updateTable('budget_sources')
    .set({ ...values, version })
    .where('id', '=', row.id)
    .execute();
  if (changes.length === 0) return;
  await recordListChange(transaction, 'budget_sources', row.id, { version, atMs, author, changes });
}

function sourceOf(row: Selectable<BudgetSourceTable>): BudgetSource {
  return {
    id: row.id,
    name: row.name,
    status: row.status,
    mergedInto: row.merged_into,
    version: row.version,
  };
}
