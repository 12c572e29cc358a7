import { ActionIcon, Popover } from '@mantine/core';
import { useState } from 'react';
import './calendar.css';
import { dayStartMs, shiftedDay } from './thai-day.ts';
import { useLanguage } from './use-language.ts';

const WEEK = 7;

/** Beside a field in which a day is typed: its month of the Buddhist era, to choose from. */
export function Calendar(props: {
  day: string;
  /** None after it may be chosen. */
  last: string;
  onChange: (day: string) => void;
}) {
  const { t } = useLanguage();
  const { day, last, onChange } = props;
  const [open, setOpen] = useState(false);
  return (
    <Popover opened={open} onChange={setOpen} transitionProps={{ duration: 0 }} trapFocus>
      <Popover.Target>
        <ActionIcon
          variant="subtle"
          aria-label={t('dayField.calendar')}
          title={t('dayField.calendar')}
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
          last={last}
          onChange={(chosen) => {
            setOpen(false);
            onChange(chosen);
          }}
        />
      </Popover.Dropdown>
    </Popover>
  );
}

function Month(props: { day: string; last: string; onChange: (day: string) => void }) {
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
          aria-label={t('dayField.previousMonth')}
          onClick={() => setFirst(monthBefore)}
        >
          ‹
        </ActionIcon>
        <strong aria-live="polite">{words({ month: 'long', year: 'numeric' }, first)}</strong>
        <ActionIcon
          variant="default"
          aria-label={t('dayField.nextMonth')}
          disabled={monthAfter > props.last}
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
            disabled={day > props.last}
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
