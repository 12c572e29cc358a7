import { useTranslation } from 'react-i18next';
import { languageOf, type Language } from './language-name.ts';

/** The words and the name of the language that they are in. */
export function useLanguage(): {
  t: ReturnType<typeof useTranslation>['t'];
  language: Language;
} {
  const { t, i18n } = useTranslation();
  return { t, language: languageOf(i18n.language) };
}
