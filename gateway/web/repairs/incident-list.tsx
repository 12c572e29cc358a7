import { Table, Title } from '@mantine/core';
import { readIncidents, type Incident } from '../api/incidents.ts';
import { dateAndTime } from '../buddhist-date.ts';
import { Failure, Waiting } from '../shell/pieces.tsx';
import { useLoaded } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';

const DAYS = 30;
const kinds = ['site', 'network', 'worker', 'gateway'] as const;

/** Cameras of one's area that fell together: what they have in common is to be looked at, and none of them to be repaired. */
export function IncidentList() {
  const { t, language } = useLanguage();
  const incidents = useLoaded((signal) => readIncidents(DAYS, signal), []);
  const kindWords = ({ kind, key }: Incident): string => {
    const known = kinds.find((name) => name === kind);
    return `${known === undefined ? kind : t(`incidents.kind.${known}`)} ${known === 'gateway' ? '' : key}`;
  };
  return (
    <section className="card incidents" aria-label={t('incidents.title')}>
      <Title order={3}>{t('incidents.title')}</Title>
      <p>{t('incidents.words', { days: DAYS })}</p>
      <Failure error={incidents.error} onRetry={incidents.reload} />
      {incidents.value === undefined && incidents.loading && <Waiting />}
      {incidents.value?.length === 0 && <p role="status">{t('incidents.none', { days: DAYS })}</p>}
      {incidents.value !== undefined && incidents.value.length > 0 && (
        <Table className="stacked">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('incidents.what')}</Table.Th>
              <Table.Th>{t('incidents.from')}</Table.Th>
              <Table.Th>{t('incidents.to')}</Table.Th>
              <Table.Th>{t('incidents.cameras')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {incidents.value.map((one) => (
              <Table.Tr key={one.id} data-lasts={one.to === null}>
                <Table.Td data-label={t('incidents.what')}>{kindWords(one)}</Table.Td>
                <Table.Td data-label={t('incidents.from')}>
                  {dateAndTime(one.from, language)}
                </Table.Td>
                <Table.Td data-label={t('incidents.to')}>
                  {one.to === null ? (
                    <strong>{t('incidents.lasts')}</strong>
                  ) : (
                    dateAndTime(one.to, language)
                  )}
                </Table.Td>
                <Table.Td data-label={t('incidents.cameras')}>
                  {one.camerasInArea === one.cameras
                    ? one.cameras
                    : t('incidents.ofAll', { own: one.camerasInArea, all: one.cameras })}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </section>
  );
}
