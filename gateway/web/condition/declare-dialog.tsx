import { Button, Modal } from '@mantine/core';
import { useState } from 'react';
import { declareCondition } from '../api/condition.ts';
import { Failure } from '../shell/pieces.tsx';
import { useAct } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';
import { DayInput } from './day-input.tsx';
import { isSaid, ReasonFields, type SaidCondition } from './reason-fields.tsx';
import { isDeclaredStatus } from './reason-words.ts';
import { thaiToday } from './thai-today.ts';

/** Somebody says in what condition a camera is. */
export function DeclareDialog(props: {
  camera: { id: string; position: string; declared: string | null };
  onClose: () => void;
  onDeclared: () => void;
}) {
  const { t } = useLanguage();
  const { camera, onClose, onDeclared } = props;
  const act = useAct();
  const [said, setSaid] = useState<SaidCondition>({
    status:
      camera.declared !== null && isDeclaredStatus(camera.declared) ? camera.declared : 'working',
    reason: null,
    note: '',
  });
  const [on, setOn] = useState(thaiToday);

  async function save(): Promise<void> {
    const { status, reason, note } = said;
    const given = { status, reason: reason ?? '', note: note.trim() || null, on };
    if (await act.run(async () => declareCondition(camera.id, given))) onDeclared();
  }

  return (
    <Modal
      opened
      onClose={onClose}
      title={t('condition.declareTitle', { position: camera.position })}
      transitionProps={{ duration: 0 }}
      closeButtonProps={{ 'aria-label': t('dismiss') }}
    >
      <form
        className="narrow-form"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <p>{t('condition.declareWords')}</p>
        <ReasonFields value={said} onChange={setSaid} />
        <DayInput label={t('condition.day')} value={on} onChange={setOn} past required />
        <Failure error={act.error} />
        <div className="row-actions">
          <Button type="submit" loading={act.busy} disabled={!isSaid(said) || on === ''}>
            {t('condition.save')}
          </Button>
          <Button variant="default" onClick={onClose}>
            {t('cancel')}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
