/** Texts that are kept once, at most; beyond them each has its own. */
const MAX_KNOWN = 400_000;

/**
 * One text for all that have it: 100,000 rows name one LAO or brand thousands of times. A text of its own, too: what the
 * XML parser gives is a piece of the file, and would keep that in memory for as long as the row.
 */
export class SharedTexts {
  readonly #known = new Map<string, string>();

  own(text: string): string {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const copy = ` ${text}`.slice(1);
    if (this.#known.size < MAX_KNOWN) this.#known.set(copy, copy);
    return copy;
  }

  /** The same for every text within a value, which is JSON. */
  ownAll<Value>(value: Value): Value;
  ownAll(value: unknown): unknown {
    if (typeof value === 'string') return this.own(value);
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((item) => this.ownAll(item));
    const own: Record<string, unknown> = {};
    for (const [key, part] of Object.entries(value)) own[key] = this.ownAll(part);
    return own;
  }
}
