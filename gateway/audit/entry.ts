import * as z from 'zod';
import { auditActionNames } from './actions.ts';
import { auditOutcomes, type AuditEntry } from './audit.ts';
import { canonicalJson, type Json } from './canonical-json.ts';

/** An entry as it stands in the log for good. `null`: not given. */
export const loggedEntrySchema = z
  .strictObject({
    sequence: z.int().min(1).meta({ description: 'the order of the log, without a gap' }),
    at: z.iso.datetime().meta({ description: 'UTC, ms' }),
    actor: z.strictObject({
      id: z.string().meta({ description: '`anonymous` before sign-in, `system` for the gateway' }),
      name: z.string(),
      role: z.string().nullable(),
      tokenId: z.string().nullable().meta({ description: 'the API token that was used' }),
    }),
    action: z.enum(auditActionNames),
    object: z.strictObject({ kind: z.string(), id: z.string(), label: z.string().nullable() }),
    outcome: z.enum(auditOutcomes),
    from: z.strictObject({ address: z.string().nullable(), userAgent: z.string().nullable() }),
    why: z.string().nullable(),
    // Of JSON, without saying so: a schema that names itself has no place in our OpenAPI.
    detail: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'AuditEntry' });
export type LoggedEntry = z.infer<typeof loggedEntrySchema>;

const MAX_ID_LENGTH = 200;
const MAX_NAME_LENGTH = 200;
const MAX_USER_AGENT_LENGTH = 300;
const MAX_WHY_LENGTH = 1_000;
const MAX_DETAIL_TEXT_LENGTH = 500;
const MAX_DETAIL_ITEMS = 50;
const MAX_DETAIL_DEPTH = 5;
/** Of the whole detail, as JSON; a larger one is left out, and its size said. */
const MAX_DETAIL_BYTES = 8_192;

/**
 * The entry as it will be kept: every text bounded, nothing in it that a database or a terminal would stumble over, and
 * no value under a name that a secret goes by. What is cut ends in `…`; an entry is never refused for its size, because
 * then a long text would be a way to act unseen.
 */
export function loggedEntry(entry: AuditEntry, sequence: number, atMs: number): LoggedEntry {
  const { actor, action, object, outcome, from, why, detail } = entry;
  return {
    sequence,
    at: new Date(atMs).toISOString(),
    actor: {
      id: line(actor.id, MAX_ID_LENGTH),
      name: line(actor.name, MAX_NAME_LENGTH),
      role: lineOrNull(actor.role, MAX_NAME_LENGTH),
      tokenId: lineOrNull(actor.tokenId, MAX_ID_LENGTH),
    },
    action,
    object: {
      kind: line(object.kind, MAX_ID_LENGTH),
      id: line(object.id, MAX_ID_LENGTH),
      label: lineOrNull(object.label, MAX_NAME_LENGTH),
    },
    outcome,
    from: {
      address: lineOrNull(from.address, MAX_ID_LENGTH),
      userAgent: lineOrNull(from.userAgent, MAX_USER_AGENT_LENGTH),
    },
    why: lineOrNull(why, MAX_WHY_LENGTH),
    detail: boundedDetail(detail ?? {}),
  };
}

// Controls (a line break would start a line of its own in a log), halves of surrogate pairs (UTF-8 cannot hold them, so
// the hash would be of another text), and the marks that turn the reading order round.
const UNREADABLE = /[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

function line(text: string, maxLength: number): string {
  // Cut before it is searched: the text may be a megabyte.
  const kept = text.length > maxLength ? `${text.slice(0, maxLength - 1)}…` : text;
  return kept.replace(UNREADABLE, '\ufffd');
}

function lineOrNull(text: string | null | undefined, maxLength: number): string | null {
  return text === null || text === undefined ? null : line(text, maxLength);
}

/** Names that a secret goes by, in any case and wherever they stand in the name; `tokenId` is none. */
const SECRET_NAME =
  /(?:pass(?:word|wd|phrase)|secret|token|authorization|cookie|credential|totp|otp$|private.?key)(?!s?Id)/i;
const LEFT_OUT = '[left out]';

function boundedDetail(detail: Readonly<Record<string, unknown>>): { [name: string]: Json } {
  const bounded = boundedRecord(detail, 1);
  const bytes = Buffer.byteLength(canonicalJson(bounded));
  return bytes > MAX_DETAIL_BYTES ? { leftOutBytes: bytes } : bounded;
}

function boundedRecord(record: object, depth: number): { [name: string]: Json } {
  const names = Object.keys(record);
  const bounded: { [name: string]: Json } = {};
  for (const name of names.slice(0, MAX_DETAIL_ITEMS)) {
    const value: unknown = (record as Record<string, unknown>)[name];
    // A boolean or null under such a name is a fact about a secret ("password changed"), not the secret.
    const secret = SECRET_NAME.test(name) && value !== null && typeof value !== 'boolean';
    const kept = secret ? LEFT_OUT : boundedValue(value, depth + 1);
    if (kept !== undefined) bounded[nameOf(name)] = kept;
  }
  if (names.length > MAX_DETAIL_ITEMS) bounded['…'] = names.length - MAX_DETAIL_ITEMS;
  return bounded;
}

/** Undefined: as in JSON, not there. */
function boundedValue(value: unknown, depth: number): Json | undefined {
  switch (typeof value) {
    case 'string':
      return line(value, MAX_DETAIL_TEXT_LENGTH);
    case 'boolean':
      return value;
    case 'number':
      // JSON has no -0: the entry that is read back has to be the one that was hashed.
      if (value === 0) return 0;
      return Number.isFinite(value) ? value : String(value);
    case 'bigint':
      return String(value);
    case 'object':
      break;
    default:
      return undefined;
  }
  if (value === null) return null;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (depth > MAX_DETAIL_DEPTH) return '…';
  if (!Array.isArray(value)) return boundedRecord(value, depth);
  const items: Json[] = value
    .slice(0, MAX_DETAIL_ITEMS)
    .map((item: unknown) => boundedValue(item, depth + 1) ?? null);
  if (value.length > MAX_DETAIL_ITEMS) items.push(`… ${value.length - MAX_DETAIL_ITEMS}`);
  return items;
}

/** Readers of JSON, zod among them, leave `__proto__` out without a word: it is kept under a name that none does. */
function nameOf(name: string): string {
  return name === '__proto__' ? '(__proto__)' : line(name, MAX_ID_LENGTH);
}
