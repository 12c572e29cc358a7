import type { Transaction } from 'kysely';
import type { RegistryTables } from '../schema/tables.ts';
import type { VersionRow } from './return-versions.ts';

/** หมายเหตุ of a row of an LAO's return. */
export interface RowNote {
  budgetSource: string;
  note: string;
}

/** Into a draft; those of other rows stand. */
export async function writeNotes(
  transaction: Transaction<RegistryTables>,
  { return_id, version, source }: VersionRow,
  notes: readonly RowNote[],
): Promise<void> {
  for (const { budgetSource, note } of notes) {
    // A filled form has its rows already; those of the registry are made when it is signed.
    if (source === 'form') {
      await transaction
        .updateTable('survey_rows')
        .set({ note })
        .where('return_id', '=', return_id)
        .where('version', '=', version)
        .where('budget_source', '=', budgetSource)
        .execute();
    }
    await transaction
      .insertInto('survey_notes')
      .values({ return_id, version, budget_source: budgetSource, note })
      .onConflict((conflict) =>
        conflict.columns(['return_id', 'version', 'budget_source']).doUpdateSet({ note }),
      )
      .execute();
  }
}
