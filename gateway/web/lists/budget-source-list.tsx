import { Button, Select, Table, TextInput } from '@mantine/core';
import { useState } from 'react';
import { matchKey } from '#registry/thai-names.ts';
import { addToList, changeInList, readBudgetSources, type BudgetSource } from '../api/lists.ts';
import { routeHash } from '../route.ts';
import { ActDialog } from '../shell/act-dialog.tsx';
import { missingOf } from '../shell/missing.ts';
import { Failure, Waiting } from '../shell/pieces.tsx';
import { useSignedIn } from '../shell/signed-in.ts';
import { useLoaded } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';
import { ListHistory } from './list-history.tsx';
import { NothingListed, Pages, RowActs, StatusBadge, type ListProps } from './list-pieces.tsx';
import { pageOf } from './lists-query.ts';
import { MergeDialog } from './merge-dialog.tsx';

type Open = { what: 'add' } | { what: 'edit' | 'merge' | 'history'; row: BudgetSource };

/** Agencies that paid for cameras, which the survey counts by. */
export function BudgetSourceList({ wanted, onChange }: ListProps) {
  const { t } = useLanguage();
  const { may } = useSignedIn();
  const sources = useLoaded(readBudgetSources, []);
  const [open, setOpen] = useState<Open>();
  const [page, setPage] = useState(0);
  const close = (): void => setOpen(undefined);
  const changed = (): void => {
    close();
    sources.reload();
  };
  const key = matchKey(wanted.q);
  const found = sources.value?.filter(
    ({ name, status }) =>
      matchKey(name).includes(key) && (wanted.status === '' || status === wanted.status),
  );
  const { rows, pages } = pageOf(found ?? [], page);
  return (
    <>
      <section className="filters" aria-label={t('register.filters')}>
        <TextInput
          className="filters-text"
          type="search"
          label={t('lists.find')}
          value={wanted.q}
          onChange={({ currentTarget }) => {
            setPage(0);
            onChange({ q: currentTarget.value });
          }}
        />
        <Select
          label={t('lists.status')}
          data={(['listed', 'proposed'] as const).map((value) => ({
            value,
            label: t(`lists.statuses.${value}`),
          }))}
          value={wanted.status === '' ? null : wanted.status}
          onChange={(chosen) => {
            setPage(0);
            onChange({ status: chosen ?? '' });
          }}
          placeholder={t('all')}
          clearable
        />
      </section>
      <div className="row-actions">
        {may('place.propose') && (
          <Button onClick={() => setOpen({ what: 'add' })}>
            {t(may('place.manage') ? 'lists.addSource' : 'lists.proposeSource')}
          </Button>
        )}
      </div>
      <Failure error={sources.error} onRetry={sources.reload} />
      {found === undefined && sources.loading && <Waiting />}
      {found?.length === 0 && <NothingListed narrowed={(sources.value ?? []).length > 0} />}
      {found !== undefined && found.length > 0 && (
        <div aria-busy={sources.loading}>
          <p role="status">{t('lists.count', { count: found.length })}</p>
          <Table className="stacked" highlightOnHover>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t('field.budgetSource')}</Table.Th>
                <Table.Th>{t('lists.status')}</Table.Th>
                <Table.Th />
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.map((row) => (
                <Table.Tr key={row.id}>
                  <Table.Td data-label={t('field.budgetSource')}>
                    <a href={camerasOf(row)} aria-label={t('lists.camerasOf', { name: row.name })}>
                      {row.name}
                    </a>
                  </Table.Td>
                  <Table.Td data-label={t('lists.status')}>
                    <StatusBadge row={row} />
                  </Table.Td>
                  <Table.Td>
                    <RowActs
                      list="budget-sources"
                      row={row}
                      onOpen={(what) => setOpen({ what, row })}
                      onChanged={sources.reload}
                    />
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
          <Pages page={page} pages={pages} onPage={setPage} />
        </div>
      )}
      {open?.what === 'add' && <SourceDialog source={null} onClose={close} onSaved={changed} />}
      {open?.what === 'edit' && (
        <SourceDialog source={open.row} onClose={close} onSaved={changed} />
      )}
      {open?.what === 'merge' && (
        <MergeDialog
          list="budget-sources"
          row={open.row}
          onClose={close}
          onMerged={sources.reload}
        />
      )}
      {open?.what === 'history' && (
        <ListHistory list="budget-sources" row={open.row} onClose={close} />
      )}
    </>
  );
}

function SourceDialog(props: {
  source: BudgetSource | null;
  onClose: () => void;
  onSaved: () => void;
}) {
  const { t } = useLanguage();
  const { may } = useSignedIn();
  const { source, onClose, onSaved } = props;
  const [typed, setTyped] = useState(source?.name ?? '');
  const name = typed.trim();
  const isKeeper = may('place.manage');
  const act = source !== null ? t('save') : t(isKeeper ? 'lists.addSource' : 'lists.proposeSource');
  return (
    <ActDialog
      title={source === null ? act : t('lists.editOf', { name: source.name })}
      act={act}
      missing={missingOf(
        [name !== '', t('field.budgetSource')],
        [source === null || name !== source.name, t('lists.something')],
      )}
      onAct={async () => {
        await (source === null
          ? addToList('budget-sources', { name })
          : changeInList('budget-sources', source, { name }));
        onSaved();
      }}
      onClose={onClose}
    >
      {source === null && !isKeeper && <p>{t('lists.proposeWords')}</p>}
      {source !== null && <p>{t('lists.renameWords')}</p>}
      <TextInput
        label={t('field.budgetSource')}
        description={t('form.budgetHint')}
        value={typed}
        maxLength={200}
        required
        withAsterisk={false}
        onChange={({ currentTarget }) => setTyped(currentTarget.value)}
        data-autofocus
      />
    </ActDialog>
  );
}

function camerasOf({ name }: BudgetSource): string {
  const query = new URLSearchParams({ budgetSource: name });
  return routeHash({ view: 'register', query: query.toString() });
}
