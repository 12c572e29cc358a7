import { Badge, Button, Table } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useEffect, useMemo, useState } from 'react';
import { readRegister, readTotals, type Registered } from '../api/cameras.ts';
import { inventoryExportAddress } from '../api/inventory.ts';
import { routeHash } from '../route.ts';
import { Failure, Nothing, Page, Waiting } from '../shell/pieces.tsx';
import { useSignedIn } from '../shell/signed-in.ts';
import { useLoaded } from '../shell/use-loaded.ts';
import { declaredWords, purposeWords } from '../state-words.ts';
import { useLanguage } from '../use-language.ts';
import { goTo } from '../use-page-state.ts';
import { PositionMap } from './position-map.tsx';
import { RegisterFilters } from './register-filters.tsx';
import { filterOf, filterQuery, withFilter, type RegisterFilter } from './register-filter.ts';
import { middleOf, placedOf } from './use-neighbourhood.ts';
import { SavedViews } from './saved-views-menu.tsx';

const TYPED_AFTER_MS = 300;

/** The cameras of one's area: filter, saved views, pages; and the ways in and out. */
export default function RegisterScreen({ query }: { query: string }) {
  const { t } = useLanguage();
  const { may } = useSignedIn();
  const [filter, setFilter] = useState(() => filterOf(query));
  const [asked] = useDebouncedValue(filter, TYPED_AFTER_MS);
  const [cursors, setCursors] = useState<(string | null)[]>([null]);
  const cursor = cursors.at(-1) ?? null;
  const askedQuery = filterQuery(asked);
  const page = useLoaded(
    (signal) => readRegister(filterOf(askedQuery), cursor, signal),
    [askedQuery, cursor],
  );

  const totals = useLoaded((signal) => readTotals(filterOf(askedQuery), signal), [askedQuery]);

  // A saved view, or the browser's Back, brings another address.
  useEffect(() => {
    setFilter((now) => (filterQuery(now) === query ? now : filterOf(query)));
    setCursors([null]);
  }, [query]);
  useEffect(() => {
    if (askedQuery !== query) goTo({ view: 'register', query: askedQuery }, { replace: true });
    // Only what was chosen here goes into the address.
  }, [askedQuery]);

  const change = (next: RegisterFilter): void => {
    setFilter(next);
    setCursors([null]);
  };
  const cameras = page.value?.cameras;
  const narrowed = askedQuery !== '';

  return (
    <Page
      title={t('register.title')}
      actions={
        <>
          <Button component="a" variant="default" href={routeHash({ view: 'lists', query: '' })}>
            {t('register.lists')}
          </Button>
          {may('camera.export') && (
            <Button
              component="a"
              variant="default"
              href={inventoryExportAddress(filterOf(askedQuery))}
              title={t('register.exportHint')}
              download
            >
              {t('register.export')}
            </Button>
          )}
          {may('camera.import') && (
            <Button component="a" variant="default" href={routeHash({ view: 'import' })}>
              {t('register.import')}
            </Button>
          )}
          {may('camera.create') && (
            <Button component="a" href={routeHash({ view: 'new' })}>
              {t('register.add')}
            </Button>
          )}
        </>
      }
    >
      <RegisterFilters filter={filter} onChange={(part) => change(withFilter(filter, part))} />
      <SavedViews query={askedQuery} />
      <Failure error={page.error} onRetry={page.reload} />
      {cameras === undefined && page.loading && <Waiting />}
      {cameras?.length === 0 &&
        (narrowed ? (
          <Nothing title={t('nothingFound.title')}>
            <Button variant="default" onClick={() => change({})}>
              {t('register.clear')}
            </Button>
          </Nothing>
        ) : (
          <Nothing title={t('empty.title')}>
            <p>{may('camera.create') ? t('register.emptyWords') : t('register.emptyOthers')}</p>
          </Nothing>
        ))}
      {cameras !== undefined && cameras.length > 0 && (
        <div aria-busy={page.loading}>
          {totals.value !== undefined && (
            <p className="page-under" role="status">
              {t(narrowed ? 'register.matching' : 'register.total', {
                all: totals.value.all.toLocaleString(),
                matching: `${totals.value.matching.toLocaleString()}${totals.value.isMore ? '+' : ''}`,
              })}
            </p>
          )}
          <ShownOnMap cameras={cameras} />
          <RegisterTable cameras={cameras} />
        </div>
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
    </Page>
  );
}

/** Where the cameras of this page are; the map is drawn once somebody opens it. */
function ShownOnMap({ cameras }: { cameras: Registered[] }) {
  const { t } = useLanguage();
  const [open, setOpen] = useState(false);
  const placed = useMemo(() => placedOf(cameras, ''), [cameras]);
  if (placed.length === 0) return null;
  return (
    <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>{t('map.ofPage', { count: placed.length })}</summary>
      {open && (
        <PositionMap latitude="" longitude="" near={middleOf(placed)} others={placed} listed />
      )}
    </details>
  );
}

function RegisterTable({ cameras }: { cameras: Registered[] }) {
  const { t, language } = useLanguage();
  return (
    <Table className="stacked" highlightOnHover>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t('field.position')}</Table.Th>
          <Table.Th>{t('field.lao')}</Table.Th>
          <Table.Th>{t('register.purposes')}</Table.Th>
          <Table.Th>{t('field.brand')}</Table.Th>
          <Table.Th>{t('field.declared')}</Table.Th>
          <Table.Th>{t('register.linkState')}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {cameras.map((camera) => (
          <Table.Tr key={camera.id}>
            <Table.Td data-label={t('field.position')}>
              <a href={routeHash({ view: 'registered', cameraId: camera.id })}>{camera.position}</a>
            </Table.Td>
            <Table.Td data-label={t('field.lao')}>
              {camera.lao.name}
              <small>
                {camera.lao.district} · {camera.lao.province}
              </small>
            </Table.Td>
            <Table.Td data-label={t('register.purposes')}>
              {camera.purposes.map((purpose) => (
                <div key={purpose}>{purposeWords(purpose, language)}</div>
              ))}
            </Table.Td>
            <Table.Td data-label={t('field.brand')}>
              {[camera.brand, camera.model].filter(Boolean).join(' ') || '–'}
            </Table.Td>
            <Table.Td data-label={t('field.declared')}>
              {camera.declared === null ? '–' : declaredWords(camera.declared, language)}
            </Table.Td>
            <Table.Td data-label={t('register.linkState')}>
              <Badge variant="light" color={camera.stream === null ? 'gray' : 'green'}>
                {camera.scope === 'closed-area'
                  ? t('register.counted')
                  : camera.stream === null
                    ? t('state.not-linked')
                    : t('register.linked')}
              </Badge>
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
