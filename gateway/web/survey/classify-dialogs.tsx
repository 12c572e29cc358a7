import { useState } from 'react';
import { actOnReturn, type ReturnDetail } from '../api/survey.ts';
import { DayInput } from '../day-input.tsx';
import { ReasonFields, unsaid, type SaidCondition } from '../condition/reason-fields.tsx';
import { ActDialog } from '../shell/act-dialog.tsx';
import { missingOf } from '../shell/missing.ts';
import { thaiToday } from '../thai-day.ts';
import type { DayGiven } from '../typed-day.ts';
import { useLanguage } from '../use-language.ts';

interface SayingProps {
  value: ReturnDetail;
  /** Ids. */
  cameras: readonly string[];
  onClose: () => void;
  onSaid: (value: ReturnDetail) => void;
}

/** Several cameras are said to be one thing. */
export function ClassifyDialog({ value, cameras, onClose, onSaid }: SayingProps) {
  const { t } = useLanguage();
  const [said, setSaid] = useState<SaidCondition>({
    status: 'under-repair',
    reason: null,
    note: '',
  });
  return (
    <ActDialog
      title={t('returns.classifyTitle', { count: cameras.length })}
      act={t('returns.classify')}
      missing={unsaid(said).map((field) => t(`condition.${field}`))}
      onAct={async () =>
        onSaid(
          await actOnReturn(value.id, 'classify', {
            version: value.version,
            cameras,
            ...said,
            note: said.note.trim() || null,
          }),
        )
      }
      onClose={onClose}
    >
      <ReasonFields value={said} onChange={setSaid} />
    </ActDialog>
  );
}

/** Somebody stood before them: that suffices for cameras that were not seen. */
export function InspectDialog({ value, cameras, onClose, onSaid }: SayingProps) {
  const { t } = useLanguage();
  const [on, setOn] = useState<DayGiven>(thaiToday);
  return (
    <ActDialog
      title={t('returns.inspectTitle', { count: cameras.length })}
      act={t('returns.inspect')}
      missing={missingOf([Boolean(on), t('returns.inspectDay')])}
      onAct={async () =>
        onSaid(await actOnReturn(value.id, 'inspected', { version: value.version, cameras, on }))
      }
      onClose={onClose}
    >
      <p>{t('returns.inspectWords')}</p>
      <DayInput label={t('returns.inspectDay')} value={on} onChange={setOn} past required />
    </ActDialog>
  );
}
