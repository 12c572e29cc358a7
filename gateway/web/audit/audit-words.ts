import { auditActions } from '#gateway/audit/actions.ts';
import { actions } from '#gateway/auth/actions.ts';
import type { AuditNames } from '../api/audit.ts';
import type { Language } from '../language-name.ts';
import { en } from '../words/en.ts';
import { th } from '../words/th.ts';

/** Words of the audit log. The acts' own stand with the acts, as `ไทย · English`; an act of a newer gateway by its name. */

export const actionNames = Object.keys(auditActions);

export function actionWords(action: string, language: Language): string {
  const words: Record<string, string> = auditActions;
  if (!Object.hasOwn(words, action)) return action;
  const [thai = action, english = action] = (words[action] ?? '').split(' · ', 2);
  return language === 'th' ? thai : english;
}

export const outcomes = ['done', 'refused', 'failed'] as const;

export function outcomeWords(outcome: string, language: Language): string {
  const words: Record<string, string> = (language === 'th' ? th : en).auditOutcome;
  return Object.hasOwn(words, outcome) ? (words[outcome] ?? outcome) : outcome;
}

/** What kind of thing an act was done to; one of a newer gateway by its name. */
export function kindWords(kind: string, language: Language): string {
  const words: Record<string, string> = (language === 'th' ? th : en).auditKind;
  return Object.hasOwn(words, kind) ? (words[kind] ?? kind) : kind;
}

/** As it was called when it was written, or as it is called today; a thing without a name by its kind. */
export function objectWords(
  { kind, id, label }: { kind: string; id: string; label: string | null },
  names: AuditNames,
  language: Language,
): string {
  if (label !== null && label !== '') return label;
  const name = names[id]?.name;
  if (name !== undefined) return name;
  // Of these there is one, and its id says what its kind says.
  return id === '' || id === kind || id === 'list' ? kindWords(kind, language) : id;
}

/** A right, as the table of roles has it. */
export function rightWords(action: string, language: Language): string {
  const words: Record<string, string> = actions;
  if (!Object.hasOwn(words, action)) return action;
  const [thai = action, english = action] = (words[action] ?? '').split(' · ', 2);
  return language === 'th' ? thai : english;
}

/** Before sign-in, and for what the gateway does by itself, nobody has a name. */
export function actorWords(actor: { id: string; name: string }, language: Language): string {
  const words: Record<string, string> = (language === 'th' ? th : en).auditActor;
  if (actor.name !== '') return actor.name;
  return Object.hasOwn(words, actor.id) ? (words[actor.id] ?? actor.id) : actor.id;
}
