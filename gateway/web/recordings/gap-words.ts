import type { TimeRange } from '../api/footage.ts';
import type { Language } from '../language-name.ts';
import { reasonWords } from '../state-words.ts';
import { en } from '../words/en.ts';
import { th, type Words } from '../words/th.ts';
import { dayWords } from '../buddhist-date.ts';
import { clockTime } from '../thai-day.ts';
import type { LaneDeletion } from './lane.ts';

const wordsOf: Record<Language, Words> = { th, en };

/** Whose cause it was. A cause of a newer gateway is called unknown. */
export function causeWords(cause: string, language: Language): string {
  const { cause: words } = wordsOf[language].footage;
  return Object.hasOwn(words, cause) ? words[cause as keyof typeof words] : words.unknown;
}

/** From when to when, whose cause, and what exactly, where that is known. */
export function gapWords(
  gap: TimeRange & { cause: string; detail: string | null },
  language: Language,
): string {
  const times = `${clockTime(gap.fromMs)}–${clockTime(gap.toMs)}`;
  return [times, causeWords(gap.cause, language), detailWords(gap.detail, language)]
    .filter((words) => words !== '')
    .join(' · ');
}

/** From when to when, that a rule deleted it, which, and when, or that it does so now. */
export function deletedWords(gone: LaneDeletion, language: Language): string {
  const { footage } = wordsOf[language];
  return [
    `${clockTime(gone.fromMs)}–${clockTime(gone.toMs)}`,
    ruleWords(gone, language),
    gone.lastDeletedMs === null
      ? footage.deletedNow
      : footage.deletedOn.replace(
          '{{day}}',
          dayWords(new Date(gone.lastDeletedMs).toISOString(), language),
        ),
  ].join(' · ');
}

function ruleWords({ retentionDays, shortened }: LaneDeletion, language: Language): string {
  const { footage } = wordsOf[language];
  if (retentionDays === null) return footage.deleted;
  const words = shortened ? footage.deletedShortened : footage.deletedAfter;
  return words.replace('{{days}}', String(retentionDays));
}

function detailWords(detail: string | null, language: Language): string {
  if (detail === null) return '';
  const { footage, reason } = wordsOf[language];
  if (Object.hasOwn(footage.detail, detail)) {
    return footage.detail[detail as keyof typeof footage.detail];
  }
  return Object.hasOwn(reason, detail) ? reasonWords(detail, language) : '';
}
