import { Button, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { acceptInvitation, readInvitation } from '../api/session.ts';
import { Failure, Nothing, Waiting } from '../shell/pieces.tsx';
import { useAct, useLoaded } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';
import { Door } from './door.tsx';
import { isReady, NewPassword } from './new-password.tsx';

/** Somebody comes with a one-time link: it says whose it is, and takes their password. */
export function Invitation({ token, onDone }: { token: string; onDone: () => void }) {
  const { t } = useLanguage();
  const invited = useLoaded((signal) => readInvitation(token, signal), [token]);
  const [password, setPassword] = useState({ first: '', second: '' });
  const [accepted, setAccepted] = useState(false);
  const act = useAct();

  return (
    <Door>
      {invited.loading && <Waiting />}
      {invited.error && (
        <>
          <Failure error={invited.error} />
          <Button variant="default" onClick={onDone}>
            {t('door.toSignIn')}
          </Button>
        </>
      )}
      {accepted && (
        <Nothing title={t('invitation.done')}>
          <Button onClick={onDone}>{t('door.toSignIn')}</Button>
        </Nothing>
      )}
      {invited.value && !accepted && (
        <form
          className="door-form"
          onSubmit={(event) => {
            event.preventDefault();
            void act.run(async () => {
              await acceptInvitation(token, password.first);
              setAccepted(true);
            });
          }}
        >
          <Title order={2}>{t('invitation.title', { name: invited.value.name })}</Title>
          <Text>{t('invitation.words', { email: invited.value.email })}</Text>
          {/* For password managers: whose password this is. */}
          <input
            type="email"
            autoComplete="username"
            value={invited.value.email}
            readOnly
            hidden
            aria-hidden="true"
          />
          <NewPassword label={t('door.password')} value={password} onChange={setPassword} />
          <Failure error={act.error} />
          <Button type="submit" loading={act.busy} disabled={!isReady(password)}>
            {t('invitation.accept')}
          </Button>
        </form>
      )}
    </Door>
  );
}
