import { Button, Modal } from '@mantine/core';
import { useState } from 'react';
import { actOnReturn, type ReturnDetail } from '../api/survey.ts';
import { DayInput } from '../condition/day-input.tsx';
import { isSaid, ReasonFields, type SaidCondition } from '../condition/reason-fields.tsx';
import { thaiToday } from '../condition/thai-today.ts';
import { Failure } from '../shell/pieces.tsx';
import { useAct } from '../shell/use-loaded.ts';
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
  const act = useAct();
  const [said, setSaid] = useState<SaidCondition>({
    status: 'under-repair',
    reason: null,
    note: '',
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('returns.classifyTitle', { count: cameras.length })}
      transitionProps={{ duration: 0 }}
      closeButtonProps={{ 'aria-label': t('dismiss') }}
    >
      <form
        className="narrow-form"
        onSubmit={(event) => {
          event.preventDefault();
          void act.run(async () =>
            onSaid(
              await actOnReturn(value.id, 'classify', {
                version: value.version,
                cameras,
                ...said,
                note: said.note.trim() || null,
              }),
            ),
          );
        }}
      >
        <ReasonFields value={said} onChange={setSaid} />
        <Failure error={act.error} />
        <div className="row-actions">
          <Button type="submit" loading={act.busy} disabled={!isSaid(said)}>
            {t('returns.classify')}
          </Button>
          <Button variant="default" onClick={onClose}>
            {t('cancel')}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

/** Somebody stood before them: that suffices for cameras that were not seen. */
export function InspectDialog({ value, cameras, onClose, onSaid }: SayingProps) {
  const { t } = useLanguage();
  const act = useAct();
  const [on, setOn] = useState(thaiToday);
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('returns.inspectTitle', { count: cameras.length })}
      transitionProps={{ duration: 0 }}
      closeButtonProps={{ 'aria-label': t('dismiss') }}
    >
      <form
        className="narrow-form"
        onSubmit={(event) => {
          event.preventDefault();
          void act.run(async () =>
            onSaid(
              await actOnReturn(value.id, 'inspected', { version: value.version, cameras, on }),
            ),
          );
        }}
      >
        <p>{t('returns.inspectWords')}</p>
        <DayInput label={t('returns.inspectDay')} value={on} onChange={setOn} past required />
        <Failure error={act.error} />
        <div className="row-actions">
          <Button type="submit" loading={act.busy} disabled={on === ''}>
            {t('returns.inspect')}
          </Button>
          <Button variant="default" onClick={onClose}>
            {t('cancel')}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
