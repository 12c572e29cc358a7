import { Alert, Button, Checkbox, SegmentedControl, Title } from '@mantine/core';
import { useState } from 'react';
import {
  cancelRound,
  closeRound,
  readReminders,
  readReturns,
  readRound,
  remindOf,
  type Round,
} from '../api/survey.ts';
import { dateAndTime, minuteWords } from '../buddhist-date.ts';
import { ActDialog } from '../shell/act-dialog.tsx';
import { Failure, Page, Waiting } from '../shell/pieces.tsx';
import { ReasonDialog } from '../shell/reason-dialog.tsx';
import { useSignedIn } from '../shell/signed-in.ts';
import { useAct, useLoaded } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';
import { ForwardDialog } from './forward-dialog.tsx';
import { ReconciliationCard } from './reconciliation-card.tsx';
import { ReturnTable } from './return-table.tsx';
import { RoundProgress, RoundState } from './rounds-screen.tsx';

const levels = ['every', 'lao', 'district', 'province'] as const;

/** One round: how far it is, the returns of one's area, who is late, and whether the sums agree. */
export default function RoundScreen({ roundId }: { roundId: string }) {
  const { t, language } = useLanguage();
  const { person, may } = useSignedIn();
  const round = useLoaded((signal) => readRound(roundId, signal), [roundId]);
  const [closing, setClosing] = useState(false);
  const [cancelling, setCancelling] = useState(false);
  const [forward, setForward] = useState<string>();
  const { value } = round;
  const isFrozen = value?.state === 'frozen';
  const [ownProvince] = person.grants.flatMap(({ role, area }) =>
    role === 'province' && area.level === 'province' ? [area.province] : [],
  );
  return (
    <Page
      title={value?.title ?? t('rounds.title')}
      actions={
        <>
          {value !== undefined &&
            ['open', 'frozen'].includes(value.state) &&
            may('survey.province') &&
            ownProvince !== undefined && (
              <Button variant="default" onClick={() => setForward(ownProvince)}>
                {t('rounds.forward')}
              </Button>
            )}
          {value?.state === 'open' && may('survey.country') && (
            <Button variant="default" onClick={() => setCancelling(true)}>
              {t('rounds.cancel')}
            </Button>
          )}
          {isFrozen && may('survey.country') && (
            <Button variant="default" onClick={() => setClosing(true)}>
              {t('rounds.close')}
            </Button>
          )}
        </>
      }
    >
      <Failure error={round.error} onRetry={round.reload} />
      {value === undefined && round.loading && <Waiting />}
      {value !== undefined && (
        <>
          <p className="page-under">
            <RoundState state={value.state} /> {value.reference} · {t('rounds.cutOff')}{' '}
            {minuteWords(value.cutOffAt, language)}
            {value.cameras !== null && ` · ${t('rounds.cameras', { count: value.cameras })}`}
          </p>
          {value.cancelledReason !== null && (
            <Alert color="gray" variant="light">
              {t('rounds.cancelledWhy', { reason: value.cancelledReason })}
            </Alert>
          )}
          <section className="card">
            <RoundProgress round={value} />
            {value.provinceDeadlines.flatMap(({ province, lao, district }) =>
              (
                [
                  ['lao', lao],
                  ['district', district],
                ] as const
              ).map(
                ([level, deadline]) =>
                  deadline !== null && (
                    <p key={`${province} ${level}`}>
                      {t('rounds.ofProvince', {
                        province,
                        level: t(`rounds.level.${level}`),
                        time: minuteWords(deadline.dueAt, language),
                      })}
                      <small>
                        {[deadline.letterNumber, deadline.contact].filter(Boolean).join(' · ')}
                      </small>
                    </p>
                  ),
              ),
            )}
          </section>
          {value.frozenAt !== null && (
            <>
              <Returns round={value} onChanged={round.reload} />
              <ReconciliationCard roundId={value.id} />
              <Reminders round={value} />
            </>
          )}
          {forward !== undefined && (
            <ForwardDialog
              round={value}
              province={forward}
              onClose={() => setForward(undefined)}
              onSaved={() => {
                setForward(undefined);
                round.reload();
              }}
            />
          )}
          {cancelling && (
            <ReasonDialog
              title={t('rounds.cancel')}
              label={t('rounds.cancelReason')}
              act={t('rounds.cancel')}
              color="red"
              onAct={async (reason) => {
                await cancelRound(value.id, reason);
                setCancelling(false);
                round.reload();
              }}
              onClose={() => setCancelling(false)}
            >
              <p>{t('rounds.cancelWords')}</p>
            </ReasonDialog>
          )}
          {closing && (
            <CloseDialog
              round={value}
              onClose={() => setClosing(false)}
              onClosed={() => {
                setClosing(false);
                round.reload();
              }}
            />
          )}
        </>
      )}
    </Page>
  );
}

