import { Table, Title } from '@mantine/core';
import { readReconciliation, type FormCounts, type Reconciliation } from '../api/survey.ts';
import { Failure, Waiting } from '../shell/pieces.tsx';
import { useLoaded } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';

const reasons = ['new', 'removed', 'repaired', 'fell', 'reclassified', 'moved'] as const;

/** Whether districts and provinces sent what their LAOs did, and what changed since the last round and why. */
export function ReconciliationCard({ roundId }: { roundId: string }) {
  const { t } = useLanguage();
  const read = useLoaded((signal) => readReconciliation(roundId, signal), [roundId]);
  const { value } = read;
  return (
    <section className="card" aria-label={t('rounds.reconcile')}>
      <Title order={3}>{t('rounds.reconcile')}</Title>
      <Failure error={read.error} onRetry={read.reload} />
      {value === undefined && read.loading && <Waiting />}
      {value !== undefined && (
        <>
          <Agreements agreements={value.agreements} />
          <Title order={4}>{t('rounds.differences')}</Title>
          {value.previousRoundId === null ? (
            <p>{t('rounds.noPrevious')}</p>
          ) : (
            <Differences differences={value.differences} />
          )}
        </>
      )}
    </section>
  );
}

function Agreements({ agreements }: Pick<Reconciliation, 'agreements'>) {
  const { t } = useLanguage();
  if (agreements.length === 0) return null;
  return (
    <Table className="stacked">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t('counts.place')}</Table.Th>
          <Table.Th>{t('rounds.sent')}</Table.Th>
          <Table.Th>{t('rounds.ofLaos')}</Table.Th>
          <Table.Th />
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {agreements.map((one) => (
          <Table.Tr key={`${one.level} ${one.province} ${one.district}`}>
            <Table.Td data-label={t('counts.place')}>
              {one.district ?? one.province}
              <small>{t(`rounds.level.${one.level as 'province'}`)}</small>
            </Table.Td>
            <Table.Td data-label={t('rounds.sent')}>
              {one.sent === null ? t('rounds.notSent') : figures(one.sent)}
            </Table.Td>
            <Table.Td data-label={t('rounds.ofLaos')}>{figures(one.laos)}</Table.Td>
            <Table.Td>
              {one.sent !== null && (
                <span className={one.agrees ? undefined : 'overdue'}>
                  {t(one.agrees ? 'rounds.agrees' : 'rounds.disagrees')}
                </span>
              )}
              {one.missing.length > 0 && (
                <small>{t('rounds.missing', { names: one.missing.join(', ') })}</small>
              )}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function Differences({ differences }: Pick<Reconciliation, 'differences'>) {
  const { t } = useLanguage();
  if (differences.length === 0) return <p>{t('rounds.noDifference')}</p>;
  return (
    <Table className="stacked">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t('counts.place')}</Table.Th>
          <Table.Th>{t('rounds.before')}</Table.Th>
          <Table.Th>{t('rounds.after')}</Table.Th>
          <Table.Th>{t('rounds.reasons')}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {differences.map((one) => (
          <Table.Tr key={`${one.province} ${one.district} ${one.lao} ${one.budgetSource}`}>
            <Table.Td data-label={t('counts.place')}>
              {one.lao}
              <small>{one.budgetSource}</small>
            </Table.Td>
            <Table.Td data-label={t('rounds.before')}>{figures(one.before)}</Table.Td>
            <Table.Td data-label={t('rounds.after')}>{figures(one.after)}</Table.Td>
            <Table.Td data-label={t('rounds.reasons')}>
              {reasons
                .filter((reason) => one.reasons[reason] > 0)
                .map((reason) => t(`rounds.reason.${reason}`, { count: one.reasons[reason] }))
                .join(', ') || '–'}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

/** As the letters write it: all / working / under repair / unrepairable. */
export function figures(counts: FormCounts | null): string {
  if (counts === null) return '–';
  return [counts.total, counts.working, counts.underRepair, counts.unrepairable].join('/');
}
