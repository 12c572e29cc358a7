import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import { matchKey } from '#registry/thai-names.ts';
import { addToList, changeInList, readBudgetSources, type BudgetSource } from '../api/lists.ts';
import { routeHash } from '../route.ts';
import { ActDialog } from '../shell/act-dialog.tsx';
import { missingOf } from '../shell/missing.ts';
import { useSignedIn } from '../shell/signed-in.ts';
import { useLoaded } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';
import { ListHistory } from './list-history.tsx';
import { CamerasLink, RowActs, StatusBadge, StatusSelect, type ListProps } from './list-pieces.tsx';
import { ListTable } from './list-table.tsx';
import { MergeDialog } from './merge-dialog.tsx';

type Open = { what: 'add' } | { what: 'edit' | 'merge' | 'history'; row: BudgetSource };

/** Agencies that paid for cameras, which the survey counts by. */
export function BudgetSourceList({ wanted, onChange }: ListProps) {
  const { t } = useLanguage();
  const { may } = useSignedIn();
  const sources = useLoaded(readBudgetSources, []);
  const [open, setOpen] = useState<Open>();
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
  return (
    <>
      <section className="filters" aria-label={t('register.filters')}>
        <TextInput
          className="filters-text"
          type="search"
          label={t('lists.find')}
          value={wanted.q}
          onChange={({ currentTarget }) => onChange({ q: currentTarget.value })}
        />
        <StatusSelect
          statuses={['listed', 'proposed']}
          all={t('all')}
          value={wanted.status}
          onChange={(status) => onChange({ status })}
        />
      </section>
      <div className="row-actions">
        {may('place.propose') && (
          <Button onClick={() => setOpen({ what: 'add' })}>
            {t(may('place.manage') ? 'lists.addSource' : 'lists.proposeSource')}
          </Button>
        )}
      </div>
      <ListTable
        key={`${wanted.q} ${wanted.status}`}
        loaded={sources}
        found={found}
        narrowed={(sources.value ?? []).length > 0}
        columns={[
          {
            head: t('field.budgetSource'),
            cell: (row) => <CamerasLink row={row} to={camerasOf(row)} />,
          },
          { head: t('lists.status'), cell: (row) => <StatusBadge row={row} /> },
        ]}
        acts={(row) => (
          <RowActs
            list="budget-sources"
            row={row}
            onOpen={(what) => setOpen({ what, row })}
            onChanged={sources.reload}
          />
        )}
      />
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
