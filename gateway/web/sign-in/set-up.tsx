import { Button, Text, TextInput, Title } from '@mantine/core';
import { useState } from 'react';
import { setUpFirst, type Session } from '../api/session.ts';
import { Failure } from '../shell/pieces.tsx';
import { useAct } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';
import { Door } from './door.tsx';
import { isReady, NewPassword } from './new-password.tsx';

/** The first administrator of a new gateway, by the link that it printed when it started. */
export function SetUp(props: { token: string; onSignedIn: (session: Session) => void }) {
  const { t } = useLanguage();
  const [name, setName] = useState('');
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState({ first: '', second: '' });
  const act = useAct();
  return (
    <Door>
      <form
        className="door-form"
        onSubmit={(event) => {
          event.preventDefault();
          void act.run(async () =>
            props.onSignedIn(
              await setUpFirst({ token: props.token, name, email, password: password.first }),
            ),
          );
        }}
      >
        <Title order={2}>{t('setUp.title')}</Title>
        <Text>{t('setUp.words')}</Text>
        <TextInput
          label={t('person.name')}
          autoComplete="name"
          required
          withAsterisk={false}
          value={name}
          onChange={({ currentTarget }) => setName(currentTarget.value)}
        />
        <TextInput
          label={t('person.email')}
          type="email"
          autoComplete="username"
          required
          withAsterisk={false}
          value={email}
          onChange={({ currentTarget }) => setEmail(currentTarget.value)}
        />
        <NewPassword label={t('door.password')} value={password} onChange={setPassword} />
        <Failure error={act.error} />
        <Button type="submit" loading={act.busy} disabled={!isReady(password)}>
          {t('setUp.create')}
        </Button>
      </form>
    </Door>
  );
}
