import { Alert, Badge, Button, PasswordInput, Title } from '@mantine/core';
import { useState } from 'react';
import { changePassword } from '../api/profile.ts';
import { grantWords } from '../people/grant-words.ts';
import { Failure, Page } from '../shell/pieces.tsx';
import { useSignedIn } from '../shell/signed-in.ts';
import { useAct } from '../shell/use-loaded.ts';
import { EnrolSecondFactor } from '../sign-in/enrol-second-factor.tsx';
import { isReady, NewPassword } from '../sign-in/new-password.tsx';
import { useLanguage } from '../use-language.ts';
import { OwnSessions } from './own-sessions.tsx';
import { OwnTokens } from './own-tokens.tsx';

/** What somebody does about their own account. */
export default function ProfileScreen() {
  const { t, language } = useLanguage();
  const { person } = useSignedIn();
  return (
    <Page title={t('menu.profile')}>
      <section className="card">
        <Title order={3}>{person.name}</Title>
        <p>{person.email}</p>
        <ul className="plain-list">
          {person.grants.map((grant) => {
            const words = grantWords(grant, language);
            return <li key={words}>{words}</li>;
          })}
        </ul>
      </section>
      <Password />
      <SecondFactor />
      <OwnSessions />
      <OwnTokens />
    </Page>
  );
}

function Password() {
  const { t } = useLanguage();
  const [current, setCurrent] = useState('');
  const [password, setPassword] = useState({ first: '', second: '' });
  const [changed, setChanged] = useState(false);
  const act = useAct();
  return (
    <section className="card">
      <Title order={3}>{t('profile.password')}</Title>
      {changed && (
        <Alert color="green" variant="light" role="status">
          {t('profile.passwordChanged')}
        </Alert>
      )}
      <form
        className="narrow-form"
        onSubmit={(event) => {
          event.preventDefault();
          void act.run(async () => {
            await changePassword(current, password.first);
            setChanged(true);
            setCurrent('');
            setPassword({ first: '', second: '' });
          });
        }}
      >
        <PasswordInput
          label={t('profile.current')}
          autoComplete="current-password"
          required
          withAsterisk={false}
          value={current}
          onChange={({ currentTarget }) => setCurrent(currentTarget.value)}
          visibilityToggleButtonProps={{ 'aria-label': t('door.showPassword') }}
        />
        <NewPassword label={t('profile.new')} value={password} onChange={setPassword} />
        <Failure error={act.error} />
        <Button type="submit" variant="default" loading={act.busy} disabled={!isReady(password)}>
          {t('profile.change')}
        </Button>
      </form>
    </section>
  );
}

function SecondFactor() {
  const { t } = useLanguage();
  const { secondFactor, reread } = useSignedIn();
  const [enrolling, setEnrolling] = useState(false);
  const enrolled = secondFactor?.enrolled === true;
  return (
    <section className="card">
      <Title order={3}>{t('profile.secondFactor')}</Title>
      <p>
        <Badge color={enrolled ? 'green' : 'gray'} variant="light">
          {enrolled ? t('profile.enrolled') : t('profile.notEnrolled')}
        </Badge>{' '}
        {secondFactor?.required === true && t('profile.required')}
      </p>
      {enrolling ? (
        <EnrolSecondFactor
          onDone={() => {
            setEnrolling(false);
            void reread();
          }}
        />
      ) : (
        <Button variant="default" onClick={() => setEnrolling(true)}>
          {enrolled ? t('profile.anotherPhone') : t('enrol.begin')}
        </Button>
      )}
    </section>
  );
}
