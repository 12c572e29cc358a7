import { Checkbox, TextInput } from '@mantine/core';
import { useState } from 'react';
import { actOnReturn, type ReturnDetail } from '../api/survey.ts';
import { DayInput } from '../day-input.tsx';
import { ActDialog } from '../shell/act-dialog.tsx';
import { missingOf } from '../shell/missing.ts';
import { useSignedIn } from '../shell/signed-in.ts';
import { thaiToday } from '../thai-day.ts';
import type { DayGiven } from '../typed-day.ts';
import { useLanguage } from '../use-language.ts';
import type { RowNote } from './typed-notes.ts';

/** Name, position and date under the form, and off it goes to the next level. */
export function SignDialog(props: {
  value: ReturnDetail;
  notes: readonly RowNote[];
  onClose: () => void;
  onSigned: (value: ReturnDetail) => void;
}) {
  const { t } = useLanguage();
  const { person } = useSignedIn();
  const { value, notes, onClose, onSigned } = props;
  const [name, setName] = useState(person.name);
  const [position, setPosition] = useState('');
  const [date, setDate] = useState<DayGiven>(thaiToday);
  const [provisional, setProvisional] = useState(false);
  const [incomplete, setIncomplete] = useState('');
  const { awaiting } = value.toDo;
  const { waitingFor } = value;
  const provisionalLabel = t('returns.signProvisional', { count: awaiting });
  const incompleteLabel = t('returns.signIncomplete', { names: waitingFor.join(', ') });

  return (
    <ActDialog
      title={t('returns.signTitle', { name: value.name })}
      act={t('returns.sign')}
      missing={missingOf(
        [name.trim() !== '', t('returns.signName')],
        [position.trim() !== '', t('returns.signPosition')],
        [Boolean(date), t('returns.signDate')],
        [awaiting === 0 || provisional, provisionalLabel],
        [waitingFor.length === 0 || incomplete.trim() !== '', incompleteLabel],
      )}
      onAct={async () =>
        onSigned(
          await actOnReturn(value.id, 'submit', {
            version: value.version,
            signature: { name, position, date },
            acceptProvisional: provisional,
            incompleteReason: incomplete.trim() || null,
            notes,
          }),
        )
      }
      onClose={onClose}
    >
      <p>
        {t('counts.total')} {value.totals.total} · {t('counts.working')} {value.totals.working} ·{' '}
        {t('counts.underRepair')} {value.totals.underRepair} · {t('counts.unrepairable')}{' '}
        {value.totals.unrepairable}
      </p>
      {value.level === 'lao' && value.totals.total === 0 && <p>{t('returns.signZero')}</p>}
      <p>
        {t('returns.signWords')} {t(`returns.to.${value.reportsTo as 'district'}`)}
      </p>
      {notes.length > 0 && <p>{t('returns.signNotes', { count: notes.length })}</p>}
      <TextInput
        label={t('returns.signName')}
        value={name}
        maxLength={200}
        required
        withAsterisk={false}
        onChange={({ currentTarget }) => setName(currentTarget.value)}
      />
      <TextInput
        label={t('returns.signPosition')}
        value={position}
        maxLength={200}
        required
        withAsterisk={false}
        onChange={({ currentTarget }) => setPosition(currentTarget.value)}
        data-autofocus
      />
      <DayInput label={t('returns.signDate')} value={date} onChange={setDate} past required />
      {awaiting > 0 && (
        <Checkbox
          label={provisionalLabel}
          checked={provisional}
          onChange={({ currentTarget }) => setProvisional(currentTarget.checked)}
        />
      )}
      {waitingFor.length > 0 && (
        <TextInput
          label={incompleteLabel}
          value={incomplete}
          maxLength={500}
          required
          withAsterisk={false}
          onChange={({ currentTarget }) => setIncomplete(currentTarget.value)}
        />
      )}
    </ActDialog>
  );
}
