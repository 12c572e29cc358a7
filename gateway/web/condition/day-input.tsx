import { TextInput } from '@mantine/core';
import { dayWords, minuteWords } from '../buddhist-date.ts';
import { useLanguage } from '../use-language.ts';
import { thaiMoment, thaiToday } from './thai-today.ts';

/** A day. Browsers write it in the common era, so that of พ.ศ. stands beneath. */
export function DayInput(props: {
  label: string;
  value: string;
  onChange: (day: string) => void;
  /** None after today. */
  past?: boolean;
  required?: boolean;
}) {
  const { language } = useLanguage();
  const { label, value, onChange, past = false, required = false } = props;
  return (
    <TextInput
      type="date"
      label={label}
      value={value}
      required={required}
      withAsterisk={false}
      description={value === '' ? undefined : dayWords(value, language)}
      inputWrapperOrder={['label', 'input', 'description', 'error']}
      {...(past ? { max: thaiToday() } : {})}
      onChange={({ currentTarget }) => onChange(currentTarget.value)}
    />
  );
}

/** A day and a time in Thailand, as `<input type="datetime-local">` holds it. */
export function MomentInput(props: {
  label: string;
  value: string;
  description?: string;
  onChange: (local: string) => void;
}) {
  const { language } = useLanguage();
  const moment = thaiMoment(props.value);
  return (
    <TextInput
      type="datetime-local"
      label={props.label}
      value={props.value}
      required
      withAsterisk={false}
      description={moment === undefined ? props.description : minuteWords(moment, language)}
      inputWrapperOrder={['label', 'input', 'description', 'error']}
      onChange={({ currentTarget }) => props.onChange(currentTarget.value)}
    />
  );
}
