import { createInstance } from 'i18next';
import { initReactI18next } from 'react-i18next';
import { languageOf, type Language } from './language-name.ts';
import { en } from './words/en.ts';
import { th } from './words/th.ts';

const i18n = createInstance();

const rememberedAs = 'language';

/** Readies the words in the language chosen last on this machine, Thai at first. */
export async function startLanguage(): Promise<void> {
  i18n.on('languageChanged', (name) => {
    document.documentElement.lang = name;
  });
  await i18n.use(initReactI18next).init({
    lng: remembered(),
    fallbackLng: 'th',
    resources: { th: { translation: th }, en: { translation: en } },
    // React escapes what it draws.
    interpolation: { escapeValue: false },
  });
}

export async function chooseLanguage(language: Language): Promise<void> {
  try {
    localStorage.setItem(rememberedAs, language);
  } catch {
    // Storage is closed to this page (private window): the choice lasts until the tab closes.
  }
  await i18n.changeLanguage(language);
}

function remembered(): Language {
  try {
    return languageOf(localStorage.getItem(rememberedAs));
  } catch {
    return 'th';
  }
}
