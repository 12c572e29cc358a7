import { Button, SegmentedControl, Table } from '@mantine/core';
import { useEffect, useState } from 'react';
import {
  readBroken,
  readBrokenTotals,
  type BrokenCamera,
  type BrokenTotal,
  type Place,
} from '../api/repairs.ts';
import { dayWords } from '../buddhist-date.ts';
import { causeWords } from '../condition/reason-words.ts';
import { routeHash } from '../route.ts';
import { Failure, Nothing, Page, Waiting } from '../shell/pieces.tsx';
import { useSignedIn } from '../shell/signed-in.ts';
import { useLoaded } from '../shell/use-loaded.ts';
import { declaredWords, observedReasonWords, observedWords } from '../state-words.ts';
import { useLanguage } from '../use-language.ts';
import { goTo } from '../use-page-state.ts';
import { firstPlace, placeQuery } from '../survey/count-place.ts';
import { IncidentList } from './incident-list.tsx';
import { RepairDialog } from './repair-dialog.tsx';

const kinds = ['to-repair', 'undeclared', 'without-repair', 'overdue', 'unrepairable'] as const;
type Kind = (typeof kinds)[number];
const DAY_MS = 86_400_000;

/** What is to be repaired in one's area, longest first, and where it is. Which kind and which place stand in the address. */
export default function RepairsScreen({ query }: { query: string }) {
  const { t } = useLanguage();
  const { person } = useSignedIn();
  const { kind, place } = filterOf(query);
  const own = firstPlace(person.grants.map(({ area }) => area));
  const [cursors, setCursors] = useState<(string | null)[]>([null]);
  const cursor = cursors.at(-1) ?? null;
  const page = useLoaded((signal) => readBroken(kind, place, cursor, signal), [query, cursor]);
  const [edited, setEdited] = useState<BrokenCamera>();
  const go = (next: { kind?: Kind; place?: Place }): void => {
    setCursors([null]);
    goTo({
      view: 'repairs',
      query: queryText({ kind: next.kind ?? kind, place: next.place ?? place }),
    });
  };
  const cameras = page.value?.cameras;
  useEffect(() => {
    if (query === '' && own.lao === undefined && own.province !== undefined) {
      goTo({ view: 'repairs', query: placeQuery(own) }, { replace: true });
    }
    // Only where the screen is opened without a place.
  }, []);
  const reread = (): void => {
    setEdited(undefined);
    page.reload();
  };
  return (
    <Page title={t('repairs.title')}>
      {/* Whoever keeps one LAO has one row to look at: the list itself. */}
      {own.lao === undefined && (
        <PlaceTotals
          place={place}
          changed={page.value}
          onPlace={(chosen) => go({ place: chosen })}
        />
      )}
      <div className="scroll-x">
        <SegmentedControl
          aria-label={t('repairs.kinds')}
          value={kind}
          onChange={(chosen) => go({ kind: chosen })}
          data={kinds.map((value) => ({ value, label: t(`repairs.kind.${value}`) }))}
        />
      </div>
      <Failure error={page.error} onRetry={page.reload} />
      {cameras === undefined && page.loading && <Waiting />}
      {cameras?.length === 0 && <Nothing title={t(`repairs.none.${kind}`)} />}
      {cameras !== undefined && cameras.length > 0 && (
        <BrokenTable cameras={cameras} onEdit={setEdited} />
      )}
      <div className="pager">
        {cursors.length > 1 && (
          <Button variant="default" onClick={() => setCursors(cursors.slice(0, -1))}>
            {t('previousPage')}
          </Button>
        )}
        {page.value?.nextCursor != null && (
          <Button
            variant="default"
            onClick={() => setCursors([...cursors, page.value?.nextCursor ?? null])}
          >
            {t('nextPage')}
          </Button>
        )}
      </div>
      <IncidentList />
      {edited !== undefined && (
        <RepairDialog
          camera={{ id: edited.cameraId, position: edited.position }}
          repair={edited.repair}
          onClose={() => setEdited(undefined)}
          onSaved={reread}
        />
      )}
    </Page>
  );
}

