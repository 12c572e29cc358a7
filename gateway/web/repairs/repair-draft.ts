import type { Repair } from '../api/repairs.ts';
import { thaiToday } from '../thai-day.ts';
import type { DayGiven } from '../typed-day.ts';

/** What the form of a repair holds, and what it sends of that: pure. */
export interface RepairDraft {
  state: string;
  reportedOn: DayGiven;
  reportedBy: string;
  cause: string;
  note: string;
  contractor: string;
  warrantyUntil: DayGiven;
  dueOn: DayGiven;
  cost: string;
  backOn: DayGiven;
  unrepairableReason: string | null;
}

export const closingStates = ['back-in-service', 'unrepairable', 'no-fault'] as const;

export function isClosing(state: string): boolean {
  return (closingStates as readonly string[]).includes(state);
}

/** `repair`: the one that is open; null: a new one. */
export function draftOf(repair: Repair | null, reporter: string, today = thaiToday()): RepairDraft {
  return {
    state: repair?.state ?? 'reported',
    reportedOn: repair?.reportedOn ?? today,
    reportedBy: repair?.reportedBy ?? reporter,
    cause: repair?.cause ?? 'unknown',
    note: repair?.note ?? '',
    contractor: repair?.contractor ?? '',
    warrantyUntil: repair?.warrantyUntil ?? '',
    dueOn: repair?.dueOn ?? '',
    cost: repair?.cost === null || repair === null ? '' : String(repair.cost),
    backOn: repair?.backOn ?? today,
    unrepairableReason: null,
  };
}

/** Baht; null: none given; undefined: not a number. Thai digits and thousands separators are read. */
export function costOf(text: string): number | null | undefined {
  const plain = text
    .replace(/[๐-๙]/gu, (digit) => String(digit.charCodeAt(0) - 0x0e50))
    .replace(/[\s,]/gu, '');
  if (plain === '') return null;
  return /^\d{1,9}(?:\.\d{1,2})?$/u.test(plain) ? Number(plain) : undefined;
}

/** May be sent. */
export function isWhole(draft: RepairDraft): boolean {
  if (!draft.reportedOn || draft.reportedBy.trim() === '') return false;
  if (draft.warrantyUntil === undefined || draft.dueOn === undefined) return false;
  if (isClosing(draft.state) && !draft.backOn) return false;
  if (costOf(draft.cost) === undefined) return false;
  if (draft.state !== 'unrepairable') return true;
  if (draft.unrepairableReason === null) return false;
  return draft.unrepairableReason !== 'other' || draft.note.trim() !== '';
}

/** Everything of a new one; of one that is open only what is different. */
export function bodyOf(draft: RepairDraft, repair: Repair | null): Record<string, unknown> {
  const given: Record<string, unknown> = {
    state: draft.state,
    reportedOn: draft.reportedOn,
    reportedBy: draft.reportedBy.trim(),
    cause: draft.cause,
    note: draft.note.trim() || null,
    contractor: draft.contractor.trim() || null,
    warrantyUntil: draft.warrantyUntil || null,
    dueOn: draft.dueOn || null,
    cost: costOf(draft.cost) ?? null,
  };
  if (repair === null) return given;
  const before: Readonly<Record<string, unknown>> = repair;
  const changed = Object.fromEntries(
    Object.entries(given).filter(([field, value]) => before[field] !== value),
  );
  if (changed['state'] !== undefined && isClosing(draft.state)) {
    changed['backOn'] = draft.backOn;
    if (draft.state === 'unrepairable') {
      changed['unrepairableReason'] = draft.unrepairableReason;
      // "Another reason" is said in the note, also when it stands there already.
      if (draft.unrepairableReason === 'other') changed['note'] = draft.note.trim();
    }
  }
  return changed;
}
