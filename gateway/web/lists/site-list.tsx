import { TextInput } from '@mantine/core';
import { useState } from 'react';
import { matchKey } from '#registry/thai-names.ts';
import { changeInList, readSites, type Site } from '../api/lists.ts';
import { ActDialog } from '../shell/act-dialog.tsx';
import { missingOf } from '../shell/missing.ts';
import { useSignedIn } from '../shell/signed-in.ts';
import { useLoaded } from '../shell/use-loaded.ts';
import { numberOf } from '../typed-number.ts';
import { useLanguage } from '../use-language.ts';
import { ListHistory } from './list-history.tsx';
import { RowButton, type ListProps } from './list-pieces.tsx';
import { ListTable } from './list-table.tsx';
import { MergeDialog } from './merge-dialog.tsx';
import { listFieldLabel, listValueWords, megabits } from './list-words.ts';

type Open = { what: 'edit' | 'merge' | 'history'; row: Site };
const budgets = ['networkZone', 'maxSessions', 'maxSessionsPerBox', 'uplinkBitsPerSecond'] as const;

/** Where cameras share a line, with what it can bear. They are entered by naming them with a camera. */
export function SiteList({ wanted, onChange }: ListProps) {
  const { t, language } = useLanguage();
  const { may } = useSignedIn();
  const sites = useLoaded(readSites, []);
  const [open, setOpen] = useState<Open>();
  const close = (): void => setOpen(undefined);
  const key = matchKey(wanted.q);
  const found = sites.value?.filter(({ name, lao }) =>
    [name, lao.name, lao.district, lao.province].some((text) => matchKey(text).includes(key)),
  );
  return (
    <>
      <section className="filters" aria-label={t('register.filters')}>
        <TextInput
          className="filters-text"
          type="search"
          label={t('lists.find')}
          placeholder={t('lists.findSite')}
          value={wanted.q}
          onChange={({ currentTarget }) => onChange({ q: currentTarget.value })}
        />
      </section>
      <ListTable
        key={wanted.q}
        loaded={sites}
        found={found}
        narrowed={(sites.value ?? []).length > 0}
        columns={[
          {
            head: t('form.site'),
            cell: ({ name, lao }) => (
              <>
                {name}
                <small>
                  {lao.name} · {lao.district} · {lao.province}
                </small>
              </>
            ),
          },
          ...budgets.map((field) => ({
            head: listFieldLabel(field, language),
            cell: (row: Site) =>
              row[field] === null
                ? t('lists.noBound')
                : listValueWords(field, row[field], language),
          })),
        ]}
        acts={(row) => (
          <div className="row-actions">
            {may('place.manage') && (
              <>
                <RowButton
                  words={t('lists.edit')}
                  name={row.name}
                  onClick={() => setOpen({ what: 'edit', row })}
                />
                <RowButton
                  words={t('lists.merge')}
                  name={row.name}
                  onClick={() => setOpen({ what: 'merge', row })}
                />
              </>
            )}
            <RowButton
              words={t('lists.history')}
              name={row.name}
              onClick={() => setOpen({ what: 'history', row })}
            />
          </div>
        )}
      />
      {open?.what === 'edit' && (
        <SiteDialog
          site={open.row}
          onClose={close}
          onSaved={() => {
            close();
            sites.reload();
          }}
        />
      )}
      {open?.what === 'merge' && (
        <MergeDialog list="sites" row={open.row} onClose={close} onMerged={sites.reload} />
      )}
      {open?.what === 'history' && <ListHistory list="sites" row={open.row} onClose={close} />}
    </>
  );
}

function SiteDialog(props: { site: Site; onClose: () => void; onSaved: () => void }) {
  const { t } = useLanguage();
  const { site, onClose, onSaved } = props;
  const [draft, setDraft] = useState({
    name: site.name,
    networkZone: site.networkZone ?? '',
    maxSessions: textOf(site.maxSessions),
    maxSessionsPerBox: textOf(site.maxSessionsPerBox),
    megabits: site.uplinkBitsPerSecond === null ? '' : megabits(site.uplinkBitsPerSecond),
  });
  const sessions = { min: 1, max: MAX_SESSIONS, step: 1 };
  const maxSessions = boundOf(draft.maxSessions, sessions);
  const maxSessionsPerBox = boundOf(draft.maxSessionsPerBox, sessions);
  const uplink = boundOf(draft.megabits, { min: 0.001, max: MAX_MEGABITS, step: 1e-6 });
  const uplinkBitsPerSecond = typeof uplink === 'number' ? Math.round(uplink * 1e6) : uplink;
  const networkZone = draft.networkZone.trim() === '' ? null : draft.networkZone.trim();
  const given = {
    name: draft.name.trim(),
    networkZone,
    maxSessions,
    maxSessionsPerBox,
    uplinkBitsPerSecond,
  };
  const change = Object.fromEntries(
    Object.entries(given).filter(([field, value]) => site[field as keyof typeof given] !== value),
  );
  const field = (name: keyof typeof draft, label: string, hint: string, fault?: string) => (
    <TextInput
      label={label}
      description={hint}
      value={draft[name]}
      error={fault}
      {...(name === 'networkZone' || name === 'name'
        ? { maxLength: 200 }
        : { inputMode: 'decimal' as const })}
      onChange={({ currentTarget }) => setDraft({ ...draft, [name]: currentTarget.value })}
    />
  );
  const faultOf = (bound: number | null | undefined, max: number): string | undefined =>
    bound === undefined ? t('lists.boundFault', { max: max.toLocaleString() }) : undefined;
  return (
    <ActDialog
      title={t('lists.editOf', { name: `${site.name} · ${site.lao.name}` })}
      act={t('save')}
      size="lg"
      missing={missingOf(
        [given.name !== '', t('lists.rowName')],
        [maxSessions !== undefined, t('lists.maxSessions')],
        [maxSessionsPerBox !== undefined, t('lists.maxSessionsPerBox')],
        [uplinkBitsPerSecond !== undefined, t('lists.uplink')],
        [Object.keys(change).length > 0, t('lists.something')],
      )}
      onAct={async () => {
        await changeInList('sites', site, change);
        onSaved();
      }}
      onClose={onClose}
    >
      <p>{t('lists.siteWords')}</p>
      {field('name', t('lists.rowName'), t('lists.siteNameHint'))}
      <div className="form-row">
        {field('networkZone', t('lists.zone'), t('lists.zoneHint'))}
        {field('megabits', t('lists.uplink'), t('lists.uplinkHint'), faultOf(uplink, MAX_MEGABITS))}
      </div>
      <div className="form-row">
        {field(
          'maxSessions',
          t('lists.maxSessions'),
          t('lists.maxSessionsHint'),
          faultOf(maxSessions, MAX_SESSIONS),
        )}
        {field(
          'maxSessionsPerBox',
          t('lists.maxSessionsPerBox'),
          t('lists.maxSessionsPerBoxHint'),
          faultOf(maxSessionsPerBox, MAX_SESSIONS),
        )}
      </div>
    </ActDialog>
  );
}

/** As registry/sites.ts takes them. */
const MAX_SESSIONS = 10_000;
const MAX_MEGABITS = 1_000_000;

/** Null: there is none; undefined: what is typed is none. */
function boundOf(
  typed: string,
  { min, max, step }: { min: number; max: number; step: number },
): number | null | undefined {
  if (typed.trim() === '') return null;
  const given = numberOf(typed.replaceAll(',', ''));
  const fits = given >= min && given <= max && (step < 1 || Number.isInteger(given));
  return fits ? given : undefined;
}

function textOf(value: number | null): string {
  return value === null ? '' : String(value);
}
