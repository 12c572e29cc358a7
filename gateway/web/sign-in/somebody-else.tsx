import { Alert, Button } from '@mantine/core';
import type { Session } from '../api/session.ts';
import type { SessionStore } from '../shell/session-store.ts';
import { useLanguage } from '../use-language.ts';
import { AnotherAccount } from './another-account.tsx';
import { Door } from './door.tsx';

/** Another person has signed in with this browser: nothing is done in their name from a page that showed somebody else's. */
export function SomebodyElse(props: { session: Session; was: string; store: SessionStore }) {
  const { t } = useLanguage();
  const { session, was, store } = props;
  const name = session.person?.name ?? '';
  return (
    <Door>
      <Alert color="yellow" variant="light" role="alert" title={t('door.somebodyElse.title')}>
        <p>{t('door.somebodyElse.words', { was, name })}</p>
      </Alert>
      <Button onClick={() => store.take(session)} data-autofocus>
        {t('door.somebodyElse.goOn', { name })}
      </Button>
      <AnotherAccount store={store} />
    </Door>
  );
}
