/** What JSON can say. */
export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

/**
 * One way to write a value (RFC 8785): names in the order of their UTF-16 units, no blanks, strings and numbers as
 * JavaScript writes them. Whoever has the value has the bytes that were hashed.
 */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  // The default order of toSorted is that of UTF-16 units.
  const members = Object.keys(value)
    .toSorted()
    .map((name) => `${JSON.stringify(name)}:${canonicalJson(value[name] as Json)}`);
  return `{${members.join(',')}}`;
}
