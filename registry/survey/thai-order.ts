const collator = new Intl.Collator('th');

/** As a Thai dictionary has names: เกาะ under ก, not under its vowel. */
export function byThaiName(a: string, b: string): number {
  return collator.compare(a, b);
}
