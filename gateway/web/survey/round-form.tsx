import { Checkbox, TagsInput, TextInput } from '@mantine/core';
import { useState } from 'react';
import { openRound, readAskedLaos, type AskedLaos, type Round } from '../api/survey.ts';
import { MomentInput } from '../day-input.tsx';
import { useAreaNames } from '../register/official-areas.ts';
import { WholeNumberInput } from '../shell/whole-number-input.tsx';
import { ActDialog } from '../shell/act-dialog.tsx';
import { missingOf } from '../shell/missing.ts';
import { Failure } from '../shell/pieces.tsx';
import { useLoaded } from '../shell/use-loaded.ts';
import { thaiMoment, type DayGiven } from '../typed-day.ts';
import { useLanguage } from '../use-language.ts';
import {
  deadlineGiven,
  emptyDeadline,
  isDeadlineWhole,
  type DeadlineDraft,
} from './deadline-draft.ts';
import { DeadlineFields } from './deadline-fields.tsx';

const levels = ['lao', 'district', 'province'] as const;
type Level = (typeof levels)[number];

/** The Department opens a round: what it asks, when it is cut off, and by when each level sends. */
export function RoundForm(props: { onClose: () => void; onOpened: (round: Round) => void }) {
  const { t } = useLanguage();
  const { onClose, onOpened } = props;
  const names = useAreaNames();
  const [title, setTitle] = useState('');
  const [reference, setReference] = useState('');
  const [cutOff, setCutOff] = useState<DayGiven>('');
  const [cutOffNow, setCutOffNow] = useState(false);
  const [windowHours, setWindowHours] = useState<number | undefined>(24);
  const [provinces, setProvinces] = useState<string[]>([]);
  const asked = useLoaded((signal) => readAskedLaos(provinces, signal), [provinces.join('\n')]);
  const [closedAreas, setClosedAreas] = useState(true);
  const [deadlines, setDeadlines] = useState<Record<Level, DeadlineDraft>>({
    lao: emptyDeadline,
    district: emptyDeadline,
    province: emptyDeadline,
  });
  const missing = missingOf(
    [title.trim() !== '', t('rounds.name')],
    [reference.trim() !== '', t('rounds.reference')],
    [windowHours !== undefined, t('rounds.window')],
    [cutOffNow || thaiMoment(cutOff) !== undefined, t('rounds.cutOff')],
    ...levels.map(
      (level) => [isDeadlineWhole(deadlines[level]), t(`rounds.deadline.${level}`)] as const,
    ),
  );

  async function open(): Promise<void> {
    const round = await openRound({
      title,
      reference,
      cutOffAt: cutOffNow ? new Date().toISOString() : thaiMoment(cutOff),
      windowHours,
      countsClosedAreas: closedAreas,
      ...(provinces.length === 0
        ? {}
        : { scope: provinces.map((province) => ({ level: 'province', province })) }),
      deadlines: Object.fromEntries(
        levels.map((level) => [level, deadlineGiven(deadlines[level])]),
      ),
    });
    onOpened(round);
  }

  return (
    <ActDialog
      title={t('rounds.open')}
      act={t('rounds.open')}
      missing={missing}
      size="xl"
      onAct={open}
      onClose={onClose}
    >
      <TextInput
        label={t('rounds.name')}
        value={title}
        maxLength={300}
        required
        withAsterisk={false}
        onChange={({ currentTarget }) => setTitle(currentTarget.value)}
        data-autofocus
      />
      <div className="form-row">
        <TextInput
          label={t('rounds.reference')}
          description={t('rounds.referenceHint')}
          inputWrapperOrder={['label', 'input', 'description', 'error']}
          value={reference}
          maxLength={200}
          required
          withAsterisk={false}
          onChange={({ currentTarget }) => setReference(currentTarget.value)}
        />
        <WholeNumberInput
          label={t('rounds.window')}
          min={1}
          max={744}
          value={windowHours}
          onChange={setWindowHours}
        />
      </div>
      <Checkbox
        label={t('rounds.cutOffNow')}
        checked={cutOffNow}
        onChange={({ currentTarget }) => setCutOffNow(currentTarget.checked)}
      />
      {!cutOffNow && (
        <MomentInput
          label={t('rounds.cutOff')}
          description={t('rounds.cutOffHint')}
          value={cutOff}
          onChange={setCutOff}
        />
      )}
      <TagsInput
        label={t('rounds.scope')}
        description={t('rounds.scopeHint')}
        data={names?.provinces ?? []}
        value={provinces}
        onChange={setProvinces}
      />
      <Asked asked={asked.loading ? undefined : asked.value} />
      <Failure error={asked.error} onRetry={asked.reload} />
      <Checkbox
        label={t('rounds.closedAreas')}
        checked={closedAreas}
        onChange={({ currentTarget }) => setClosedAreas(currentTarget.checked)}
      />
      {levels.map((level) => (
        <DeadlineFields
          key={level}
          legend={t(`rounds.deadline.${level}`)}
          value={deadlines[level]}
          onChange={(value) => setDeadlines({ ...deadlines, [level]: value })}
        />
      ))}
    </ActDialog>
  );
}

/** Whom the round will ask, as the list stands now: nobody, where the list was not imported yet. */
function Asked({ asked }: { asked: AskedLaos | undefined }) {
  const { t } = useLanguage();
  if (asked === undefined) return null;
  const { listed, proposed } = asked;
  if (listed + proposed === 0) return <p role="alert">{t('rounds.asksNobody')}</p>;
  return (
    <p role="status">
      {t('rounds.asks', { count: listed })}{' '}
      {proposed > 0 && t('rounds.asksProposed', { count: proposed })}
    </p>
  );
}
