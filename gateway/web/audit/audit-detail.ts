import type { AuditNames } from '../api/audit.ts';
import type { Grant } from '../api/areas.ts';
import { dateAndTime, dayWords } from '../buddhist-date.ts';
import type { Language } from '../language-name.ts';
import { listFieldLabel, listValueWords } from '../lists/list-words.ts';
import { grantWords } from '../people/grant-words.ts';
import { fieldLabel, fieldValueWords } from '../register/field-words.ts';
import { declaredWords } from '../state-words.ts';
import { en } from '../words/en.ts';
import { th } from '../words/th.ts';
import { rightWords } from './audit-words.ts';

/** What an entry's detail says, field by field, in words. Pure. What this screen has no words for is shown as it was written. */

export interface DetailRow {
  label: string;
  /** Undefined: it says no before. */
  before?: string;
  value: string;
}

export function detailRows(
  detail: Readonly<Record<string, unknown>>,
  names: AuditNames,
  language: Language,
): DetailRow[] {
  const { before, changed, grants, grantsBefore, ...others } = detail;
  const rows: DetailRow[] = [];
  // Of rows of the lists, whose fields have words of their own.
  if (isRecord(changed)) {
    const was = isRecord(before) ? before : {};
    for (const [field, value] of Object.entries(changed)) {
      rows.push({
        label: listFieldLabel(field, language),
        before: listValueWords(field, was[field], language),
        value: listValueWords(field, value, language),
      });
    }
  }
  if (Array.isArray(grants)) {
    rows.push({
      label: labelOf('grants', language),
      ...(Array.isArray(grantsBefore) && { before: grantsWords(grantsBefore, language) }),
      value: grantsWords(grants, language),
    });
  }
  const rest = isRecord(changed) ? others : { ...others, before, changed };
  for (const [name, value] of Object.entries(rest)) {
    if (value === undefined) continue;
    rows.push({
      label: labelOf(name, language),
      value: valueWords(name, value, names, language),
    });
  }
  return rows;
}

function labelOf(name: string, language: Language): string {
  const words: Record<string, string> = (language === 'th' ? th : en).auditDetail;
  return Object.hasOwn(words, name) ? (words[name] ?? name) : fieldLabel(name, language);
}

function valueWords(name: string, value: unknown, names: AuditNames, language: Language): string {
  if (Array.isArray(value)) {
    if (value.length === 0) return '–';
    return value.map((one) => valueWords(name, one, names, language)).join(', ');
  }
  if (isRecord(value) && name !== 'lao') {
    const parts = Object.entries(value).filter(([, part]) => part !== null && part !== undefined);
    if (parts.length === 0) return '–';
    return parts
      .map(
        ([part, given]) =>
          `${labelOf(part, language)}: ${valueWords(part, given, names, language)}`,
      )
      .join('\n');
  }
  if (typeof value !== 'string') return fieldValueWords(name, value, language);
  const named = names[value];
  if (named !== undefined) return named.name;
  if (name === 'fields') return fieldLabel(value, language);
  if (name === 'action') return rightWords(value, language);
  if (name === 'code') return errorWordsOf(value, language);
  if (name === 'status') return declaredWords(value, language);
  if (/^\d{4}-\d{2}-\d{2}T[\d:.]+(Z|[+-]\d{2}:\d{2})$/u.test(value)) {
    return dateAndTime(value, language);
  }
  if (/^\d{4}-\d{2}-\d{2}$/u.test(value)) return dayWords(value, language);
  return fieldValueWords(name, value, language);
}

function errorWordsOf(code: string, language: Language): string {
  const words: Record<string, string> = (language === 'th' ? th : en).error;
  return Object.hasOwn(words, code) ? (words[code] ?? code) : code;
}

/** As an account's roles are given; one of another shape as it was written. */
function grantsWords(grants: readonly unknown[], language: Language): string {
  if (grants.length === 0) return '–';
  return grants
    .map((grant) => (isGrant(grant) ? grantWords(grant, language) : JSON.stringify(grant)))
    .join('\n');
}

function isGrant(value: unknown): value is Grant {
  return (
    isRecord(value) &&
    typeof value['role'] === 'string' &&
    isRecord(value['area']) &&
    typeof value['area']['level'] === 'string'
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
