import { moment } from './buddhist-date.ts';
import { codecName } from './codec.ts';
import type { Language } from './language-name.ts';
import { en } from './words/en.ts';
import { th, type Words } from './words/th.ts';
import type { LiveState } from './wire.ts';

const wordsOf: Record<Language, Words> = { th, en };

/** The gateway's word for a reason, in words for an officer. A reason that this page does not know yet says only that. */
export function reasonWords(reason: string, language: Language): string {
  return wordIn(wordsOf[language].reason, reason) ?? wordsOf[language].otherReason;
}

/** What the officer can do about it, or undefined where waiting is all. */
export function adviceWords(reason: string, language: Language): string | undefined {
  return wordIn(wordsOf[language].advice, reason);
}

/** The name of a state: ภาพสด, กำลังเชื่อมต่อ, ขัดข้อง, ยังไม่เชื่อมโยง. */
export function stateName(state: LiveState['state'], language: Language): string {
  return wordsOf[language].state[state];
}

/** What the owner declared of the camera; an unknown word of a newer gateway is shown as it is. */
export function declaredWords(declared: string, language: Language): string {
  return wordIn(wordsOf[language].declared, declared) ?? declared;
}

/** What is seen of a camera's stream. */
export function observedWords(state: string, language: Language): string {
  return wordIn(wordsOf[language].observedState, state) ?? state;
}

/** Why it is seen so; an empty text where there is no reason. */
export function observedReasonWords(reason: string | null, language: Language): string {
  return reason === null ? '' : (wordIn(wordsOf[language].observedReason, reason) ?? reason);
}

/** Why a camera counts as it does (registry/condition.ts). */
export function ruleWords(rule: string, language: Language): string {
  return wordIn(wordsOf[language].surveyRule, rule) ?? rule;
}

export function scopeWords(scope: string, language: Language): string {
  return wordIn(wordsOf[language].scope, scope) ?? scope;
}

export function purposeWords(purpose: string, language: Language): string {
  return wordIn(wordsOf[language].purpose, purpose) ?? purpose;
}

/** "ตั้งแต่ 14:03:20 น." */
export function sinceWords(live: LiveState, nowMs: number, language: Language): string {
  return wordsOf[language].since.replace('{{time}}', moment(live.since, nowMs, language));
}

/** Said on the tile of a camera whose codec this browser cannot play. */
export function unplayableWords(codec: string, language: Language): string {
  return wordsOf[language].unplayable.replace('{{codec}}', codecName(codec));
}

/** Own keys alone: what comes from the gateway may be called `constructor`. */
function wordIn(words: Record<string, string>, key: string): string | undefined {
  return Object.hasOwn(words, key) ? words[key] : undefined;
}
