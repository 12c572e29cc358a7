import type { ApiError } from '../api/call.ts';
import type { Language } from '../language-name.ts';
import { en } from '../words/en.ts';
import { th, type Words } from '../words/th.ts';

const wordsOf: Record<Language, Words> = { th, en };

/** What went wrong and what to do, by the gateway's code. A code of a newer gateway says so, with its English message. */
export function errorWords(error: ApiError, language: Language): string {
  const words = wordsOf[language];
  const known = Object.hasOwn(words.error, error.code)
    ? words.error[error.code as keyof Words['error']]
    : undefined;
  const text = known ?? words.otherError.replace('{{message}}', error.message);
  return error.retryAfterSeconds !== null && error.status === 429
    ? `${text} ${words.waitSeconds.replace('{{seconds}}', String(error.retryAfterSeconds))}`
    : text;
}
