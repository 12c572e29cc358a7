import { Alert, Button, Select, Table, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';
import {
  auditExportAddress,
  readAudit,
  type AuditEntry,
  type AuditFilter,
  type AuditNames,
} from '../api/audit.ts';
import { dateAndTime } from '../buddhist-date.ts';
import { DayInput } from '../day-input.tsx';
import { Dialog } from '../shell/dialog.tsx';
import { Failure, Nothing, Page, Waiting } from '../shell/pieces.tsx';
import { useSignedIn } from '../shell/signed-in.ts';
import { useLoaded } from '../shell/use-loaded.ts';
import type { DayGiven } from '../typed-day.ts';
import { useLanguage } from '../use-language.ts';
import {
  actionNames,
  actionWords,
  actorWords,
  kindWords,
  objectWords,
  outcomes,
  outcomeWords,
} from './audit-words.ts';
import { everyEntry, startOfDay } from './audit-filter.ts';
import { EntryDetail } from './entry-detail.tsx';

const TYPED_AFTER_MS = 400;

/** Who did what, when, from where: for auditors. */
export default function AuditScreen() {
  const { t, language } = useLanguage();
  const { may } = useSignedIn();
  const [filter, setFilter] = useState<AuditFilter>(everyEntry);
  const [from, setFrom] = useState<DayGiven>('');
  const [to, setTo] = useState<DayGiven>('');
  const [asked] = useDebouncedValue(filter, TYPED_AFTER_MS);
  const [cursors, setCursors] = useState<(string | null)[]>([null]);
  const cursor = cursors.at(-1) ?? null;
  const page = useLoaded((signal) => readAudit(asked, cursor, signal), [asked, cursor]);
  const [open, setOpen] = useState<AuditEntry>();
  const change = (part: Partial<AuditFilter>): void => {
    setFilter({ ...filter, ...part });
    setCursors([null]);
  };
  const entries = page.value?.entries;
  const names = page.value?.names ?? {};

  return (
    <Page
      title={t('audit.title')}
      actions={
        may('audit.export') && (
          <Button component="a" variant="default" href={auditExportAddress(asked)} download>
            {t('audit.export')}
          </Button>
        )
      }
    >
      <div className="filters">
        <DayInput
          label={t('audit.from')}
          value={from}
          onChange={(day) => {
            setFrom(day);
            if (day !== undefined) change({ from: startOfDay(day, 0) });
          }}
          past
        />
        <DayInput
          label={t('audit.to')}
          value={to}
          onChange={(day) => {
            setTo(day);
            if (day !== undefined) change({ to: startOfDay(day, 1) });
          }}
          past
        />
        <Select
          label={t('audit.action')}
          placeholder={t('audit.every')}
          data={actionNames.map((name) => ({ value: name, label: actionWords(name, language) }))}
          value={filter.action || null}
          onChange={(action) => change({ action: action ?? '' })}
          searchable
          clearable
        />
        <Select
          label={t('audit.outcome')}
          placeholder={t('audit.every')}
          data={outcomes.map((name) => ({ value: name, label: outcomeWords(name, language) }))}
          value={filter.outcome || null}
          onChange={(outcome) => change({ outcome: outcome ?? '' })}
          clearable
        />
        <TextInput
          label={t('audit.actor')}
          description={names[filter.actor]?.name}
          placeholder={t('audit.id')}
          inputWrapperOrder={['label', 'input', 'description']}
          value={filter.actor}
          onChange={({ currentTarget }) => change({ actor: currentTarget.value.trim() })}
        />
        <TextInput
          label={t('audit.object')}
          description={names[filter.object]?.name}
          placeholder={t('audit.id')}
          inputWrapperOrder={['label', 'input', 'description']}
          value={filter.object}
          onChange={({ currentTarget }) => change({ object: currentTarget.value.trim() })}
        />
      </div>
      <Failure error={page.error} onRetry={page.reload} />
      {(page.value?.unreadable.length ?? 0) > 0 && (
        <Alert color="red" variant="filled" role="alert" title={t('audit.damaged.title')}>
          {t('audit.damaged.words', { entries: page.value?.unreadable.join(', ') })}
        </Alert>
      )}
      {entries === undefined && page.loading && <Waiting />}
      {entries?.length === 0 && <Nothing title={t('audit.none')} />}
      {entries !== undefined && entries.length > 0 && (
        <Table className="stacked" highlightOnHover>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('audit.when')}</Table.Th>
              <Table.Th>{t('audit.who')}</Table.Th>
              <Table.Th>{t('audit.what')}</Table.Th>
              <Table.Th>{t('audit.which')}</Table.Th>
              <Table.Th>{t('audit.outcome')}</Table.Th>
              <Table.Th>{t('audit.where')}</Table.Th>
              <Table.Th />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {entries.map((entry) => (
              <Table.Tr key={entry.sequence} data-outcome={entry.outcome}>
                <Table.Td data-label={t('audit.when')}>{dateAndTime(entry.at, language)}</Table.Td>
                <Table.Td data-label={t('audit.who')}>{actorWords(entry.actor, language)}</Table.Td>
                <Table.Td data-label={t('audit.what')}>
                  {actionWords(entry.action, language)}
                </Table.Td>
                <Table.Td data-label={t('audit.which')}>
                  <ObjectOf entry={entry} names={names} />
                </Table.Td>
                <Table.Td data-label={t('audit.outcome')}>
                  {outcomeWords(entry.outcome, language)}
                </Table.Td>
                <Table.Td data-label={t('audit.where')}>{entry.from.address ?? '–'}</Table.Td>
                <Table.Td>
                  <Button
                    variant="default"
                    size="xs"
                    aria-label={`${t('audit.more')} ${entry.sequence}`}
                    onClick={() => setOpen(entry)}
                  >
                    {t('audit.more')}
                  </Button>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      <div className="pager">
        {cursors.length > 1 && (
          <Button variant="default" onClick={() => setCursors(cursors.slice(0, -1))}>
            {t('audit.newer')}
          </Button>
        )}
        {page.value?.nextCursor != null && (
          <Button
            variant="default"
            onClick={() => setCursors([...cursors, page.value?.nextCursor ?? null])}
          >
            {t('audit.older')}
          </Button>
        )}
      </div>
      <Dialog
        opened={open !== undefined}
        onClose={() => setOpen(undefined)}
        size="lg"
        title={open && t('audit.entry', { number: open.sequence })}
      >
        {open && (
          <EntryDetail
            entry={open}
            names={names}
            onFilter={(part) => {
              change(part);
              setOpen(undefined);
            }}
          />
        )}
      </Dialog>
    </Page>
  );
}

/** What it is called, and of what kind it is, where its name does not say so. */
function ObjectOf({ entry, names }: { entry: AuditEntry; names: AuditNames }) {
  const { language } = useLanguage();
  const called = objectWords(entry.object, names, language);
  const kind = kindWords(entry.object.kind, language);
  return (
    <>
      {called}
      {called !== kind && <small>{kind}</small>}
    </>
  );
}
