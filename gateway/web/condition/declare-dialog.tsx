import { useState } from 'react';
import { declareCondition } from '../api/condition.ts';
import { ActDialog } from '../shell/act-dialog.tsx';
import { missingOf } from '../shell/missing.ts';
import { thaiToday } from '../thai-day.ts';
import type { DayGiven } from '../typed-day.ts';
import { useLanguage } from '../use-language.ts';
import { DayInput } from '../day-input.tsx';
import { ReasonFields, unsaid, type SaidCondition } from './reason-fields.tsx';
import { isDeclaredStatus } from './reason-words.ts';

/** Somebody says in what condition a camera is. */
export function DeclareDialog(props: {
  camera: { id: string; position: string; declared: string | null };
  onClose: () => void;
  onDeclared: () => void;
}) {
  const { t } = useLanguage();
  const { camera, onClose, onDeclared } = props;
  const [said, setSaid] = useState<SaidCondition>({
    status:
      camera.declared !== null && isDeclaredStatus(camera.declared) ? camera.declared : 'working',
    reason: null,
    note: '',
  });
  const [on, setOn] = useState<DayGiven>(thaiToday);

  async function save(): Promise<void> {
    const { status, reason, note } = said;
    const given = { status, reason: reason ?? '', note: note.trim() || null, on: on ?? '' };
    await declareCondition(camera.id, given);
    onDeclared();
  }

  return (
    <ActDialog
      title={t('condition.declareTitle', { position: camera.position })}
      act={t('condition.save')}
      missing={[
        ...unsaid(said).map((field) => t(`condition.${field}`)),
        ...missingOf([Boolean(on), t('condition.day')]),
      ]}
      onAct={save}
      onClose={onClose}
    >
      <p>{t('condition.declareWords')}</p>
      <ReasonFields value={said} onChange={setSaid} />
      <DayInput label={t('condition.day')} value={on} onChange={setOn} past required />
    </ActDialog>
  );
}
