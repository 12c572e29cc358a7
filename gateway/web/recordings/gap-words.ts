import type { TimeRange } from '../api/footage.ts';
import type { Language } from '../language-name.ts';
import { reasonWords } from '../state-words.ts';
import { en } from '../words/en.ts';
import { th, type Words } from '../words/th.ts';
import { clockTime } from '../thai-day.ts';

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

function detailWords(detail: string | null, language: Language): string {
  if (detail === null) return '';
  const { footage, reason } = wordsOf[language];
  if (Object.hasOwn(footage.detail, detail)) {
    return footage.detail[detail as keyof typeof footage.detail];
  }
  return Object.hasOwn(reason, detail) ? reasonWords(detail, language) : '';
}
