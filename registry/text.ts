import * as z from 'zod';

// Control characters, half of a surrogate pair, line and paragraph separators, and the marks that turn the reading
// order round: none belongs in a name, and the last make one name look like another. ZERO WIDTH SPACE stays: Thai
// text uses it between words.
const REFUSED = /[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

// Blanks, and what leaves no mark on paper: a name or a reason of these alone says nothing.
const VISIBLE = /[^\p{Z}\p{C}\p{Default_Ignorable_Code_Point}\u2800]/u;

/** One line of text that people typed: without the blanks around it, NFC, 1 to `maxLength` UTF-16 units. */
export function textLine(maxLength: number): z.ZodString {
  return z
    .string()
    .trim()
    .normalize('NFC')
    .min(1, 'must not be empty')
    .refine((text) => text === '' || VISIBLE.test(text), 'must not be empty')
    .max(maxLength, `must not be longer than ${maxLength} characters`)
    .refine((text) => !REFUSED.test(text), 'must not hold control characters');
}
