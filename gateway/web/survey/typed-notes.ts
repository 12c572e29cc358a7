import type { ReturnDetail } from '../api/survey.ts';

/** Notes (หมายเหตุ) that are typed into a return and not yet saved, by budget source: pure. */
export type TypedNotes = Readonly<Record<string, string>>;

export interface RowNote {
  budgetSource: string;
  note: string;
}

/** Those that are other than what is saved. */
export function unsavedNotes(rows: ReturnDetail['rows'], typed: TypedNotes): RowNote[] {
  return rows.flatMap(({ budgetSource, note: saved }) => {
    const note = typed[budgetSource] ?? saved;
    return note.trim() === saved ? [] : [{ budgetSource, note }];
  });
}
