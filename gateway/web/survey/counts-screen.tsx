import { Alert, Table } from '@mantine/core';
import { useEffect, useState } from 'react';
import { readCounts, type CountRow, type SurveyCounts, type SurveyPlace } from '../api/survey.ts';
import { dateAndTime } from '../buddhist-date.ts';
import { GatewayLost } from '../notices.tsx';
import { Crumbs } from '../repairs/repairs-screen.tsx';
import { Failure, Nothing, Page, Waiting } from '../shell/pieces.tsx';
import { useSignedIn } from '../shell/signed-in.ts';
import { useLoaded } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';
import { goTo } from '../use-page-state.ts';
import {
  firstPlace,
  levelBelow,
  nameOfRow,
  placeOf,
  placeOfRow,
  placeQuery,
} from './count-place.ts';
import { CountedCameras, type Counted } from './counted-cameras.tsx';
import { useCountsFeed } from './use-counts-feed.ts';

const kinds = ['now', 'survey'] as const;
const columns = [
  ['total', 'all'],
  ['working', 'working'],
  ['underRepair', 'under-repair'],
  ['unrepairable', 'unrepairable'],
  ['awaiting', 'awaiting'],
] as const;

/** Two counts side by side, now and for the survey, each number opening the cameras behind it. */
export default function CountsScreen({ query }: { query: string }) {
  const { t, language } = useLanguage();
  const { person } = useSignedIn();
  const place = placeOf(query);
  const counts = useLoaded((signal) => readCounts(levelBelow(place), place, signal), [query]);
  const [opened, setOpened] = useState<Counted>();
  const { lost, retry } = useCountsFeed(counts.reload);

  useEffect(() => {
    const own = firstPlace(person.grants.map(({ area }) => area));
    if (query === '' && own.province !== undefined) {
      goTo({ view: 'counts', query: placeQuery(own) }, { replace: true });
    }
    // Only where the screen is opened without a place.
  }, []);

  const { value } = counts;
  return (
    <Page title={t('counts.title')}>
      <Crumbs place={definedOf(place)} onPlace={go} />
      {lost && value !== undefined ? (
        <GatewayLost heardAtMs={Date.parse(value.at)} onRetry={retry} />
      ) : (
        <Failure error={counts.error} onRetry={counts.reload} />
      )}
      {value === undefined && counts.loading && <Waiting />}
      {value !== undefined && value.rows.length === 0 && (
        <Nothing title={t('counts.none')}>
          <p>{t('counts.noneWords')}</p>
        </Nothing>
      )}
      {value !== undefined && value.rows.length > 0 && (
        <>
          <CountsTable counts={value} place={place} onPlace={go} onOpen={setOpened} />
          <p>
            <small>
              {t('counts.at', { time: dateAndTime(value.at, language) })}
              {!lost && ` · ${t('counts.live')}`}
            </small>
          </p>
          {value.total.survey.awaiting > 0 && (
            <Alert color="gray" variant="light">
              {t('counts.awaitingWithin', { count: value.total.survey.awaiting })}
            </Alert>
          )}
          {value.total.survey.inIncident > 0 && (
            <Alert color="yellow" variant="light">
              {t('counts.inIncident', { count: value.total.survey.inIncident })}
            </Alert>
          )}
          {value.total.now.unknown > 0 && (
            <Alert color="gray" variant="light">
              {t('counts.unknown', { count: value.total.now.unknown })}
            </Alert>
          )}
        </>
      )}
      {opened !== undefined && (
        <CountedCameras counted={opened} onClose={() => setOpened(undefined)} />
      )}
    </Page>
  );
}

function go(to: SurveyPlace): void {
  goTo({ view: 'counts', query: placeQuery(to) });
}

function CountsTable(props: {
  counts: SurveyCounts;
  place: SurveyPlace;
  onPlace: (place: SurveyPlace) => void;
  onOpen: (counted: Counted) => void;
}) {
  const { t } = useLanguage();
  const { counts, place, onPlace, onOpen } = props;
  const ofSources = levelBelow(place) === 'budget-source';
  return (
    <div className="scroll-x">
      <Table className="figures counts" withTableBorder withColumnBorders>
        <Table.Thead>
          <Table.Tr>
            <Table.Th rowSpan={2}>{t(ofSources ? 'counts.budgetSource' : 'counts.place')}</Table.Th>
            {kinds.map((kind) => (
              <Table.Th key={kind} colSpan={columns.length} data-kind={kind}>
                {t(`counts.${kind}`)}
                <small>
                  {kind === 'now'
                    ? t('counts.nowHint')
                    : t('counts.surveyHint', { hours: counts.windowHours })}
                </small>
              </Table.Th>
            ))}
          </Table.Tr>
          <Table.Tr>
            {kinds.flatMap((kind) =>
              columns.map(([column]) => (
                <Table.Th key={`${kind}-${column}`} data-kind={kind}>
                  {t(`counts.${column}`)}
                </Table.Th>
              )),
            )}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {counts.rows.map((row) => {
            const below = placeOfRow(row);
            const name = nameOfRow(row);
            return (
              <Table.Tr key={row.budgetSourceId ?? name}>
                <Table.Th scope="row">
                  {below === undefined ? (
                    name
                  ) : (
                    <button type="button" className="link" onClick={() => onPlace(below)}>
                      {name}
                    </button>
                  )}
                </Table.Th>
                <Figures
                  row={row}
                  name={name}
                  place={below ?? place}
                  budgetSourceId={row.budgetSourceId}
                  onOpen={onOpen}
                />
              </Table.Tr>
            );
          })}
        </Table.Tbody>
        <Table.Tfoot>
          <Table.Tr>
            <Table.Th scope="row">{t('counts.sum')}</Table.Th>
            <Figures
              row={counts.total}
              name={t('counts.sum')}
              place={place}
              budgetSourceId={null}
              onOpen={onOpen}
            />
          </Table.Tr>
        </Table.Tfoot>
      </Table>
    </div>
  );
}

function Figures(props: {
  row: Pick<CountRow, 'now' | 'survey'>;
  name: string;
  place: SurveyPlace;
  budgetSourceId: string | null;
  onOpen: (counted: Counted) => void;
}) {
  const { t } = useLanguage();
  const { row, name, place, budgetSourceId, onOpen } = props;
  return kinds.flatMap((kind) =>
    columns.map(([column, status]) => {
      const count = row[kind][column];
      return (
        <Table.Td key={`${kind}-${column}`} data-kind={kind} data-column={column}>
          {count === 0 ? (
            0
          ) : (
            <button
              type="button"
              className="link"
              aria-label={t('counts.open', {
                what: t(`counts.${column}`),
                count,
                place: name,
              })}
              onClick={() => onOpen({ kind, status, column, name, place, budgetSourceId })}
            >
              {count}
            </button>
          )}
        </Table.Td>
      );
    }),
  );
}

function definedOf(place: SurveyPlace): { province?: string; district?: string; lao?: string } {
  return Object.fromEntries(Object.entries(place).filter(([, part]) => part !== undefined));
}
