import type { ZodString } from 'zod';
import { lineFaultMessage, storedLine } from './text.ts';
import { agencyKey, laoTypeWords, matchKey } from './thai-names.ts';

/**
 * Whether an LAO or a budget source can be told from others by it. Two spellings are one name by their key (thai-names.ts):
 * of dots, dashes or a kind alone (“...”, “ทต.”) each would be one name with all others like it, of which cameras are counted.
 */
export function isAgencyName(name: string): boolean {
  return /[\p{L}\p{N}]/u.test(agencyKey(name)) && !laoTypeWords.has(matchKey(name));
}

/** Why it is not taken in as the name of an LAO or of a budget source. */
export function agencyNameFault(name: string | undefined): string | undefined {
  const fault = lineFaultMessage(name);
  if (fault !== undefined || name === undefined || isAgencyName(name)) return fault;
  return 'must be a name: a kind such as ทต. alone, or marks, name nobody';
}

/** The name of an LAO or of a budget source, as it is taken in. */
export function agencyName(maxLength: number): ZodString {
  return storedLine(maxLength).check((context) => {
    const message = agencyNameFault(context.value);
    if (message !== undefined)
      context.issues.push({ code: 'custom', message, input: context.value });
  });
}
