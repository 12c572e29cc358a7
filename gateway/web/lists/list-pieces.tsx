import { Badge, Button, Select } from '@mantine/core';
import { changeInList, type MergedList } from '../api/lists.ts';
import { authorName } from '../condition/author-name.ts';
import { Failure, Nothing } from '../shell/pieces.tsx';
import { useSignedIn } from '../shell/signed-in.ts';
import { useAct } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';
import type { ListsQuery } from './lists-query.ts';

/** What the three lists have in common. */
export interface ListProps {
  /** As it is being typed. */
  wanted: ListsQuery;
  /** As it is read. */
  asked: ListsQuery;
  onChange: (part: Partial<ListsQuery>) => void;
}

interface NamedRow {
  id: string;
  name: string;
  status: string;
  proposedBy: { id: string; name: string } | null;
  version: number;
}

const colors: Record<string, string> = { listed: 'green', proposed: 'yellow', merged: 'gray' };

export function StatusBadge({ row }: { row: NamedRow }) {
  const { t, language } = useLanguage();
  return (
    <>
      <Badge variant="light" color={colors[row.status] ?? 'gray'}>
        {t(`lists.statuses.${row.status as 'listed'}`, { defaultValue: row.status })}
      </Badge>
      {row.status === 'proposed' && row.proposedBy !== null && (
        <small>{t('lists.proposedBy', { name: authorName(row.proposedBy, language) })}</small>
      )}
    </>
  );
}

/** `all`: what is shown while none is chosen, which is ''. */
export function StatusSelect(props: {
  statuses: readonly ('listed' | 'proposed' | 'merged')[];
  all: string;
  value: string;
  onChange: (status: string) => void;
}) {
  const { t } = useLanguage();
  const { statuses, all, value, onChange } = props;
  return (
    <Select
      label={t('lists.status')}
      data={statuses.map((status) => ({ value: status, label: t(`lists.statuses.${status}`) }))}
      value={value === '' ? null : value}
      onChange={(chosen) => onChange(chosen ?? '')}
      placeholder={all}
      clearable
    />
  );
}

/** A row's name, which leads to its cameras. */
export function CamerasLink({ row, to }: { row: Pick<NamedRow, 'name'>; to: string }) {
  const { t } = useLanguage();
  return (
    <a href={to} aria-label={t('lists.camerasOf', { name: row.name })}>
      {row.name}
    </a>
  );
}

/** The Department's acts on a row; for others its history alone. */
export function RowActs(props: {
  list: MergedList;
  row: NamedRow;
  onOpen: (what: 'edit' | 'merge' | 'history') => void;
  onChanged: () => void;
}) {
  const { t } = useLanguage();
  const { may } = useSignedIn();
  const { list, row, onOpen, onChanged } = props;
  const approving = useAct();
  const kept = may('place.manage') && row.status !== 'merged';
  return (
    <>
      <div className="row-actions">
        {kept && row.status === 'proposed' && (
          <Button
            size="xs"
            loading={approving.busy}
            aria-label={`${t('lists.approve')} ${row.name}`}
            onClick={() =>
              void approving
                .run(async () => changeInList(list, row, { status: 'listed' }))
                .then((done) => done && onChanged())
            }
          >
            {t('lists.approve')}
          </Button>
        )}
        {kept && (
          <>
            <RowButton words={t('lists.edit')} name={row.name} onClick={() => onOpen('edit')} />
            <RowButton words={t('lists.merge')} name={row.name} onClick={() => onOpen('merge')} />
          </>
        )}
        <RowButton words={t('lists.history')} name={row.name} onClick={() => onOpen('history')} />
      </div>
      <Failure error={approving.error} />
    </>
  );
}

/** A row's button says to whom hears it which row it is of. */
export function RowButton(props: { words: string; name: string; onClick: () => void }) {
  const { words, name, onClick } = props;
  return (
    <Button variant="default" size="xs" aria-label={`${words} ${name}`} onClick={onClick}>
      {words}
    </Button>
  );
}

export function NothingListed({ narrowed }: { narrowed: boolean }) {
  const { t } = useLanguage();
  return narrowed ? (
    <Nothing title={t('lists.notFound')} />
  ) : (
    <Nothing title={t('lists.none')}>
      <p>{t('lists.noneWords')}</p>
    </Nothing>
  );
}

export function Pages(props: { page: number; pages: number; onPage: (page: number) => void }) {
  const { t } = useLanguage();
  const { page, pages, onPage } = props;
  if (pages <= 1) return null;
  return (
    <div className="pager">
      <Button variant="default" disabled={page === 0} onClick={() => onPage(page - 1)}>
        {t('previousPage')}
      </Button>
      <span>{t('lists.pageOf', { page: page + 1, pages })}</span>
      <Button variant="default" disabled={page >= pages - 1} onClick={() => onPage(page + 1)}>
        {t('nextPage')}
      </Button>
    </div>
  );
}
