import { Badge, Button, Table, Title } from '@mantine/core';
import { useState } from 'react';
import { readRounds, type Round } from '../api/survey.ts';
import { minuteWords } from '../buddhist-date.ts';
import { routeHash } from '../route.ts';
import { Failure, Nothing, Page, Waiting } from '../shell/pieces.tsx';
import { useSignedIn } from '../shell/signed-in.ts';
import { useLoaded } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';
import { goTo } from '../use-page-state.ts';
import { RoundForm } from './round-form.tsx';

const levels = ['lao', 'district', 'province'] as const;

/** Every round of the survey, newest first, with how far it is in one's area. */
export default function RoundsScreen() {
  const { t } = useLanguage();
  const { may } = useSignedIn();
  const rounds = useLoaded(readRounds, []);
  const [opening, setOpening] = useState(false);
  return (
    <Page
      title={t('rounds.title')}
      actions={
        may('survey.country') && (
          <Button onClick={() => setOpening(true)}>{t('rounds.open')}</Button>
        )
      }
    >
      <Failure error={rounds.error} onRetry={rounds.reload} />
      {rounds.value === undefined && rounds.loading && <Waiting />}
      {rounds.value?.length === 0 && (
        <Nothing title={t('rounds.none')}>
          <p>{t(may('survey.country') ? 'rounds.noneOpen' : 'rounds.noneWait')}</p>
        </Nothing>
      )}
      {rounds.value?.map((round) => (
        <RoundCard key={round.id} round={round} />
      ))}
      {opening && (
        <RoundForm
          onClose={() => setOpening(false)}
          onOpened={({ id }) => goTo({ view: 'round', roundId: id })}
        />
      )}
    </Page>
  );
}

function RoundCard({ round }: { round: Round }) {
  const { t, language } = useLanguage();
  return (
    <article className="card">
      <div className="card-head">
        <Title order={3}>
          <a href={routeHash({ view: 'round', roundId: round.id })}>{round.title}</a>
        </Title>
        <RoundState state={round.state} />
      </div>
      <p>
        {round.reference} · {t('rounds.cutOff')} {minuteWords(round.cutOffAt, language)}
      </p>
      <RoundProgress round={round} />
    </article>
  );
}

export function RoundState({ state }: { state: string }) {
  const { t } = useLanguage();
  const color = state === 'frozen' ? 'blue' : 'gray';
  return (
    <Badge color={color} variant="light">
      {t(`rounds.state.${state as 'open'}`, { defaultValue: state })}
    </Badge>
  );
}

/** By level: who has sent, who has not, and by when. */
export function RoundProgress({ round }: { round: Round }) {
  const { t, language } = useLanguage();
  return (
    <div className="scroll-x">
      <Table className="figures" aria-label={t('rounds.progress')}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th />
            <Table.Th>{t('returns.due', { time: '' }).replace(/ น\.$/u, '')}</Table.Th>
            <Table.Th>{t('rounds.waiting')}</Table.Th>
            <Table.Th>{t('rounds.submitted')}</Table.Th>
            <Table.Th>{t('rounds.accepted')}</Table.Th>
            <Table.Th>{t('rounds.late')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {levels.map((level) => {
            const progress = round.progress[level];
            const deadline = round.deadlines[level];
            return (
              <Table.Tr key={level}>
                <Table.Th scope="row">{t(`rounds.level.${level}`)}</Table.Th>
                <Table.Td>
                  {minuteWords(deadline.dueAt, language)}
                  <small>
                    {[deadline.letterNumber, deadline.contact].filter(Boolean).join(' · ')}
                  </small>
                </Table.Td>
                <Table.Td>{progress.waiting}</Table.Td>
                <Table.Td>{progress.submitted}</Table.Td>
                <Table.Td>{progress.accepted}</Table.Td>
                <Table.Td className={progress.late > 0 ? 'overdue' : undefined}>
                  {progress.late}
                </Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </div>
  );
}
