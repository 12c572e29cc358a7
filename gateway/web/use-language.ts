import { useTranslation } from 'react-i18next';
import { languageOf, type Language } from './language-name.ts';
import type { WordKey } from './word-key.ts';

/** The words for a key, with values put into their places. */
export type Translate = (key: WordKey, values?: Readonly<Record<string, unknown>>) => string;

/** The words and the name of the language that they are in. */
export function useLanguage(): { t: Translate; language: Language } {
  const { t, i18n } = useTranslation();
  // Its own type allows more ways to call it than one can compare with.
  return { t: t as unknown as Translate, language: languageOf(i18n.language) };
}
