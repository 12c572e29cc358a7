import { Alert, Button, Checkbox, PasswordInput, Text, TextInput, Title } from '@mantine/core';
import { useState } from 'react';
import { beginSecondFactor, confirmSecondFactor } from '../api/profile.ts';
import { Failure, ToTakeAway } from '../shell/pieces.tsx';
import { useAct } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';
import { QrCode } from './qr-code.tsx';

type Step =
  | { at: 'password' }
  | { at: 'scan'; secret: string; address: string }
  | { at: 'codes'; recoveryCodes: string[] };

/** Setting up a second factor: password again, QR code, a first code of the app, recovery codes to keep. */
export function EnrolSecondFactor({ onDone }: { onDone: () => void }) {
  const { t } = useLanguage();
  const [step, setStep] = useState<Step>({ at: 'password' });
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const [kept, setKept] = useState(false);
  const act = useAct();

  if (step.at === 'codes') {
    return (
      <div className="door-form">
        <Title order={2}>{t('enrol.codes.title')}</Title>
        <Text>{t('enrol.codes.words')}</Text>
        <ToTakeAway label={t('enrol.codes.title')} text={step.recoveryCodes.join('\n')} />
        <Checkbox
          label={t('enrol.codes.kept')}
          checked={kept}
          onChange={({ currentTarget }) => setKept(currentTarget.checked)}
        />
        <Button disabled={!kept} onClick={onDone}>
          {t('enrol.done')}
        </Button>
      </div>
    );
  }
  if (step.at === 'scan') {
    return (
      <form
        className="door-form"
        onSubmit={(event) => {
          event.preventDefault();
          void act.run(async () =>
            setStep({ at: 'codes', recoveryCodes: await confirmSecondFactor(code.trim()) }),
          );
        }}
      >
        <Title order={2}>{t('enrol.scan.title')}</Title>
        <Text>{t('enrol.scan.words')}</Text>
        <QrCode text={step.address} label={t('enrol.scan.qr')} />
        <Text size="sm">{t('enrol.scan.typed')}</Text>
        <ToTakeAway label={t('enrol.scan.secret')} text={step.secret} />
        <TextInput
          label={t('door.code.label')}
          inputMode="numeric"
          autoComplete="one-time-code"
          required
          withAsterisk={false}
          value={code}
          onChange={({ currentTarget }) => setCode(currentTarget.value)}
        />
        <Failure error={act.error} />
        <Button type="submit" loading={act.busy}>
          {t('door.code.confirm')}
        </Button>
      </form>
    );
  }
  return (
    <form
      className="door-form"
      onSubmit={(event) => {
        event.preventDefault();
        void act.run(async () => setStep({ at: 'scan', ...(await beginSecondFactor(password)) }));
      }}
    >
      <Title order={2}>{t('enrol.title')}</Title>
      <Alert color="yellow" variant="light">
        {t('enrol.why')}
      </Alert>
      <PasswordInput
        label={t('enrol.password')}
        autoComplete="current-password"
        required
        withAsterisk={false}
        value={password}
        onChange={({ currentTarget }) => setPassword(currentTarget.value)}
        visibilityToggleButtonProps={{ 'aria-label': t('door.showPassword') }}
      />
      <Failure error={act.error} />
      <Button type="submit" loading={act.busy}>
        {t('enrol.begin')}
      </Button>
    </form>
  );
}
