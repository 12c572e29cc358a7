import { Alert, Button, PasswordInput, Text, TextInput, Title } from '@mantine/core';
import { useState } from 'react';
import { signIn, type DemoAccount, type Session } from '../api/session.ts';
import { roleWords } from '../people/grant-words.ts';
import { Failure } from '../shell/pieces.tsx';
import type { SessionStore } from '../shell/session-store.ts';
import { useAct } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';
import { Door } from './door.tsx';

export function SignIn(props: {
  session: Session;
  store: SessionStore;
  failed: boolean;
  ended: boolean;
}) {
  const { t } = useLanguage();
  const { session, store } = props;
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const act = useAct();

  const enter = (given: { email: string; password: string }): void => {
    void act.run(async () => store.take(await signIn(given.email, given.password)));
  };

  return (
    <Door>
      {session.demo !== null && (
        <DemoAccounts accounts={session.demo} onChoose={enter} busy={act.busy} />
      )}
      <form
        className="door-form"
        onSubmit={(event) => {
          event.preventDefault();
          enter({ email, password });
        }}
      >
        <Title order={2}>{t('door.signIn')}</Title>
        {!session.setUp && (
          <Alert color="yellow" variant="light" title={t('door.notSetUp.title')}>
            {t('door.notSetUp.words')}
          </Alert>
        )}
        {props.ended && (
          <Alert color="yellow" variant="light" role="status">
            {t('door.ended')}
          </Alert>
        )}
        {props.failed && (
          <Alert color="red" variant="light" role="alert">
            {t('door.openIdFailed')}
          </Alert>
        )}
        <TextInput
          label={t('person.email')}
          type="email"
          autoComplete="username"
          required
          withAsterisk={false}
          value={email}
          onChange={({ currentTarget }) => setEmail(currentTarget.value)}
          data-autofocus
        />
        <PasswordInput
          label={t('door.password')}
          autoComplete="current-password"
          required
          withAsterisk={false}
          value={password}
          onChange={({ currentTarget }) => setPassword(currentTarget.value)}
          visibilityToggleButtonProps={{ 'aria-label': t('door.showPassword') }}
        />
        <Failure error={act.error} />
        <Button type="submit" loading={act.busy}>
          {t('door.signIn')}
        </Button>
        {session.openId !== null && (
          <Button component="a" href={session.openId.address} variant="default">
            {t('door.openId', { name: session.openId.name })}
          </Button>
        )}
        <Text size="sm" c="dimmed">
          {t('door.forgot')}
        </Text>
      </form>
    </Door>
  );
}

/** The gateway says that this is a demo: one account for each role, and what it may see. */
function DemoAccounts(props: {
  accounts: DemoAccount[];
  onChoose: (account: DemoAccount) => void;
  busy: boolean;
}) {
  const { t, language } = useLanguage();
  return (
    <section className="door-demo" aria-label={t('door.demo.title')}>
      <Title order={2}>{t('door.demo.title')}</Title>
      <Text size="sm">{t('door.demo.words')}</Text>
      <ul>
        {props.accounts.map((account) => (
          <li key={account.email}>
            <Button
              variant="default"
              fullWidth
              justify="space-between"
              disabled={props.busy}
              onClick={() => props.onChoose(account)}
              rightSection={<span className="door-demo-name">{account.name}</span>}
            >
              {roleWords(account.role, language)}
            </Button>
            <code>
              {account.email} · {account.password}
            </code>
          </li>
        ))}
      </ul>
    </section>
  );
}
