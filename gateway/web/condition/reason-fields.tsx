import { Radio, Select } from '@mantine/core';
import { OTHER_REASON, type DeclaredStatus } from '#registry/declaration-reasons.ts';
import { declaredWords } from '../state-words.ts';
import { useLanguage } from '../use-language.ts';
import { declaredStatuses, isDeclaredStatus, reasonChoices } from './reason-words.ts';
import { LineArea } from '../shell/line-area.tsx';

/** What somebody says of cameras, while they fill it in. */
export interface SaidCondition {
  status: DeclaredStatus;
  reason: string | null;
  note: string;
}

/** What it still wants; their labels are `condition.reason` and `condition.note`. */
export function unsaid({ reason, note }: SaidCondition): ('reason' | 'note')[] {
  if (reason === null) return ['reason'];
  return reason === OTHER_REASON && note.trim() === '' ? ['note'] : [];
}

/** Status, the reason that belongs to it, and a note. */
export function ReasonFields(props: {
  value: SaidCondition;
  onChange: (value: SaidCondition) => void;
}) {
  const { t, language } = useLanguage();
  const { value, onChange } = props;
  return (
    <>
      <Radio.Group
        label={t('condition.status')}
        value={value.status}
        onChange={(status) => {
          if (isDeclaredStatus(status)) onChange({ ...value, status, reason: null });
        }}
      >
        <div className="checks">
          {declaredStatuses.map((status) => (
            <Radio key={status} value={status} label={declaredWords(status, language)} />
          ))}
        </div>
      </Radio.Group>
      <Select
        label={t('condition.reason')}
        data={reasonChoices(value.status, language)}
        value={value.reason}
        onChange={(reason) => onChange({ ...value, reason })}
        required
        withAsterisk={false}
      />
      <LineArea
        label={t('condition.note')}
        maxLength={500}
        value={value.note}
        required={value.reason === OTHER_REASON}
        withAsterisk={false}
        onChange={(note) => onChange({ ...value, note })}
      />
    </>
  );
}
