import { ActionIcon, Button, TextInput } from '@mantine/core';
import { useEffect, useState } from 'react';
import { Calendar } from '../calendar.tsx';
import { dayInWords, dayOf, shiftedDay } from '../thai-day.ts';
import { dayToType, typedDay } from '../typed-day.ts';
import { useLanguage } from '../use-language.ts';

/** A day of the Buddhist era: typed, chosen in its month, or the one before and after. */
export function DayChoice(props: { day: string; onChange: (day: string) => void }) {
  const { t, language } = useLanguage();
  const { day, onChange } = props;
  const [text, setText] = useState(dayToType(day));
  useEffect(() => setText(dayToType(day)), [day]);
  const today = dayOf(Date.now());
  const typed = typedDay(text);

  function take(): void {
    if (typed === undefined) setText(dayToType(day));
    else if (typed !== day) onChange(typed > today ? today : typed);
  }

  return (
    <div className="day-choice">
      <ActionIcon
        variant="default"
        size="lg"
        aria-label={t('footage.previousDay')}
        title={t('footage.previousDay')}
        onClick={() => onChange(shiftedDay(day, -1))}
      >
        ‹
      </ActionIcon>
      <TextInput
        label={`${t('footage.day')} · ${dayInWords(typed ?? day, language)}`}
        error={typed === undefined && t('dayField.hint')}
        value={text}
        inputMode="numeric"
        onChange={({ currentTarget }) => setText(currentTarget.value)}
        onBlur={take}
        onKeyDown={(event) => {
          if (event.key === 'Enter') take();
        }}
        rightSection={<Calendar day={day} last={today} onChange={onChange} />}
      />
      <ActionIcon
        variant="default"
        size="lg"
        aria-label={t('footage.nextDay')}
        title={t('footage.nextDay')}
        disabled={day >= today}
        onClick={() => onChange(shiftedDay(day, 1))}
      >
        ›
      </ActionIcon>
      {day !== today && (
        <Button variant="default" onClick={() => onChange(today)}>
          {t('footage.today')}
        </Button>
      )}
    </div>
  );
}
