import { PasswordInput } from '@mantine/core';
import { useLanguage } from '../use-language.ts';

/** As the gateway asks (gateway/auth/password-rules.ts), which also knows the common ones. */
export const MIN_PASSWORD_LENGTH = 12;

export interface TypedTwice {
  first: string;
  second: string;
}

export function isReady({ first, second }: TypedTwice): boolean {
  return Array.from(first.normalize('NFC')).length >= MIN_PASSWORD_LENGTH && first === second;
}

/** A new password, typed twice, with what is wanted of it said before it is wrong. */
export function NewPassword(props: {
  label: string;
  value: TypedTwice;
  onChange: (value: TypedTwice) => void;
}) {
  const { t } = useLanguage();
  const { value, onChange } = props;
  const differs = value.second !== '' && value.first !== value.second;
  return (
    <>
      <PasswordInput
        label={props.label}
        description={t('newPassword.rule', { count: MIN_PASSWORD_LENGTH })}
        autoComplete="new-password"
        required
        withAsterisk={false}
        value={value.first}
        onChange={({ currentTarget }) => onChange({ ...value, first: currentTarget.value })}
        visibilityToggleButtonProps={{ 'aria-label': t('door.showPassword') }}
      />
      <PasswordInput
        label={t('newPassword.again')}
        autoComplete="new-password"
        required
        withAsterisk={false}
        value={value.second}
        error={differs ? t('newPassword.differs') : undefined}
        onChange={({ currentTarget }) => onChange({ ...value, second: currentTarget.value })}
        visibilityToggleButtonProps={{ 'aria-label': t('door.showPassword') }}
      />
    </>
  );
}
