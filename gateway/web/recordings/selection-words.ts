import type { TimeRange } from '../api/footage.ts';
import type { Language } from '../language-name.ts';
import { en } from '../words/en.ts';
import { th, type Words } from '../words/th.ts';
import { clockTime } from '../thai-day.ts';

const wordsOf: Record<Language, Words> = { th, en };
const MINUTE_S = 60;

/** 08:05:00–08:07:30 (2 นาที 30 วินาที). */
export function selectionWords({ fromMs, toMs }: TimeRange, language: Language): string {
  const { footage } = wordsOf[language];
  const seconds = Math.round((toMs - fromMs) / 1_000);
  const length =
    seconds < MINUTE_S
      ? footage.seconds.replace('{{count}}', String(seconds))
      : footage.minutes
          .replace('{{minutes}}', String(Math.floor(seconds / MINUTE_S)))
          .replace('{{seconds}}', String(seconds % MINUTE_S));
  return footage.selected
    .replace('{{from}}', clockTime(fromMs))
    .replace('{{to}}', clockTime(toMs))
    .replace('{{length}}', length);
}
