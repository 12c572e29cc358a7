/**
 * Which letters, and which pairs of letters that follow each other, texts hold: a bit each. A text that holds a part has all bits
 * of it; one that has them may hold it, and is looked at. Letters that Thai places and products are written with have a number of
 * their own, the others share some.
 */

/** Numbers of letters; 0 is none, and makes of a pair its first letter alone. */
const LETTERS = 128;
export const SIGNATURE_BITS = LETTERS * LETTERS;

/** What texts to search by are written in (camera-search-text.ts): Thai without its digits, small letters, digits. */
const OWN_RANGES = ['กฺ', 'เ๎', 'az', '09'];
const numbers = new Map<number, number>();
for (const range of OWN_RANGES) {
  for (let unit = range.charCodeAt(0); unit <= range.charCodeAt(1); unit++) {
    numbers.set(unit, numbers.size + 1);
  }
}
const FIRST_SHARED = numbers.size + 1;

function numberOf(unit: number): number {
  return numbers.get(unit) ?? FIRST_SHARED + (unit % (LETTERS - FIRST_SHARED));
}

/** The bits that a text has which holds `part`. */
export function bitsOf(part: string): number[] {
  const letters = Array.from({ length: part.length }, (_, at) => numberOf(part.charCodeAt(at)));
  const bits = letters.slice(1).map((letter, at) => (letters[at] ?? 0) * LETTERS + letter);
  return bits.length > 0 ? [...new Set(bits)] : letters.map((letter) => letter * LETTERS);
}

/** The bits of all of `texts`, in hexadecimal, the first bit first. */
export function signatureOf(texts: Iterable<string>): string {
  const bytes = Buffer.alloc(SIGNATURE_BITS / 8);
  const set = (bit: number): void => {
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  };
  for (const text of texts) {
    let before = 0;
    for (let at = 0; at < text.length; at++) {
      const letter = numberOf(text.charCodeAt(at));
      set(letter * LETTERS);
      if (at > 0) set(before * LETTERS + letter);
      before = letter;
    }
  }
  return bytes.toString('hex');
}
