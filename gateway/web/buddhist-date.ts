import type { Language } from './language-name.ts';

/**
 * Dates in the Buddhist era (พ.ศ.), in Thailand's time whatever the machine's zone.
 * `iso` is ISO 8601; an unreadable one gives an empty string.
 */
export function dateAndTime(iso: string, language: Language): string {
  return format(iso, language, { dateStyle: 'medium', timeStyle: 'medium' });
}

/** The day alone; of a day such as `2026-11-25`, or a moment. */
export function dayWords(iso: string, language: Language): string {
  return format(iso, language, { dateStyle: 'medium' });
}

/** Day and time to the minute: deadlines, cut-offs. */
export function minuteWords(iso: string, language: Language): string {
  return format(iso, language, { dateStyle: 'medium', timeStyle: 'short' });
}

/** Hours, minutes, seconds alone, for moments of today. */
export function timeOfDay(iso: string, language: Language): string {
  return format(iso, language, { timeStyle: 'medium' });
}

/** The time alone when it lies on the same day as `nowMs`, otherwise with its date. */
export function moment(iso: string, nowMs: number, language: Language): string {
  const day = format(iso, language, { dateStyle: 'short' });
  const today = format(new Date(nowMs).toISOString(), language, { dateStyle: 'short' });
  return day === today ? timeOfDay(iso, language) : dateAndTime(iso, language);
}

const locales: Record<Language, string> = {
  th: 'th-TH-u-ca-buddhist-nu-latn',
  en: 'en-GB-u-ca-buddhist',
};

function format(iso: string, language: Language, options: Intl.DateTimeFormatOptions): string {
  const atMs = Date.parse(iso);
  if (Number.isNaN(atMs)) return '';
  return new Intl.DateTimeFormat(locales[language], {
    ...options,
    timeZone: 'Asia/Bangkok',
  }).format(atMs);
}
