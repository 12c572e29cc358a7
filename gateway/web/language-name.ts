/** The languages that the screens speak; Thai comes first. */
export const languages = ['th', 'en'] as const;
export type Language = (typeof languages)[number];

/** Anything that is not a language of ours is Thai. */
export function languageOf(name: string | null | undefined): Language {
  return name === 'en' ? 'en' : 'th';
}
