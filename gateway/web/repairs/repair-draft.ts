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

export type WantedField = Exclude<keyof RepairDraft, 'state' | 'cause' | 'contractor'>;

/**
 * The fields that it still wants; none: it may be sent. A day that was typed and is none is not taken for no day. What came of a
 * repair is asked for when it is closed, and not of one that is.
 */
export function missingIn(draft: RepairDraft, repair: Repair | null): WantedField[] {
  const closes = isClosing(draft.state) && !(repair !== null && isClosing(repair.state));
  const givesUp = closes && draft.state === 'unrepairable';
  const saysOther = givesUp && draft.unrepairableReason === 'other';
  const wanted: [WantedField, boolean][] = [
    ['backOn', !closes || Boolean(draft.backOn)],
    ['unrepairableReason', !givesUp || draft.unrepairableReason !== null],
    ['reportedOn', Boolean(draft.reportedOn)],
    ['reportedBy', draft.reportedBy.trim() !== ''],
    ['warrantyUntil', draft.warrantyUntil !== undefined],
    ['dueOn', draft.dueOn !== undefined],
    ['cost', costOf(draft.cost) !== undefined],
    ['note', !saysOther || draft.note.trim() !== ''],
  ];
  return wanted.filter(([, isThere]) => !isThere).map(([field]) => field);
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
