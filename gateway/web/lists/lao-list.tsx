import { Autocomplete, Button, Select, Table, TextInput } from '@mantine/core';
import { useState } from 'react';
import { readLaos, type Lao } from '../api/lists.ts';
import { useAreaNames } from '../register/official-areas.ts';
import { routeHash } from '../route.ts';
import { Failure, Waiting } from '../shell/pieces.tsx';
import { useSignedIn } from '../shell/signed-in.ts';
import { useLoaded } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';
import { LaoDialog } from './lao-dialog.tsx';
import { ListHistory } from './list-history.tsx';
import { NothingListed, Pages, RowActs, StatusBadge, type ListProps } from './list-pieces.tsx';
import { pageOf } from './lists-query.ts';
import { MergeDialog } from './merge-dialog.tsx';

type Open = { what: 'add' } | { what: 'edit' | 'merge' | 'history'; row: Lao };

const statuses = ['listed', 'proposed', 'merged'] as const;

/** Local administrations: those that are proposed wait for the Department. */
export function LaoList({ wanted, asked, onChange }: ListProps) {
  const { t } = useLanguage();
  const { may } = useSignedIn();
  const names = useAreaNames();
  const { q, province, district, status } = asked;
  const laos = useLoaded(
    (signal) => readLaos({ q, province, district, status }, signal),
    [q, province, district, status],
  );
  const [open, setOpen] = useState<Open>();
  const [page, setPage] = useState(0);
  const close = (): void => setOpen(undefined);
  const changed = (): void => {
    close();
    laos.reload();
  };
  const change: ListProps['onChange'] = (part) => {
    setPage(0);
    onChange(part);
  };
  const found = laos.value;
  const { rows, pages } = pageOf(found ?? [], page);
  return (
    <>
      <section className="filters" aria-label={t('register.filters')}>
        <TextInput
          className="filters-text"
          type="search"
          label={t('lists.find')}
          placeholder={t('lists.findLao')}
          value={wanted.q}
          onChange={({ currentTarget }) => change({ q: currentTarget.value })}
        />
        <Autocomplete
          label={t('area.province')}
          data={names?.provinces ?? []}
          limit={20}
          value={wanted.province}
          onChange={(chosen) => change({ province: chosen, district: '' })}
          clearable
        />
        <Autocomplete
          label={t('area.district')}
          data={names?.districtsOf(wanted.province) ?? []}
          limit={30}
          value={wanted.district}
          onChange={(chosen) => change({ district: chosen })}
          clearable
        />
        <Select
          label={t('lists.status')}
          data={statuses.map((value) => ({ value, label: t(`lists.statuses.${value}`) }))}
          value={wanted.status === '' ? null : wanted.status}
          onChange={(chosen) => change({ status: chosen ?? '' })}
          placeholder={t('lists.allButMerged')}
          clearable
        />
      </section>
      <div className="row-actions">
        {may('place.propose') && (
          <Button onClick={() => setOpen({ what: 'add' })}>
            {t(may('place.manage') ? 'lists.addLao' : 'lists.proposeLao')}
          </Button>
        )}
      </div>
      <Failure error={laos.error} onRetry={laos.reload} />
      {found === undefined && laos.loading && <Waiting />}
      {found?.length === 0 && <NothingListed narrowed={q + province + district + status !== ''} />}
      {found !== undefined && found.length > 0 && (
        <div aria-busy={laos.loading}>
          <p role="status">{t('lists.count', { count: found.length })}</p>
          <Table className="stacked" highlightOnHover>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t('area.lao')}</Table.Th>
                <Table.Th>{t('lists.code')}</Table.Th>
                <Table.Th>{t('lists.type')}</Table.Th>
                <Table.Th>{t('lists.reports')}</Table.Th>
                <Table.Th>{t('lists.status')}</Table.Th>
                <Table.Th />
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.map((row) => (
                <Table.Tr key={row.id}>
                  <Table.Td data-label={t('area.lao')}>
                    <a href={camerasOf(row)} aria-label={t('lists.camerasOf', { name: row.name })}>
                      {row.name}
                    </a>
                    <small>
                      {row.district} · {row.province}
                    </small>
                    {row.districtCode === null && (
                      <small className="overdue">{t('lists.noDistrict')}</small>
                    )}
                  </Table.Td>
                  <Table.Td data-label={t('lists.code')}>{row.code ?? '–'}</Table.Td>
                  <Table.Td data-label={t('lists.type')}>{row.type ?? '–'}</Table.Td>
                  <Table.Td data-label={t('lists.reports')}>
                    {t(`lists.parent.${row.reportingParent as 'district'}`)}
                  </Table.Td>
                  <Table.Td data-label={t('lists.status')}>
                    <StatusBadge row={row} />
                  </Table.Td>
                  <Table.Td>
                    <RowActs
                      list="laos"
                      row={row}
                      onOpen={(what) => setOpen({ what, row })}
                      onChanged={laos.reload}
                    />
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
          <Pages page={page} pages={pages} onPage={setPage} />
        </div>
      )}
      {open?.what === 'add' && <LaoDialog lao={null} onClose={close} onSaved={changed} />}
      {open?.what === 'edit' && <LaoDialog lao={open.row} onClose={close} onSaved={changed} />}
      {open?.what === 'merge' && (
        <MergeDialog list="laos" row={open.row} onClose={close} onMerged={laos.reload} />
      )}
      {open?.what === 'history' && <ListHistory list="laos" row={open.row} onClose={close} />}
    </>
  );
}

function camerasOf({ name, district, province }: Lao): string {
  const query = new URLSearchParams({ province, district, lao: name });
  return routeHash({ view: 'register', query: query.toString() });
}
