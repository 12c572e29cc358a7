import { Button, Modal } from '@mantine/core';
import { useState } from 'react';
import { bringForward, type Round } from '../api/survey.ts';
import { Failure } from '../shell/pieces.tsx';
import { useAct } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';
import { deadlineGiven, emptyDeadline, isDeadlineWhole } from './deadline-draft.ts';
import { DeadlineFields } from './deadline-fields.tsx';

/** A province asks its own to send earlier, by its own letter. */
export function ForwardDialog(props: {
  round: Round;
  province: string;
  onClose: () => void;
  onSaved: () => void;
}) {
  const { t } = useLanguage();
  const { round, province, onClose, onSaved } = props;
  const act = useAct();
  const [lao, setLao] = useState(emptyDeadline);
  const [district, setDistrict] = useState(emptyDeadline);
  const given = {
    lao: isDeadlineWhole(lao) ? deadlineGiven(lao) : null,
    district: isDeadlineWhole(district) ? deadlineGiven(district) : null,
  };
  return (
    <Modal
      opened
      onClose={onClose}
      size="xl"
      title={`${t('rounds.forward')}${province}`}
      transitionProps={{ duration: 0 }}
      closeButtonProps={{ 'aria-label': t('dismiss') }}
    >
      <form
        className="narrow-form wide"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void act.run(async () => {
            await bringForward(round.id, province, given);
            onSaved();
          });
        }}
      >
        <p>{t('rounds.forwardWords')}</p>
        <DeadlineFields legend={t('rounds.deadline.lao')} value={lao} onChange={setLao} />
        <DeadlineFields
          legend={t('rounds.deadline.district')}
          value={district}
          onChange={setDistrict}
        />
        <Failure error={act.error} />
        <div className="row-actions">
          <Button
            type="submit"
            loading={act.busy}
            disabled={given.lao === null && given.district === null}
          >
            {t('save')}
          </Button>
          <Button variant="default" onClick={onClose}>
            {t('cancel')}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
