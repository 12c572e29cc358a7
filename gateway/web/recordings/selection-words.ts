import type { TimeRange } from '../api/footage.ts';
import { dateAndTime } from '../buddhist-date.ts';
import type { Language } from '../language-name.ts';
import { en } from '../words/en.ts';
import { th, type Words } from '../words/th.ts';
import { clockTime } from '../thai-day.ts';
import { isOfDay } from './selection.ts';

const wordsOf: Record<Language, Words> = { th, en };
const MINUTE_S = 60;
const HOUR_MINUTES = 60;
const DAY_HOURS = 24;

/** 08:05:00–08:07:30 (2 นาที 30 วินาที), with its days unless it is all of `onDay`. */
export function selectionWords(range: TimeRange, language: Language, onDay?: string): string {
  const { footage } = wordsOf[language];
  const withDay = (ms: number): string => dateAndTime(new Date(ms).toISOString(), language);
  const isOne = onDay !== undefined && isOfDay(range, onDay);
  return (isOne ? footage.selected : footage.selectedDays)
    .replace('{{from}}', isOne ? clockTime(range.fromMs) : withDay(range.fromMs))
    .replace('{{to}}', isOne ? clockTime(range.toMs) : withDay(range.toMs))
    .replace('{{length}}', lengthWords(range.toMs - range.fromMs, language));
}

/** In the two greatest units that there are. */
function lengthWords(ms: number, language: Language): string {
  const { footage } = wordsOf[language];
  const seconds = Math.round(ms / 1_000);
  const minutes = Math.floor(seconds / MINUTE_S);
  const hours = Math.floor(minutes / HOUR_MINUTES);
  const words = ((): string => {
    if (minutes === 0) return footage.seconds.replace('{{count}}', String(seconds));
    if (hours === 0) return footage.minutes;
    return hours < DAY_HOURS ? footage.hours : footage.days;
  })();
  return words
    .replace('{{days}}', String(Math.floor(hours / DAY_HOURS)))
    .replace('{{hours}}', String(hours < DAY_HOURS ? hours : hours % DAY_HOURS))
    .replace('{{minutes}}', String(minutes % HOUR_MINUTES))
    .replace('{{seconds}}', String(seconds % MINUTE_S));
}
