import type { Language } from '../language-name.ts';
import { en } from '../words/en.ts';
import { th } from '../words/th.ts';

/** Who did it, as shown; the gateway's own acts, and those of times before there were accounts, are the system's. */
export function authorName({ id, name }: { id: string; name: string }, language: Language): string {
  const words = language === 'th' ? th : en;
  if (id === 'system') return words.auditActor.system;
  return name === '' ? words.history.nobody : name;
}
