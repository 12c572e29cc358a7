import type { Transaction } from 'kysely';
import type { Area } from '../area.ts';
import { holdFree } from '../database/database.ts';
import type { RegistryDatabase, RegistryTables } from '../schema/tables.ts';
import type { FateCounts } from './fates.ts';

/**
 * Whether the rows of an accepted inventory were saved, for whoever asks when the process that wrote them is gone: each has a row that says
 * `saved` in the transaction that writes its cameras. One that says `begun` and that no transaction holds never will be.
 */
export interface AcceptedImports {
  /** Before its transaction; again, when it is accepted anew. */
  begin(one: {
    id: string;
    actorId: string;
    fileName: string;
    areas: readonly Area[];
    counts: FateCounts;
  }): Promise<void>;
  /** Within its transaction, first: who asks meanwhile sees that somebody is at it. Throws ImportGivenUp. */
  save(transaction: Transaction<RegistryTables>, id: string): Promise<void>;
  /** It was thrown away, unwritten. */
  forget(id: string): Promise<void>;
  /** Of this account, and where it may import. `begun`: another gateway is writing it. */
  find(
    id: string,
    actorId: string,
    mayImport: (areas: readonly Area[]) => boolean,
  ): Promise<AcceptedImport | undefined>;
}

export interface AcceptedImport {
  id: string;
  fileName: string;
  counts: FateCounts;
  acceptedAtMs: number;
  state: 'begun' | 'saved' | 'lost';
}

/** Somebody was told already that it is not saved. */
export class ImportGivenUp extends Error {
  readonly code = 'import_given_up';
  constructor(id: string) {
    super(`the import ${id} was told to be lost before its transaction had begun`);
  }
}

/** How long it is told. */
export const ACCEPTED_KEPT_MS = 90 * 24 * 3_600_000;

export function openAcceptedImports(
  database: RegistryDatabase,
  { now }: { now: () => number },
): AcceptedImports {
  return {
    async begin({ id, actorId, fileName, areas, counts }) {
      const atMs = now();
      await database
        .deleteFrom('accepted_imports')
        .where('accepted_at_ms', '<', atMs - ACCEPTED_KEPT_MS)
        .execute();
      const changing = {
        counts: JSON.stringify(counts),
        accepted_at_ms: atMs,
        state: 'begun' as const,
      };
      await database
        .insertInto('accepted_imports')
        .values({
          id,
          actor_id: actorId,
          file_name: fileName,
          areas: JSON.stringify(areas),
          ...changing,
        })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(changing))
        .execute();
    },
    async save(transaction, id) {
      const { numUpdatedRows } = await transaction
        .updateTable('accepted_imports')
        .set({ state: 'saved' })
        .where('id', '=', id)
        .where('state', '=', 'begun')
        .executeTakeFirstOrThrow();
      if (numUpdatedRows !== 1n) throw new ImportGivenUp(id);
    },
    async forget(id) {
      await database
        .deleteFrom('accepted_imports')
        .where('id', '=', id)
        .where('state', '<>', 'saved')
        .execute();
    },
    async find(id, actorId, mayImport) {
      const row = await database
        .selectFrom('accepted_imports')
        .selectAll()
        .where('id', '=', id)
        .where('actor_id', '=', actorId)
        .executeTakeFirst();
      // Written by `begin`, and by nothing else.
      if (row === undefined || !mayImport(JSON.parse(row.areas) as Area[])) return undefined;
      return {
        id,
        fileName: row.file_name,
        counts: JSON.parse(row.counts) as FateCounts,
        acceptedAtMs: row.accepted_at_ms,
        state: row.state === 'begun' ? await stateNow(database, id) : row.state,
      };
    },
  };
}

/** Where nobody is at it, nobody ever will be: from now on it is lost. */
async function stateNow(database: RegistryDatabase, id: string): Promise<AcceptedImport['state']> {
  return database.transaction().execute(async (transaction) => {
    if (!(await holdFree(transaction, 'accepted_imports', id))) return 'begun';
    await transaction
      .updateTable('accepted_imports')
      .set({ state: 'lost' })
      .where('id', '=', id)
      .where('state', '=', 'begun')
      .execute();
    const { state } = await transaction
      .selectFrom('accepted_imports')
      .select('state')
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    return state;
  });
}
