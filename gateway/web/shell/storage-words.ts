import type { StorageState } from '../api/storage.ts';
import type { Language } from '../language-name.ts';
import { en } from '../words/en.ts';
import { th, type Words } from '../words/th.ts';

const wordsOf: Record<Language, Words> = { th, en };
const HOUR_MS = 3_600_000;
/** Footage is being lost; all else waits, and is lost only if nobody does anything. */
const LOSING = new Set(['disk-full', 'spool-failed', 'recorder-behind', 'recordings-dropped']);

export function isLosing(code: string): boolean {
  return LOSING.has(code);
}

/** What is wrong, and what to do about it. A notice of a newer gateway is told by its code. */
export function storageWords(code: string, language: Language): { title: string; todo: string } {
  const { codes, other } = wordsOf[language].storageAlarm;
  if (Object.hasOwn(codes, code)) return codes[code as keyof typeof codes];
  return { title: other.title.replace('{{code}}', code), todo: other.todo };
}

/** Bytes as disks are sold: the nearest MB, from 10 GB on the nearest GB. */
export function sizeWords(bytes: number): string {
  const isLarge = bytes >= 10e9;
  const count = Math.max(1, Math.round(bytes / (isLarge ? 1e9 : 1e6)));
  return `${count.toLocaleString('en')} ${isLarge ? 'GB' : 'MB'}`;
}

/** How much of what may wait for the store does, by bytes or by age, whichever is more; percent, whole. */
export function waitingShare({ waiting, bounds }: StorageState, nowMs: number): number {
  const ageMs = waiting.oldest === null ? 0 : nowMs - Date.parse(waiting.oldest);
  const share = Math.max(waiting.bytes / bounds.bytes, ageMs / (bounds.hours * HOUR_MS));
  return Math.min(100, Math.max(0, Math.round(share * 100)));
}
