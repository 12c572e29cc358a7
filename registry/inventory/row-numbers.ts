/** Numbers that stand for what rows name, so that two of them are compared without a text of both. */

/** Of what a row does not name. */
export const NO_KEY = 0;

/** One number for each text, from 1: two of them are one key without making a text of both, for 100,000 rows. */
export class Numbers {
  readonly #numbers = new Map<string, number>();

  of(text: string): number {
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.#numbers.size + 1;
      this.#numbers.set(text, number);
    }
    return number;
  }

  known(text: string): number | undefined {
    return this.#numbers.get(text);
  }

  /** The greatest of them. */
  get size(): number {
    return this.#numbers.size;
  }
}

/** Beyond every number: a file has 100,000 rows, and the country some hundred thousand cameras. */
const MORE_THAN_NUMBERS = 2 ** 24;

/** One number for both. */
export function pair(first: number, second: number): number {
  return first * MORE_THAN_NUMBERS + second;
}

/** In the order in which the first of each comes. */
export function groups<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => number,
): Map<number, Item[]> {
  const found = new Map<number, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = found.get(key);
    if (group === undefined) found.set(key, [item]);
    else group.push(item);
  }
  return found;
}
