import { useState } from 'react';
import { bringForward, type Round } from '../api/survey.ts';
import { ActDialog } from '../shell/act-dialog.tsx';
import { missingOf } from '../shell/missing.ts';
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
  const [lao, setLao] = useState(emptyDeadline);
  const [district, setDistrict] = useState(emptyDeadline);
  const given = {
    lao: isDeadlineWhole(lao) ? deadlineGiven(lao) : null,
    district: isDeadlineWhole(district) ? deadlineGiven(district) : null,
  };
  // One of them suffices; one that is typed and no moment is not taken for none.
  const isNone = given.lao === null && given.district === null;
  const missing = missingOf(
    [lao.due !== undefined && !isNone, t('rounds.deadline.lao')],
    [district.due !== undefined && !isNone, t('rounds.deadline.district')],
  );
  return (
    <ActDialog
      title={`${t('rounds.forward')}${province}`}
      act={t('save')}
      missing={missing}
      size="xl"
      noValidate
      onAct={async () => {
        await bringForward(round.id, province, given);
        onSaved();
      }}
      onClose={onClose}
    >
      <p>{t('rounds.forwardWords')}</p>
      <DeadlineFields legend={t('rounds.deadline.lao')} value={lao} onChange={setLao} />
      <DeadlineFields
        legend={t('rounds.deadline.district')}
        value={district}
        onChange={setDistrict}
      />
    </ActDialog>
  );
}
