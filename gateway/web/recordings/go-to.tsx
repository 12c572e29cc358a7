import { TextInput } from '@mantine/core';
import { useState, type Ref } from 'react';
import { typedInstant } from '../typed-day.ts';
import { useLanguage } from '../use-language.ts';

/** A time of the day that is looked at, or a day with its time, as it is typed: where to go. */
export function GoTo(props: {
  day: string;
  input: Ref<HTMLInputElement>;
  /** `atMs` undefined: a day was typed, and no time. */
  onGo: (day: string, atMs: number | undefined) => void;
}) {
  const { t } = useLanguage();
  const { day, input, onGo } = props;
  const [text, setText] = useState('');
  const [error, setError] = useState<string>();

  function go(): void {
    if (text.trim() === '') return;
    const typed = typedInstant(text, day);
    if (typed === undefined) setError(t('footage.goToHint'));
    else if ((typed.atMs ?? typed.dayMs) > Date.now()) setError(t('footage.notYet'));
    else {
      setText('');
      onGo(typed.day, typed.atMs);
    }
  }

  return (
    <TextInput
      ref={input}
      className="footage-go-to"
      aria-label={t('footage.goTo')}
      title={t('footage.goToHint')}
      placeholder={t('footage.goToExample')}
      autoComplete="off"
      value={text}
      error={error}
      onChange={({ currentTarget }) => {
        setText(currentTarget.value);
        setError(undefined);
      }}
      onKeyDown={(event) => {
        if (event.key === 'Enter') go();
        if (event.key !== 'Escape') return;
        setText('');
        setError(undefined);
        event.currentTarget.blur();
      }}
    />
  );
}
