import { TextInput } from '@mantine/core';
import { useState } from 'react';
import { numberOf } from '../typed-number.ts';
import { useLanguage } from '../use-language.ts';

/** A whole number within bounds, in digits of either kind; undefined while what is typed is none. */
export function WholeNumberInput(props: {
  label: string;
  min: number;
  max: number;
  value: number | undefined;
  onChange: (value: number | undefined) => void;
}) {
  const { t } = useLanguage();
  const { min, max, value } = props;
  const [typed, setTyped] = useState(value === undefined ? '' : String(value));
  return (
    <TextInput
      label={props.label}
      inputMode="numeric"
      autoComplete="off"
      value={typed}
      error={
        typed.trim() !== '' &&
        value === undefined &&
        t('wholeNumber', { min, max: max.toLocaleString() })
      }
      onChange={({ currentTarget }) => {
        setTyped(currentTarget.value);
        const given = numberOf(currentTarget.value);
        props.onChange(Number.isInteger(given) && given >= min && given <= max ? given : undefined);
      }}
    />
  );
}
