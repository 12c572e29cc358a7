import { Menu, Title, UnstyledButton } from '@mantine/core';
import type { ReactNode } from 'react';
import { signOut } from '../api/session.ts';
import { Bell } from '../inbox/bell.tsx';
import { roleWords } from '../people/grant-words.ts';
import { routeHash } from '../route.ts';
import { useLanguage } from '../use-language.ts';
import { useRoute } from '../use-page-state.ts';
import { LanguageChoice } from './language-choice.tsx';
import { firstScreen, mayOpen, menu, menuItemOf, routeOf } from './screen-rights.ts';
import type { SessionStore } from './session-store.ts';
import { useSignedIn } from './signed-in.ts';
import { StorageAlarm } from './storage-alarm.tsx';

/** The head above every screen: what one may open, and who one is. */
export function Frame(props: { store: SessionStore; demo: boolean; children: ReactNode }) {
  const { t, language } = useLanguage();
  const { person, may } = useSignedIn();
  const route = useRoute();
  const here = menuItemOf(route.view);

  async function leave(): Promise<void> {
    // Whatever the answer: the session is read again and shows whether it has ended.
    await signOut().catch(() => {});
    window.location.hash = '';
    await props.store.read();
  }

  return (
    <>
      <header className="frame-head">
        <a className="frame-name" href={routeHash(firstScreen(may))}>
          <img src="/favicon.svg" alt="" width={28} height={28} />
          <Title order={1}>{t('product')}</Title>
          {props.demo && <span className="frame-demo">{t('demoBadge')}</span>}
        </a>
        <nav aria-label={t('menu.label')} className="frame-menu">
          {menu
            .filter((item) => mayOpen(item, may))
            .map((item) => (
              <a
                key={item}
                href={routeHash(routeOf(item))}
                aria-current={here === item ? 'page' : undefined}
              >
                {t(`menu.${item}`)}
              </a>
            ))}
        </nav>
        <div className="frame-person">
          <Bell />
          <LanguageChoice />
          <Menu position="bottom-end" width={260} transitionProps={{ duration: 0 }}>
            <Menu.Target>
              <UnstyledButton
                className="frame-person-button"
                aria-label={`${t('menu.me')} ${person.name}`}
              >
                <span>{person.name}</span>
                <small>
                  {[...new Set(person.grants.map(({ role }) => roleWords(role, language)))].join(
                    ' · ',
                  )}
                </small>
              </UnstyledButton>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item component="a" href={routeHash({ view: 'profile' })}>
                {t('menu.profile')}
              </Menu.Item>
              <Menu.Item onClick={() => void leave()}>{t('menu.signOut')}</Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </div>
      </header>
      <StorageAlarm />
      {props.children}
    </>
  );
}
