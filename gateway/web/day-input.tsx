import { TextInput } from '@mantine/core';
import { useEffect, useState } from 'react';
import { MAX_YEARS_AHEAD } from '#registry/far-day.ts';
import { dayWords, minuteWords } from './buddhist-date.ts';
import { Calendar } from './calendar.tsx';
import { shiftedDay, thaiToday } from './thai-day.ts';
import {
  dayToType,
  momentToType,
  thaiMoment,
  typedDay,
  typedMoment,
  type DayGiven,
} from './typed-day.ts';
import { useLanguage } from './use-language.ts';

interface DayProps {
  label: string;
  value: DayGiven;
  onChange: (given: DayGiven) => void;
  description?: string;
  /** None after today. */
  past?: boolean;
  /** None further ahead than this. */
  years?: number;
  required?: boolean;
}

/** A day of the Buddhist era, typed or chosen. */
export function DayInput(props: DayProps) {
  return <TypedInput {...props} isMoment={false} />;
}

/** A day and a time in Thailand. */
export function MomentInput(props: DayProps) {
  return <TypedInput {...props} isMoment />;
}

/** Letters and deadlines end with the office. */
const USUAL_TIME = '16:30';
const YEAR_DAYS = 366;

function TypedInput(props: DayProps & { isMoment: boolean }) {
  const { t, language } = useLanguage();
  const { label, value, onChange, description, past = false, required = false, isMoment } = props;
  const { years = MAX_YEARS_AHEAD } = props;
  const read = isMoment ? typedMoment : typedDay;
  const write = isMoment ? momentToType : dayToType;
  const today = thaiToday();
  const last = past ? today : shiftedDay(today, years * YEAR_DAYS);
  const [text, setText] = useState(() => write(value ?? ''));
  const typed = text.trim() === '' ? '' : read(text);
  // While somebody is typing nothing is wrong yet.
  const [isTyping, setTyping] = useState(false);
  useEffect(() => {
    if (value !== undefined && value !== typed) setText(write(value));
    // When another day was set from outside, not at each letter that is typed.
  }, [value]);

  const problem = ((): string | undefined => {
    if (typed === undefined) return t(isMoment ? 'dayField.momentHint' : 'dayField.hint');
    if (typed === '' || typed.slice(0, last.length) <= last) return undefined;
    return past ? t('dayField.notYet') : t('dayField.tooFar', { years });
  })();
  const within = (given: DayGiven): DayGiven =>
    given === undefined || given.slice(0, last.length) > last ? undefined : given;
  const take = (next: string): void => {
    setText(next);
    onChange(next.trim() === '' ? '' : within(read(next)));
  };
  const words = isMoment
    ? minuteWords(thaiMoment(typed) ?? '', language)
    : dayWords(typed ?? '', language);
  return (
    <TextInput
      label={label}
      value={text}
      required={required}
      withAsterisk={false}
      autoComplete="off"
      description={words || (description ?? t(isMoment ? 'dayField.momentHint' : 'dayField.hint'))}
      error={isTyping ? undefined : problem}
      inputWrapperOrder={['label', 'input', 'description', 'error']}
      onFocus={() => setTyping(true)}
      onBlur={() => setTyping(false)}
      onChange={({ currentTarget }) => take(currentTarget.value)}
      rightSection={
        <Calendar
          day={(typed ?? '').slice(0, last.length) || today}
          last={last}
          onChange={(day) =>
            take(write(isMoment ? `${day}T${(typed ?? '').split('T')[1] ?? USUAL_TIME}` : day))
          }
        />
      }
    />
  );
}
