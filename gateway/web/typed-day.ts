import { clockTime, dayOf, dayStartMs } from './thai-day.ts';
import { arabic } from './typed-number.ts';

/**
 * Days and moments as an officer types them, in the Buddhist era and with digits of both kinds: pure. A day is held as `2026-11-25`, a
 * moment of Thailand as `2026-11-25T16:30`.
 */

/**
 * What a field holds in which one is typed. Empty: nothing is typed; undefined: what is typed is no day, or out of the field's bounds,
 * and is not sent.
 */
export type DayGiven = string | undefined;

const ERA = 543;
/** A year that is typed is of the Buddhist era from here on, else of the Christian one. */
const FIRST_BUDDHIST_YEAR = 2_400;
const FIRST_YEAR = 1_990;
const LAST_YEAR = 2_200;

/** As screens write them, in either language; English ones without their full stops, as the Thai ones are compared. */
const monthNames = ['th-TH', 'en-GB'].flatMap((locale) =>
  (['short', 'long'] as const).map((month) =>
    Array.from({ length: 12 }, (_, i) =>
      monthKey(new Date(2026, i, 1).toLocaleString(locale, { month })),
    ),
  ),
);

/** 25/11/2569, 25-11-69, ๒๕/๑๑/๒๕๖๙, 25 พ.ย. 2569; the year of either era. Undefined: no such day. */
export function typedDay(text: string): string | undefined {
  const parts = /^\s*(\d{1,2})\s*[/.-]\s*(\d{1,2})\s*[/.-]\s*(\d{4}|\d{2})\s*$/u.exec(
    withMonthNumber(arabic(text)),
  );
  if (parts === null) return undefined;
  const [, date = '', month = '', typed = ''] = parts;
  const full = typed.length === 2 ? 2_500 + Number(typed) : Number(typed);
  const year = full >= FIRST_BUDDHIST_YEAR ? full - ERA : full;
  if (year < FIRST_YEAR || year > LAST_YEAR) return undefined;
  const day = `${year}-${month.padStart(2, '0')}-${date.padStart(2, '0')}`;
  const startMs = dayStartMs(day);
  return Number.isNaN(startMs) || dayOf(startMs) !== day ? undefined : day;
}

/** A day with its time: 25/11/2569 16.30, ๒๕/๑๑/๒๕๖๙ ๑๖:๓๐ น. Undefined: no such moment. */
export function typedMoment(text: string): string | undefined {
  const parts = /^(.+?)\s+(\d{1,2})[.:](\d{2})(?:\s*น\.?)?\s*$/u.exec(arabic(text));
  if (parts === null) return undefined;
  const [, date = '', hour = '', minute = ''] = parts;
  const day = typedDay(date);
  if (day === undefined || Number(hour) > 23 || Number(minute) > 59) return undefined;
  return `${day}T${hour.padStart(2, '0')}:${minute}`;
}

/** A moment that is gone to: its day, and Unix ms; `atMs` undefined: a day alone was typed. */
export interface TypedInstant {
  day: string;
  /** When the day begins, Unix ms. */
  dayMs: number;
  atMs: number | undefined;
}

/** 16.30, 16:30:15, ๑๖.๓๐ น. of a day; or a day, alone or with its time, as above. Undefined: no such moment. */
export function typedInstant(text: string, ofDay: string): TypedInstant | undefined {
  const typed = arabic(text).trim();
  const parts = /^(?:(.+?)\s+)?(\d{1,2})[.:](\d{2})(?:[.:](\d{2}))?(?:\s*น\.?)?$/u.exec(typed);
  const alone = parts === null ? typedDay(typed) : undefined;
  if (alone !== undefined) return { day: alone, dayMs: dayStartMs(alone), atMs: undefined };
  if (parts === null) return undefined;
  const [, date, hour = '', minute = '', second = '0'] = parts;
  const day = date === undefined ? ofDay : typedDay(date);
  if (day === undefined || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) {
    return undefined;
  }
  const dayMs = dayStartMs(day);
  const seconds = (Number(hour) * 60 + Number(minute)) * 60 + Number(second);
  return { day, dayMs, atMs: dayMs + seconds * 1_000 };
}

/** As it is typed: 25/11/2569. Empty for what is no day. */
export function dayToType(day: string): string {
  const [year = '', month = '', date = ''] = day.split('-');
  return date === '' ? '' : `${Number(date)}/${Number(month)}/${Number(year) + ERA}`;
}

/** As it is typed: 25/11/2569 16.30. */
export function momentToType(local: string): string {
  const [day = '', time = ''] = local.split('T');
  return `${dayToType(day)} ${time.replace(':', '.')}`.trim();
}

/** A moment, as typedInstant reads it: 25/11/2569 16.30.15. Unix ms; what is less than a second is left out. */
export function instantToType(ms: number): string {
  return `${dayToType(dayOf(ms))} ${clockTime(ms).replaceAll(':', '.')}`;
}

/** A typed moment as the API wants it; undefined for an empty or wrong one. */
export function thaiMoment(local: DayGiven): string | undefined {
  return local === undefined || local === '' ? undefined : `${local}:00+07:00`;
}

function withMonthNumber(text: string): string {
  return text.replace(
    /^(\s*\d{1,2})\s*([^\d\s/-][^\d\s/-]*)\s*(\d)/u,
    (whole, date, name, year) => {
      const key = monthKey(String(name));
      const month = monthNames.map((names) => names.indexOf(key)).find((index) => index >= 0);
      return month === undefined ? whole : `${date}/${month + 1}/${year}`;
    },
  );
}

function monthKey(name: string): string {
  return name.replaceAll('.', '').toLowerCase();
}
