import type { Language } from './language-name.ts';

/**
 * Days of Thailand, whatever the zone of the machine: no summer time, seven hours before UTC. A day is written as the
 * address has it, `2026-11-25`, and shown in the Buddhist era; as it is typed: typed-day.ts.
 */
export const DAY_MS = 86_400_000;
const ZONE_MS = 7 * 3_600_000;

export function dayOf(ms: number): string {
  return new Date(ms + ZONE_MS).toISOString().slice(0, 10);
}

export function thaiToday(nowMs = Date.now()): string {
  return dayOf(nowMs);
}

/** When a day begins, Unix ms; NaN for what is no day. */
export function dayStartMs(day: string): number {
  return /^\d{4}-\d{2}-\d{2}$/u.test(day) ? Date.parse(`${day}T00:00:00Z`) - ZONE_MS : Number.NaN;
}

export function shiftedDay(day: string, days: number): string {
  return dayOf(dayStartMs(day) + days * DAY_MS);
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
