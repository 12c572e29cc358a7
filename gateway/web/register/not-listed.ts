import { agencyKey } from '#registry/thai-names.ts';

/** A name was typed that the list does not have, by no spelling. Not said before the list is here. Pure. */
export function isNotListed(typed: string, names: readonly string[] | undefined): boolean {
  if (typed.trim() === '' || names === undefined) return false;
  const key = agencyKey(typed);
  return names.every((name) => agencyKey(name) !== key);
}
