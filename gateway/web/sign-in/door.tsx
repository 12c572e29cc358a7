import { Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { LanguageChoice } from '../shell/language-choice.tsx';
import { useLanguage } from '../use-language.ts';

/** What stands before the screens: the product's name and one thing to do. */
export function Door({ children }: { children: ReactNode }) {
  const { t } = useLanguage();
  return (
    <main className="door">
      <div className="door-name">
        <img src="/favicon.svg" alt="" width={36} height={36} />
        <Title order={1}>{t('product')}</Title>
        <LanguageChoice />
      </div>
      {children}
    </main>
  );
}
