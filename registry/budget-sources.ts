import type { Selectable, Transaction } from 'kysely';
import * as z from 'zod';
import { agencyName } from './agency-name.ts';
import { authorOf, authorText, type Author } from './author.ts';
import { authorship } from './camera.ts';
import { againWhereCrossed } from './database/database.ts';
import { keepFormerSource } from './former-names.ts';
import { listHistory, type ListChangeOptions, type ListVersion } from './list-history.ts';
import { budgetSourceKey } from './managed-keys.ts';
import { lockLists, managedList } from './managed-list.ts';
import { camerasUnder, moveCameras, type MovedCameras } from './move-cameras.ts';
import type { BudgetSourceTable, RegistryDatabase, RegistryTables } from './schema/tables.ts';
import { storedLine } from './text.ts';
import { uuidV7Source } from './uuid-v7.ts';

/**
 * Agencies that paid for buying and installing cameras (แหล่งที่มางบประมาณ จากหน่วยงาน), as a managed list: the survey
 * counts by them.
 */

const MAX_NAME_LENGTH = 200;
const name = storedLine(MAX_NAME_LENGTH);
const typedName = agencyName(MAX_NAME_LENGTH);

export const budgetSource = z
  .object({
    id: z.string(),
    name,
    status: z.enum(['listed', 'proposed', 'merged']),
    mergedInto: z.string().nullable(),
    proposedBy: authorship.nullable().meta({ description: 'null: the Department entered it' }),
    version: z.int().meta({ description: 'for If-Match; each change makes the next' }),
  })
  .meta({ id: 'BudgetSource' });
export type BudgetSource = z.infer<typeof budgetSource>;

export const newBudgetSource = z
  .strictObject({ name: typedName })
  .meta({ examples: [{ name: 'กระทรวงมหาดไทย' }] });
export const budgetSourceChange = z.strictObject({
  name: typedName.optional(),
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
  /** What a merge would take along, as things stand. Throws BudgetSourceNotFound. */
  mergePreview(id: string, into: string): Promise<MovedCameras>;
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
        await lockLists(transaction);
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
        await lockLists(transaction);
        const row = await sourceList.rowToChange(transaction, id, version);
        const key = budgetSourceKey(change.name ?? row.name);
        const other = await transaction
          .selectFrom('budget_sources')
          .selectAll()
          .where('match_key', '=', key)
          .where('id', '!=', id)
          .executeTakeFirst();
        if (other !== undefined) throw new BudgetSourceTwice(sourceOf(other));
        await keepFormerSource(transaction, row, key);
        await sourceList.writeRow(
          transaction,
          row,
          { name: change.name ?? row.name, match_key: key, status: change.status ?? row.status },
          { author, atMs: now() },
        );
      });
      return byId(id);
    },
    async merge(id, into, { author }) {
      const write = async (transaction: Transaction<RegistryTables>): Promise<number> => {
        await lockLists(transaction);
        const act = { author, atMs: now() };
        return sourceList.mergeRows(transaction, { id, into }, act, async (from, target) =>
          moveCameras(transaction, {
            column: 'budget_source_id',
            from: id,
            into,
            change: ['budgetSource', from.name, target.name],
            ...act,
          }),
        );
      };
      return againWhereCrossed(async () => database.transaction().execute(write));
    },
    async mergePreview(id, into) {
      await sourceList.pairToMerge(database, { id, into });
      return camerasUnder(database, 'budget_source_id', id);
    },
  };
}

/** The list's rows, as they are changed. */
const sourceList = managedList<Selectable<BudgetSourceTable>>('budget_sources', {
  toldOf: sourceOf,
  notFound: (id) => new BudgetSourceNotFound(id),
});

function sourceOf(row: Selectable<BudgetSourceTable>): BudgetSource {
  return {
    id: row.id,
    name: row.name,
    status: row.status,
    mergedInto: row.merged_into,
    proposedBy: row.proposed_by === null ? null : authorOf(row.proposed_by),
    version: row.version,
  };
}
