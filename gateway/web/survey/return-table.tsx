import { Badge, Table } from '@mantine/core';
import type { SurveyReturn } from '../api/survey.ts';
import { minuteWords } from '../buddhist-date.ts';
import { routeHash } from '../route.ts';
import { useLanguage } from '../use-language.ts';

const colors: Readonly<Record<string, string>> = {
  'sent-back': 'red',
  submitted: 'yellow',
  accepted: 'green',
};

/** Returns with their state, counts and deadline; each opens. */
export function ReturnTable({ returns }: { returns: readonly SurveyReturn[] }) {
  const { t, language } = useLanguage();
  return (
    <Table className="stacked" highlightOnHover>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t('counts.place')}</Table.Th>
          <Table.Th>{t('repairs.state')}</Table.Th>
          <Table.Th>{t('counts.total')}</Table.Th>
          <Table.Th>{t('counts.working')}</Table.Th>
          <Table.Th>{t('counts.underRepair')}</Table.Th>
          <Table.Th>{t('counts.unrepairable')}</Table.Th>
          <Table.Th>{t('counts.awaiting')}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {returns.map((one) => (
          <Table.Tr key={one.id} data-state={one.state}>
            <Table.Td data-label={t('counts.place')}>
              <a href={routeHash({ view: 'return', returnId: one.id, version: null })}>
                {one.name}
              </a>
              <small>
                {t(`rounds.level.${one.level}`)} · {t('returns.version', { version: one.version })}{' '}
                · {t('returns.due', { time: minuteWords(one.dueAt, language) })}
              </small>
            </Table.Td>
            <Table.Td data-label={t('repairs.state')}>
              <ReturnState state={one.state} />
              {one.late && <small className="overdue">{t('rounds.late')}</small>}
            </Table.Td>
            <Table.Td data-label={t('counts.total')}>{one.counts.total}</Table.Td>
            <Table.Td data-label={t('counts.working')}>{one.counts.working}</Table.Td>
            <Table.Td data-label={t('counts.underRepair')}>{one.counts.underRepair}</Table.Td>
            <Table.Td data-label={t('counts.unrepairable')}>{one.counts.unrepairable}</Table.Td>
            <Table.Td data-label={t('counts.awaiting')}>{one.counts.awaiting}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

export function ReturnState({ state }: { state: string }) {
  const { t } = useLanguage();
  return (
    <Badge color={colors[state] ?? 'gray'} variant="light">
      {t(`returns.state.${state as 'draft'}`, { defaultValue: state })}
    </Badge>
  );
}
