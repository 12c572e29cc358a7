import { TextInput } from '@mantine/core';
import { useState } from 'react';
import type { TimeRange } from '../api/footage.ts';
import { minuteWords } from '../buddhist-date.ts';
import { ActDialog } from '../shell/act-dialog.tsx';
import { missingOf } from '../shell/missing.ts';
import { instantToType, typedInstant, type TypedInstant } from '../typed-day.ts';
import { useLanguage } from '../use-language.ts';
import { LONGEST_SELECTION_DAYS, typedRange, wholeOf, type Selection } from './selection.ts';

/** From when to when, typed, with their days: also across midnight, and of days that are to come (what is recorded then is held). */
export function RangeDialog(props: {
  /** That a time without a day is of. */
  day: string;
  selection: Selection;
  /** Where the clock is, Unix ms. */
  wallMs: number;
  onSelect: (range: TimeRange) => void;
  onClose: () => void;
}) {
  const { t } = useLanguage();
  const { day, selection, wallMs } = props;
  const [from, setFrom] = useState(() => instantToType(selection.fromMs ?? wallMs));
  const [to, setTo] = useState(() => instantToType(selection.toMs ?? wallMs));
  const begins = typedInstant(from, day);
  const ends = typedInstant(to, day);
  const range = begins && ends && typedRange(begins, ends);
  const whole = range && wholeOf(range);
  const wrong = ((): string | undefined => {
    if (range === undefined || whole !== undefined) return undefined;
    return range.toMs <= range.fromMs
      ? t('footage.rangeDialog.notAfter')
      : t('footage.rangeDialog.notSoLong', { days: LONGEST_SELECTION_DAYS });
  })();
  return (
    <ActDialog
      title={t('footage.rangeDialog.title')}
      act={t('footage.rangeDialog.set')}
      missing={missingOf(
        [begins !== undefined, t('footage.rangeDialog.from')],
        [ends !== undefined && wrong === undefined, t('footage.rangeDialog.to')],
      )}
      onAct={async () => {
        if (whole === undefined) return;
        props.onSelect(whole);
        props.onClose();
      }}
      onClose={props.onClose}
    >
      <p>{t('footage.rangeDialog.words')}</p>
      <Instant label={t('footage.rangeDialog.from')} text={from} typed={begins} onType={setFrom} />
      <Instant
        label={t('footage.rangeDialog.to')}
        text={to}
        typed={ends}
        wrong={wrong}
        onType={setTo}
      />
    </ActDialog>
  );
}

function Instant(props: {
  label: string;
  text: string;
  typed: TypedInstant | undefined;
  wrong?: string | undefined;
  onType: (text: string) => void;
}) {
  const { t, language } = useLanguage();
  const { label, text, typed, wrong, onType } = props;
  const ms = typed && (typed.atMs ?? typed.dayMs);
  return (
    <TextInput
      label={label}
      value={text}
      autoComplete="off"
      description={ms === undefined ? undefined : minuteWords(new Date(ms).toISOString(), language)}
      error={typed === undefined ? t('footage.rangeDialog.hint') : wrong}
      inputWrapperOrder={['label', 'input', 'description', 'error']}
      onChange={({ currentTarget }) => onType(currentTarget.value)}
    />
  );
}
