import { Alert, Button, Text, TextInput, Title } from '@mantine/core';
import { useEffect, useState } from 'react';
import { showSecondFactor, type Session } from '../api/session.ts';
import { Failure } from '../shell/pieces.tsx';
import type { SessionStore } from '../shell/session-store.ts';
import { useAct } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';
import { AnotherAccount } from './another-account.tsx';
import { Door } from './door.tsx';

/** Codes live for half a minute; a demo's are read anew while the page waits. */
const DEMO_CODE_MS = 10_000;

/** The password was right; now a code of the authenticator app, or a recovery code. */
export function ShowSecondFactor({ session, store }: { session: Session; store: SessionStore }) {
  const { t } = useLanguage();
  const [code, setCode] = useState('');
  const act = useAct();
  const codes = (session.demo ?? []).filter((account) => account.code !== null);
  const isDemo = codes.length > 0;

  useEffect(() => {
    if (!isDemo) return undefined;
    const timer = setInterval(() => void store.read(), DEMO_CODE_MS);
    return () => clearInterval(timer);
  }, [isDemo, store]);

  return (
    <Door>
      <form
        className="door-form"
        onSubmit={(event) => {
          event.preventDefault();
          void act.run(async () => store.take(await showSecondFactor(code.trim())));
        }}
      >
        <Title order={2}>{t('door.code.title')}</Title>
        <Text>{t('door.code.words')}</Text>
        <TextInput
          label={t('door.code.label')}
          autoComplete="one-time-code"
          inputMode="text"
          required
          withAsterisk={false}
          value={code}
          onChange={({ currentTarget }) => setCode(currentTarget.value)}
          autoFocus
        />
        {isDemo && (
          <Alert color="blue" variant="light" title={t('door.demo.codes')}>
            {codes.map((account) => (
              <Button
                key={account.email}
                variant="default"
                size="compact-sm"
                mr="xs"
                onClick={() => setCode(account.code ?? '')}
              >
                {account.name} {account.code}
              </Button>
            ))}
          </Alert>
        )}
        <Failure error={act.error} />
        <Button type="submit" loading={act.busy}>
          {t('door.code.confirm')}
        </Button>
        <AnotherAccount store={store} />
        <Text size="sm" c="dimmed">
          {t('door.code.lost')}
        </Text>
      </form>
    </Door>
  );
}
