import { ActionIcon, Button, Popover, TextInput } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useLanguage } from '../use-language.ts';
import { dayInWords, dayOf, dayStartMs, dayToType, shiftedDay, typedDay } from './day.ts';

const WEEK = 7;

/** A day of the Buddhist era: typed, chosen in its month, or the one before and after. */
export function DayChoice(props: { day: string; onChange: (day: string) => void }) {
  const { t, language } = useLanguage();
  const { day, onChange } = props;
  const [text, setText] = useState(dayToType(day));
  const [open, setOpen] = useState(false);
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
        error={typed === undefined && t('footage.dayHint')}
        value={text}
        inputMode="numeric"
        onChange={({ currentTarget }) => setText(currentTarget.value)}
        onBlur={take}
        onKeyDown={(event) => {
          if (event.key === 'Enter') take();
        }}
        rightSection={
          <Popover opened={open} onChange={setOpen} transitionProps={{ duration: 0 }} trapFocus>
            <Popover.Target>
              <ActionIcon
                variant="subtle"
                aria-label={t('footage.calendar')}
                title={t('footage.calendar')}
                onClick={() => setOpen(!open)}
              >
                <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
                  <path
                    d="M2.5 3.5h11v10h-11zM2.5 6.5h11M5 1.5v3M11 1.5v3"
                    fill="none"
                    stroke="currentColor"
                  />
                </svg>
              </ActionIcon>
            </Popover.Target>
            <Popover.Dropdown>
              <Month
                day={day}
                today={today}
                onChange={(chosen) => {
                  setOpen(false);
                  onChange(chosen);
                }}
              />
            </Popover.Dropdown>
          </Popover>
        }
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

function Month(props: { day: string; today: string; onChange: (day: string) => void }) {
  const { t, language } = useLanguage();
  const [first, setFirst] = useState(`${props.day.slice(0, 7)}-01`);
  const locale = language === 'th' ? 'th-TH-u-ca-buddhist-nu-latn' : 'en-GB-u-ca-buddhist';
  const words = (options: Intl.DateTimeFormatOptions, day: string): string =>
    new Intl.DateTimeFormat(locale, { ...options, timeZone: 'Asia/Bangkok' }).format(
      dayStartMs(day),
    );
  const lead = new Date(`${first}T00:00:00Z`).getUTCDay();
  const days: string[] = [];
  for (let day = first; day.slice(0, 7) === first.slice(0, 7); day = shiftedDay(day, 1)) {
    days.push(day);
  }
  const monthBefore = `${shiftedDay(first, -1).slice(0, 7)}-01`;
  const monthAfter = shiftedDay(days.at(-1) ?? first, 1);
  return (
    <div className="month">
      <div className="month-head">
        <ActionIcon
          variant="default"
          aria-label={t('footage.previousMonth')}
          onClick={() => setFirst(monthBefore)}
        >
          ‹
        </ActionIcon>
        <strong aria-live="polite">{words({ month: 'long', year: 'numeric' }, first)}</strong>
        <ActionIcon
          variant="default"
          aria-label={t('footage.nextMonth')}
          disabled={monthAfter > props.today}
          onClick={() => setFirst(monthAfter)}
        >
          ›
        </ActionIcon>
      </div>
      <div className="month-days">
        {days.slice(0, WEEK).map((_, i) => (
          <small key={days[i]} aria-hidden="true">
            {words({ weekday: 'narrow' }, shiftedDay(first, i - lead))}
          </small>
        ))}
        {Array.from({ length: lead }, (_, i) => (
          <span key={i} />
        ))}
        {days.map((day) => (
          <button
            key={day}
            type="button"
            disabled={day > props.today}
            aria-label={words({ dateStyle: 'long' }, day)}
            aria-pressed={day === props.day}
            onClick={() => props.onChange(day)}
          >
            {Number(day.slice(8))}
          </button>
        ))}
      </div>
    </div>
  );
}
