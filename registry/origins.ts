import * as z from 'zod';
import type { Author } from './author.ts';
import {
  fieldsWithOrigin,
  SNAPSHOT_FIELD,
  valueSources,
  type ValueOrigin,
  type ValueSource,
} from './provenance.ts';

/**
 * Where a registration's values come from, as one short text a camera: the origin of most fields, and apart from it of
 * those that were changed since. A row for each field would be seven million rows for 300,000 cameras.
 */

const origin = z.tuple([
  z.enum(valueSources),
  z.string(),
  z.string(),
  z.string().nullable(),
  z.number(),
]);
type Origin = z.infer<typeof origin>;

const originsText = z.object({ base: origin, fields: z.record(z.string(), origin).optional() });

/** All fields come from here. */
export function newOrigins(source: ValueSource, by: Author, atMs: number): string {
  return JSON.stringify({ base: originOf(source, by, atMs) });
}

/** `text` with the origin of some fields replaced. Null: registered before origins were kept. */
export function withOrigins(
  text: string | null,
  fields: Iterable<string>,
  source: ValueSource,
  by: Author,
  atMs: number,
): string {
  const origins = text === null ? undefined : originsText.parse(JSON.parse(text));
  const changed = Object.fromEntries(
    Array.from(fields, (field): [string, Origin] => [field, originOf(source, by, atMs)]),
  );
  return JSON.stringify({
    base: origins?.base ?? unknownOrigin,
    fields: { ...origins?.fields, ...changed },
  });
}

/** Of every field; an empty record for a camera that was registered before origins were kept. */
export function originsOf(text: string | null): Record<string, ValueOrigin> {
  if (text === null) return {};
  const { base, fields = {} } = originsText.parse(JSON.parse(text));
  const apart = fields[SNAPSHOT_FIELD] === undefined ? [] : [SNAPSHOT_FIELD];
  return Object.fromEntries(
    [...fieldsWithOrigin, ...apart].flatMap((field) => {
      const found = fields[field] ?? base;
      return found[4] === 0 ? [] : [[field, toldOf(found)]];
    }),
  );
}

/** Nobody knows. Its time is 0. */
const unknownOrigin: Origin = ['declared', '', '', null, 0];

function originOf(source: ValueSource, { id, name, proxyFor }: Author, atMs: number): Origin {
  return [source, id, name, proxyFor, atMs];
}

function toldOf([source, id, name, proxyFor, atMs]: Origin): ValueOrigin {
  return { source, by: { id, name, proxyFor }, at: new Date(atMs).toISOString() };
}
