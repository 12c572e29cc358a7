/** Texts, and values made of them, that are kept once, at most; beyond them each has its own. */
const MAX_KNOWN = 400_000;

/**
 * One text for all that have it: 100,000 rows name one LAO or brand thousands of times. A text of its own, too: what the
 * XML parser gives is a piece of the file, and would keep that in memory for as long as the row.
 */
export class SharedTexts {
  readonly #texts = new Map<string, string>();
  readonly #values = new Map<string, unknown>();

  own(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    const copy = ` ${text}`.slice(1);
    if (this.#texts.size < MAX_KNOWN) this.#texts.set(copy, copy);
    return copy;
  }

  ownOrNull<Text extends string>(text: Text | null): Text | null {
    return text === null ? null : (this.own(text) as Text);
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

  /** One list for all that have the same texts in it. Nobody may change it. */
  list<Text extends string>(texts: readonly Text[]): Text[] {
    return this.#one(`[${texts.join('\n')}`, () => texts.map((text) => this.own(text) as Text));
  }

  /** One LAO for all that are of it. */
  lao(name: string, district: string, province: string) {
    return this.#one(`${province}\n${district}\n${name}`, () => ({
      name: this.own(name),
      district: this.own(district),
      province: this.own(province),
    }));
  }

  #one<Value>(key: string, make: () => Value): Value {
    const known = this.#values.get(key);
    if (known !== undefined) return known as Value;
    const value = make();
    if (this.#values.size < MAX_KNOWN) this.#values.set(key, value);
    return value;
  }
}
