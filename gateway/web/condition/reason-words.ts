import {
  declarationReasons,
  OTHER_REASON,
  reasonsOf,
  reasonText,
  type DeclaredStatus,
} from '#registry/declaration-reasons.ts';
import { repairCauses } from '#registry/repair-causes.ts';
import type { Language } from '../language-name.ts';
import { en } from '../words/en.ts';
import { th } from '../words/th.ts';

/** Words of reasons and causes. They stand with their codes, as `ไทย · English`; one of a newer gateway by its code. */

export const declaredStatuses = Object.keys(declarationReasons) as DeclaredStatus[];

export function isDeclaredStatus(status: string): status is DeclaredStatus {
  return Object.hasOwn(declarationReasons, status);
}

export function declaredReasonWords(status: string, reason: string, language: Language): string {
  const { condition } = language === 'th' ? th : en;
  if (reason === OTHER_REASON) return condition.otherReason;
  if (reason === 'not-given') return condition.reasonNotGiven;
  const text = isDeclaredStatus(status) ? reasonText(status, reason) : undefined;
  return text === undefined ? reason : ofLanguage(text, language);
}

/** Of one status, as a list to choose from. */
export function reasonChoices(
  status: DeclaredStatus,
  language: Language,
): { value: string; label: string }[] {
  return reasonsOf(status).map((value) => ({
    value,
    label: declaredReasonWords(status, value, language),
  }));
}

export function causeWords(cause: string, language: Language): string {
  const causes: Readonly<Record<string, string>> = repairCauses;
  const text = Object.hasOwn(causes, cause) ? causes[cause] : undefined;
  return text === undefined ? cause : ofLanguage(text, language);
}

export function causeChoices(language: Language): { value: string; label: string }[] {
  return Object.keys(repairCauses).map((value) => ({ value, label: causeWords(value, language) }));
}

function ofLanguage(text: string, language: Language): string {
  const [thai = text, english = text] = text.split(' · ', 2);
  return language === 'th' ? thai : english;
}
