import { Autocomplete, Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import { readLaos, type Lao } from '../api/lists.ts';
import { useAreaNames } from '../register/official-areas.ts';
import { routeHash } from '../route.ts';
import { useSignedIn } from '../shell/signed-in.ts';
import { useLoaded } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';
import { LaoDialog } from './lao-dialog.tsx';
import { LaoImport } from './lao-import.tsx';
import { ListHistory } from './list-history.tsx';
import { CamerasLink, RowActs, StatusBadge, StatusSelect, type ListProps } from './list-pieces.tsx';
import { ListTable } from './list-table.tsx';
import { MergeDialog } from './merge-dialog.tsx';

type Open = { what: 'add' | 'import' } | { what: 'edit' | 'merge' | 'history'; row: Lao };

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
  const close = (): void => setOpen(undefined);
  const changed = (): void => {
    close();
    laos.reload();
  };
  return (
    <>
      <section className="filters" aria-label={t('register.filters')}>
        <TextInput
          className="filters-text"
          type="search"
          label={t('lists.find')}
          placeholder={t('lists.findLao')}
          value={wanted.q}
          onChange={({ currentTarget }) => onChange({ q: currentTarget.value })}
        />
        <Autocomplete
          label={t('area.province')}
          data={names?.provinces ?? []}
          limit={20}
          value={wanted.province}
          onChange={(chosen) => onChange({ province: chosen, district: '' })}
          clearable
        />
        <Autocomplete
          label={t('area.district')}
          data={names?.districtsOf(wanted.province) ?? []}
          limit={30}
          value={wanted.district}
          onChange={(chosen) => onChange({ district: chosen })}
          clearable
        />
        <StatusSelect
          statuses={['listed', 'proposed', 'merged']}
          all={t('lists.allButMerged')}
          value={wanted.status}
          onChange={(chosen) => onChange({ status: chosen })}
        />
      </section>
      <div className="row-actions">
        {may('place.propose') && (
          <Button onClick={() => setOpen({ what: 'add' })}>
            {t(may('place.manage') ? 'lists.addLao' : 'lists.proposeLao')}
          </Button>
        )}
        {may('place.manage') && (
          <Button variant="default" onClick={() => setOpen({ what: 'import' })}>
            {t('lists.import')}
          </Button>
        )}
      </div>
      <ListTable
        key={JSON.stringify(asked)}
        loaded={laos}
        found={laos.value}
        narrowed={q + province + district + status !== ''}
        columns={[
          { head: t('area.lao'), cell: (row) => <LaoName lao={row} /> },
          { head: t('lists.code'), cell: ({ code }) => code ?? '–' },
          { head: t('lists.type'), cell: ({ type }) => type ?? '–' },
          {
            head: t('lists.reports'),
            cell: ({ reportingParent }) => t(`lists.parent.${reportingParent as 'district'}`),
          },
          { head: t('lists.status'), cell: (row) => <StatusBadge row={row} /> },
        ]}
        acts={(row) => (
          <RowActs
            list="laos"
            row={row}
            onOpen={(what) => setOpen({ what, row })}
            onChanged={laos.reload}
          />
        )}
      />
      {open?.what === 'add' && <LaoDialog lao={null} onClose={close} onSaved={changed} />}
      {open?.what === 'import' && <LaoImport onClose={close} onImported={laos.reload} />}
      {open?.what === 'edit' && <LaoDialog lao={open.row} onClose={close} onSaved={changed} />}
      {open?.what === 'merge' && (
        <MergeDialog list="laos" row={open.row} onClose={close} onMerged={laos.reload} />
      )}
      {open?.what === 'history' && <ListHistory list="laos" row={open.row} onClose={close} />}
    </>
  );
}

function LaoName({ lao }: { lao: Lao }) {
  const { t } = useLanguage();
  return (
    <>
      <CamerasLink row={lao} to={camerasOf(lao)} />
      <small>
        {lao.district} · {lao.province}
      </small>
      {lao.districtCode === null && <small className="overdue">{t('lists.noDistrict')}</small>}
    </>
  );
}

function camerasOf({ name, district, province }: Lao): string {
  const query = new URLSearchParams({ province, district, lao: name });
  return routeHash({ view: 'register', query: query.toString() });
}
