import * as z from 'zod';

// Control characters, half of a surrogate pair, line and paragraph separators, and the marks that turn the reading
// order round: none belongs in a name, and the last make one name look like another. ZERO WIDTH SPACE stays: Thai
// text uses it between words.
const REFUSED = /[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;
// And what is no character of any script (U+FFFE, U+FFFF …), for which XML has no place: a workbook would lose it.
const REFUSED_IN_TYPED =
  /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;
// Zero-width marks, fillers and the empty Braille cell show nothing: a name of them is a blank that no one can click.
const NOTHING_TO_SEE = /^[\s\p{Default_Ignorable_Code_Point}\u2800]*$/u;

const NO_CONTROL = 'must not hold control characters';

/**
 * One line of text as it is told: without the blanks around it, NFC, 1 to `maxLength` characters. It asks less than `typedLine`:
 * rows of before a rule was made must still be told.
 */
export function storedLine(maxLength: number): z.ZodString {
  return z
    .string()
    .trim()
    .normalize('NFC')
    .min(1, 'must not be empty')
    .max(maxLength, `must not be longer than ${maxLength} characters`)
    .refine((text) => !REFUSED.test(text), NO_CONTROL);
}

/** One line of text that people typed, or a device says: not of signs alone that cannot be seen, and without noncharacters. */
export function typedLine(maxLength: number): z.ZodString {
  return storedLine(maxLength).check((context) => {
    const message = lineFaultMessage(context.value);
    if (message !== undefined)
      context.issues.push({ code: 'custom', message, input: context.value });
  });
}

/** What is wrong with a line's characters. */
export function lineFault(text: string): 'control' | 'nothing-to-see' | undefined {
  if (REFUSED_IN_TYPED.test(text)) return 'control';
  return NOTHING_TO_SEE.test(text) ? 'nothing-to-see' : undefined;
}

/** In words; that an empty one is empty is said by its own rule. */
export function lineFaultMessage(text: string | null | undefined): string | undefined {
  const fault = typeof text === 'string' && text !== '' ? lineFault(text) : undefined;
  return fault === undefined ? undefined : faultMessages[fault];
}

const faultMessages = {
  control: NO_CONTROL,
  'nothing-to-see': 'must hold something that can be seen',
} as const;
