import { TextInput } from '@mantine/core';
import { MomentInput } from '../day-input.tsx';
import { useLanguage } from '../use-language.ts';
import type { DeadlineDraft } from './deadline-draft.ts';

/** By when, by which letter, and whom to ask. */
export function DeadlineFields(props: {
  legend: string;
  value: DeadlineDraft;
  onChange: (value: DeadlineDraft) => void;
}) {
  const { t } = useLanguage();
  const { legend, value, onChange } = props;
  return (
    <div className="form-row">
      <MomentInput
        label={legend}
        value={value.due}
        onChange={(due) => onChange({ ...value, due })}
      />
      <TextInput
        label={t('rounds.letter')}
        value={value.letterNumber}
        maxLength={200}
        onChange={({ currentTarget }) => onChange({ ...value, letterNumber: currentTarget.value })}
      />
      <TextInput
        label={t('rounds.contact')}
        value={value.contact}
        maxLength={200}
        onChange={({ currentTarget }) => onChange({ ...value, contact: currentTarget.value })}
      />
    </div>
  );
}
