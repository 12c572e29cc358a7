import { SegmentedControl } from '@mantine/core';
import { chooseLanguage } from '../language.ts';
import { languageOf } from '../language-name.ts';
import { useLanguage } from '../use-language.ts';

export function LanguageChoice() {
  const { t, language } = useLanguage();
  return (
    <SegmentedControl
      size="xs"
      aria-label={t('language')}
      value={language}
      onChange={(chosen) => void chooseLanguage(languageOf(chosen))}
      data={[
        { value: 'th', label: 'ไทย' },
        { value: 'en', label: 'EN' },
      ]}
    />
  );
}