function BrokenTable(props: { cameras: BrokenCamera[]; onEdit: (camera: BrokenCamera) => void }) {
  const { t, language } = useLanguage();
  const { may } = useSignedIn();
  return (
    <Table className="stacked" highlightOnHover>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t('repairs.camera')}</Table.Th>
          <Table.Th>{t('repairs.broken')}</Table.Th>
          <Table.Th>{t('repairs.seen')}</Table.Th>
          <Table.Th>{t('repairs.declared')}</Table.Th>
          <Table.Th>{t('repairs.repair')}</Table.Th>
          <Table.Th />
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {props.cameras.map((camera) => {
          const { repair, observed } = camera;
          return (
            <Table.Tr key={camera.cameraId}>
              <Table.Td data-label={t('repairs.camera')}>
                <a href={routeHash({ view: 'registered', cameraId: camera.cameraId })}>
                  {camera.position}
                </a>
                <small>
                  {camera.lao.name} · {camera.budgetSource}
                </small>
              </Table.Td>
              <Table.Td data-label={t('repairs.broken')}>
                <Duration since={camera.since} />
              </Table.Td>
              <Table.Td data-label={t('repairs.seen')}>
                {observed === null ? '–' : observedWords(observed.state, language)}
                {observed !== null && observed.reason !== null && (
                  <small>{observedReasonWords(observed.reason, language)}</small>
                )}
              </Table.Td>
              <Table.Td data-label={t('repairs.declared')}>
                {declaredWords(camera.declared, language)}
                {camera.declaredReason !== null && <small>{camera.declaredReason}</small>}
              </Table.Td>
              <Table.Td data-label={t('repairs.repair')}>
                {repair === null ? '–' : t(`repairs.states.${repair.state as 'reported'}`)}
                {repair !== null && (
                  <small>
                    {[
                      causeWords(repair.cause, language),
                      repair.contractor,
                      repair.dueOn && t('repairs.due', { day: dayWords(repair.dueOn, language) }),
                    ]
                      .filter(Boolean)
                      .join(' · ')}
                  </small>
                )}
                {repair !== null && repair.overdueDays > 0 && (
                  <small className="overdue">
                    {t('repairs.overdueBy', { count: repair.overdueDays })}
                  </small>
                )}
              </Table.Td>
              <Table.Td>
                {may('repair.keep', camera.lao) && (
                  <Button
                    size="compact-sm"
                    variant={repair === null ? 'filled' : 'default'}
                    aria-label={`${t(repair === null ? 'repairs.report' : 'repairs.update')} ${camera.position}`}
                    onClick={() => props.onEdit(camera)}
                  >
                    {t(repair === null ? 'repairs.report' : 'repairs.update')}
                  </Button>
                )}
              </Table.Td>
            </Table.Tr>
          );
        })}
      </Table.Tbody>
    </Table>
  );
}

/** Provinces, then the districts of one, then its LAOs: as deep as there are several. */
function PlaceTotals(props: { place: Place; changed: unknown; onPlace: (place: Place) => void }) {
  const { t } = useLanguage();
  const { place, changed, onPlace } = props;
  const by =
    place.province === undefined ? 'province' : place.district === undefined ? 'district' : 'lao';
  const { lao: _lao, ...above } = place;
  const totals = useLoaded(
    (signal) => readBrokenTotals(by, above, signal),
    [by, place.province, place.district, changed],
  );
  const rows = totals.value;
  if (totals.error !== undefined) return <Failure error={totals.error} onRetry={totals.reload} />;
  if (rows === undefined || rows.length === 0) return null;
  return (
    <section className="card" aria-label={t('repairs.places')}>
      <Crumbs place={place} onPlace={onPlace} />
      <div className="scroll-x">
        <Table className="figures">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('repairs.place')}</Table.Th>
              {kinds.map((kind) => (
                <Table.Th key={kind}>{t(`repairs.kind.${kind}`)}</Table.Th>
              ))}
              <Table.Th>{t('repairs.longest')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map((row) => (
              <Table.Tr key={nameOf(row)} data-current={row.lao !== null && row.lao === place.lao}>
                <Table.Td>
                  <button type="button" className="link" onClick={() => onPlace(placeOf(row))}>
                    {nameOf(row)}
                  </button>
                </Table.Td>
                <Table.Td>{row.toRepair}</Table.Td>
                <Table.Td>{row.undeclared}</Table.Td>
                <Table.Td>{row.withoutRepair}</Table.Td>
                <Table.Td className={row.overdue > 0 ? 'overdue' : undefined}>
                  {row.overdue}
                </Table.Td>
                <Table.Td>{row.unrepairable}</Table.Td>
                <Table.Td>
                  {row.longestSince === null ? '–' : <Duration since={row.longestSince} />}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </section>
  );
}

function nameOf(row: BrokenTotal): string {
  return row.lao ?? row.district ?? row.province;
}

function placeOf(row: BrokenTotal): Place {
  return {
    province: row.province,
    ...(row.district === null ? {} : { district: row.district }),
    ...(row.lao === null ? {} : { lao: row.lao }),
  };
}

/** The way back up. */
export function Crumbs(props: { place: Place; onPlace: (place: Place) => void }) {
  const { t } = useLanguage();
  const { province, district, lao } = props.place;
  const ways: [string, Place][] = [[t('repairs.everyPlace'), {}]];
  if (province !== undefined) ways.push([province, { province }]);
  if (province !== undefined && district !== undefined) {
    ways.push([district, { province, district }]);
    if (lao !== undefined) ways.push([lao, { province, district, lao }]);
  }
  return (
    <nav className="crumbs" aria-label={t('repairs.place')}>
      {ways.map(([name, place], index) =>
        index === ways.length - 1 ? (
          <span key={name} aria-current="page">
            {name}
          </span>
        ) : (
          <button key={name} type="button" className="link" onClick={() => props.onPlace(place)}>
            {name}
          </button>
        ),
      )}
    </nav>
  );
}

function Duration({ since }: { since: string }) {
  const { t, language } = useLanguage();
  const days = Math.floor((Date.now() - Date.parse(since)) / DAY_MS);
  return (
    <>
      {days < 1 ? t('repairs.lessThanDay') : t('repairs.days', { count: days })}
      <small>{dayWords(since, language)}</small>
    </>
  );
}

function filterOf(query: string): { kind: Kind; place: Place } {
  const given = new URLSearchParams(query);
  const place: Place = {};
  for (const part of ['province', 'district', 'lao'] as const) {
    const value = given.get(part);
    if (value !== null && value !== '') place[part] = value;
  }
  return { kind: kinds.find((kind) => kind === given.get('kind')) ?? 'to-repair', place };
}

function queryText({ kind, place }: { kind: Kind; place: Place }): string {
  return new URLSearchParams({ ...(kind === 'to-repair' ? {} : { kind }), ...place }).toString();
}
