import type { Language } from '../language-name.ts';

/**
 * Days of Thailand, whatever the zone of the machine: no summer time, seven hours before UTC. A day is written as the
 * address has it, `2026-11-25`, and shown and typed in the Buddhist era.
 */
export const DAY_MS = 86_400_000;
const ZONE_MS = 7 * 3_600_000;
const ERA = 543;
/** A year that is typed is of the Buddhist era from here on, else of the Christian one. */
const FIRST_BUDDHIST_YEAR = 2_400;
const FIRST_YEAR = 1_990;
const LAST_YEAR = 2_200;

export function dayOf(ms: number): string {
  return new Date(ms + ZONE_MS).toISOString().slice(0, 10);
}

/** When a day begins, Unix ms; NaN for what is no day. */
export function dayStartMs(day: string): number {
  return /^\d{4}-\d{2}-\d{2}$/u.test(day) ? Date.parse(`${day}T00:00:00Z`) - ZONE_MS : Number.NaN;
}

export function shiftedDay(day: string, days: number): string {
  return dayOf(dayStartMs(day) + days * DAY_MS);
}

/** As an officer types it: 25/11/2569, 25-11-69, ๒๕/๑๑/๒๕๖๙; the year of either era. Undefined: no such day. */
export function typedDay(text: string): string | undefined {
  const arabic = text.replaceAll(/[๐-๙]/gu, (digit) =>
    String((digit.codePointAt(0) ?? 0) - ('๐'.codePointAt(0) ?? 0)),
  );
  const parts = /^\s*(\d{1,2})\s*[/.-]\s*(\d{1,2})\s*[/.-]\s*(\d{4}|\d{2})\s*$/u.exec(arabic);
  if (parts === null) return undefined;
  const [, date = '', month = '', typed = ''] = parts;
  const full = typed.length === 2 ? 2_500 + Number(typed) : Number(typed);
  const year = full >= FIRST_BUDDHIST_YEAR ? full - ERA : full;
  if (year < FIRST_YEAR || year > LAST_YEAR) return undefined;
  const day = `${year}-${month.padStart(2, '0')}-${date.padStart(2, '0')}`;
  const startMs = dayStartMs(day);
  return Number.isNaN(startMs) || dayOf(startMs) !== day ? undefined : day;
}

/** As it is typed: 25/11/2569. */
export function dayToType(day: string): string {
  const [year = '', month = '', date = ''] = day.split('-');
  return `${Number(date)}/${Number(month)}/${Number(year) + ERA}`;
}

const locales: Record<Language, string> = {
  th: 'th-TH-u-ca-buddhist-nu-latn',
  en: 'en-GB-u-ca-buddhist',
};

/** With the name of the day: พุธ 25 พฤศจิกายน 2569. */
export function dayInWords(day: string, language: Language): string {
  const startMs = dayStartMs(day);
  if (Number.isNaN(startMs)) return '';
  return new Intl.DateTimeFormat(locales[language], {
    dateStyle: 'full',
    timeZone: 'Asia/Bangkok',
  }).format(startMs);
}

/** 08:05:03, in Thailand. `tenths`: 08:05:03.4. */
export function clockTime(ms: number, tenths = false): string {
  const text = new Date(ms + ZONE_MS).toISOString();
  return text.slice(11, tenths ? 21 : 19);
}
