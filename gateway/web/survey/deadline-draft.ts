import type { DeadlineGiven } from '../api/survey.ts';
import { thaiMoment, type DayGiven } from '../typed-day.ts';

/** A deadline with the letter that sets it, as a form holds it: pure. */
export interface DeadlineDraft {
  due: DayGiven;
  letterNumber: string;
  contact: string;
}

export const emptyDeadline: DeadlineDraft = { due: '', letterNumber: '', contact: '' };

export function isDeadlineWhole({ due }: DeadlineDraft): boolean {
  return thaiMoment(due) !== undefined;
}

export function deadlineGiven({ due, letterNumber, contact }: DeadlineDraft): DeadlineGiven {
  return {
    dueAt: thaiMoment(due) ?? '',
    letterNumber: letterNumber.trim() || null,
    contact: contact.trim() || null,
  };
}