function Returns({ round, onChanged }: { round: Round; onChanged: () => void }) {
  const { t } = useLanguage();
  const [level, setLevel] = useState<(typeof levels)[number]>('every');
  const [late, setLate] = useState(false);
  const [reminded, setReminded] = useState(false);
  const act = useAct();
  const returns = useLoaded(
    (signal) =>
      readReturns(
        round.id,
        { level: level === 'every' ? undefined : level, late: late ? 'true' : undefined },
        signal,
      ),
    [round.id, level, late],
  );
  const toRemind = (returns.value?.returns ?? [])
    .filter(({ mayDo }) => mayDo.includes('remind'))
    .map(({ id }) => id);

  async function remindAll(): Promise<void> {
    if (!(await act.run(async () => remindOf(round.id, toRemind)))) return;
    setReminded(true);
    onChanged();
  }

  return (
    <section className="card" aria-label={t('rounds.returns')}>
      <div className="card-head">
        <Title order={3}>{t('rounds.returns')}</Title>
        {toRemind.length > 0 && (
          <Button
            size="compact-sm"
            variant="default"
            loading={act.busy}
            disabled={reminded}
            onClick={() => void remindAll()}
          >
            {reminded ? t('rounds.reminded') : t('rounds.remind', { count: toRemind.length })}
          </Button>
        )}
      </div>
      <div className="row-actions">
        <SegmentedControl
          size="xs"
          value={level}
          onChange={(chosen) => setLevel(levels.find((one) => one === chosen) ?? 'every')}
          data={levels.map((value) => ({
            value,
            label: value === 'every' ? t('rounds.every') : t(`rounds.level.${value}`),
          }))}
        />
        <Checkbox
          label={t('rounds.onlyLate')}
          checked={late}
          onChange={({ currentTarget }) => setLate(currentTarget.checked)}
        />
      </div>
      <Failure error={returns.error ?? act.error} onRetry={returns.reload} />
      {returns.value === undefined && returns.loading && <Waiting />}
      {returns.value?.returns.length === 0 && <p>{t('rounds.noReturns')}</p>}
      {returns.value !== undefined && returns.value.returns.length > 0 && (
        <ReturnTable returns={returns.value.returns} />
      )}
    </section>
  );
}

function Reminders({ round }: { round: Round }) {
  const { t, language } = useLanguage();
  const reminders = useLoaded((signal) => readReminders(round.id, signal), [round]);
  if (reminders.value === undefined || reminders.value.length === 0) return null;
  return (
    <section className="card" aria-label={t('rounds.reminders')}>
      <Title order={3}>{t('rounds.reminders')}</Title>
      <ul className="plain-list">
        {reminders.value.map((reminder) => (
          <li key={reminder.id}>
            {reminder.name} · {t(`rounds.reminderKind.${reminder.kind as 'late'}`)}{' '}
            <small>
              {dateAndTime(reminder.at, language)} {reminder.by?.name}
            </small>
          </li>
        ))}
      </ul>
    </section>
  );
}

function CloseDialog(props: { round: Round; onClose: () => void; onClosed: () => void }) {
  const { t } = useLanguage();
  const { round, onClose, onClosed } = props;
  return (
    <ActDialog
      title={t('rounds.close')}
      act={t('rounds.close')}
      color="red"
      onAct={async () => {
        await closeRound(round.id);
        onClosed();
      }}
      onClose={onClose}
    >
      <p>{t('rounds.closeWords')}</p>
    </ActDialog>
  );
}
