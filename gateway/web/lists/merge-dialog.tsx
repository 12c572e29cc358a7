import { Autocomplete, Button, Select } from '@mantine/core';
import { useState } from 'react';
import {
  mergeInList,
  previewMerge,
  readBudgetSources,
  readLaos,
  readSites,
  type MergedList,
  type MergePreview,
  type Site,
} from '../api/lists.ts';
import { useAreaNames } from '../register/official-areas.ts';
import { ActDialog } from '../shell/act-dialog.tsx';
import { Dialog } from '../shell/dialog.tsx';
import { missingOf } from '../shell/missing.ts';
import { Failure, Waiting } from '../shell/pieces.tsx';
import { useLoaded } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';

type Place = Site['lao'];

interface Target {
  id: string;
  name: string;
  label: string;
}

/** One row becomes another: which one, and what would go along, are seen before it is done, for it is not undone. */
export function MergeDialog(props: {
  list: MergedList;
  row: { id: string; name: string; province?: string; lao?: Place };
  onClose: () => void;
  onMerged: () => void;
}) {
  const { t } = useLanguage();
  const { list, row, onClose, onMerged } = props;
  const names = useAreaNames();
  const [province, setProvince] = useState(row.province ?? '');
  const [into, setInto] = useState<string | null>(null);
  const [moved, setMoved] = useState<number>();
  const targets = useLoaded(
    async (signal) => targetsOf(list, { province, lao: row.lao }, signal),
    [list, province],
  );
  const preview = useLoaded(
    async (signal) => (into === null ? undefined : previewMerge(list, row.id, into, signal)),
    [list, row.id, into],
  );
  const others = (targets.value ?? []).filter(({ id }) => id !== row.id);
  const target = others.find(({ id }) => id === into);
  const seen = preview.loading ? undefined : preview.value;
  const title = t('lists.mergeOf', { name: row.name });

  if (moved !== undefined && target !== undefined) {
    return (
      <Dialog title={title} onClose={onClose}>
        <p role="status">{t('lists.merged', { name: target.name, count: moved })}</p>
        <div className="row-actions">
          <Button onClick={onClose} data-autofocus>
            {t('dismiss')}
          </Button>
        </div>
      </Dialog>
    );
  }
  return (
    <ActDialog
      title={title}
      act={t('lists.mergeAct')}
      color="red"
      size="lg"
      missing={missingOf(
        [target !== undefined, t('lists.mergeInto')],
        [target === undefined || seen !== undefined, t('lists.mergeSeen')],
      )}
      onAct={async () => {
        setMoved(await mergeInList(list, row.id, into ?? ''));
        onMerged();
      }}
      onClose={onClose}
    >
      <p>{t('lists.mergeWords', { name: row.name })}</p>
      {list === 'laos' && (
        <Autocomplete
          label={t('area.province')}
          data={names?.provinces ?? []}
          limit={20}
          value={province}
          onChange={(chosen) => {
            setProvince(chosen);
            setInto(null);
          }}
        />
      )}
      <Select
        label={t('lists.mergeInto')}
        data={others.map(({ id, label }) => ({ value: id, label }))}
        value={into}
        onChange={setInto}
        searchable
        nothingFoundMessage={t('lists.notFound')}
        limit={50}
        required
        withAsterisk={false}
        data-autofocus
      />
      <Failure error={targets.error ?? preview.error} onRetry={preview.reload} />
      {into !== null && preview.loading && <Waiting />}
      {target !== undefined && seen !== undefined && (
        <WhatMoves preview={seen} list={list} from={row.name} into={target.name} />
      )}
    </ActDialog>
  );
}

function WhatMoves(props: { preview: MergePreview; list: MergedList; from: string; into: string }) {
  const { t } = useLanguage();
  const { preview, list, from, into } = props;
  const { cameras, deletedCameras, sites, people } = preview;
  return (
    <section className="card" aria-label={t('lists.moves')}>
      <strong>{t('lists.moves')}</strong>
      <ul>
        <li>{t('lists.movesCameras', { count: cameras, deleted: deletedCameras })}</li>
        {list === 'laos' && (
          <>
            <li>{t('lists.movesPeople', { count: people })}</li>
            {sites.map(({ name, joins }) => (
              <li key={name}>
                {t(joins ? 'lists.movesSiteJoins' : 'lists.movesSite', { name, into })}
              </li>
            ))}
          </>
        )}
        {list === 'sites' && <li>{t('lists.movesBudgets', { from, into })}</li>}
        <li>{t('lists.movesName', { from, into })}</li>
      </ul>
      <p>{t('lists.notUndone')}</p>
    </section>
  );
}

async function targetsOf(
  list: MergedList,
  { province, lao }: { province: string; lao: Place | undefined },
  signal: AbortSignal,
): Promise<Target[]> {
  if (list === 'sites') {
    const sites = await readSites(signal);
    return sites
      .filter(({ lao: of }) => isSamePlace(of, lao))
      .map(({ id, name }) => ({ id, name, label: name }));
  }
  if (list === 'budget-sources') {
    const sources = await readBudgetSources(signal);
    return sources.map(({ id, name }) => ({ id, name, label: name }));
  }
  if (province.trim() === '') return [];
  const laos = await readLaos({ province }, signal);
  return laos.map(({ id, name, district }) => ({ id, name, label: `${name} · ${district}` }));
}

/** A site is merged with another one of its LAO. */
function isSamePlace(one: Place, other: Place | undefined): boolean {
  return (
    one.name === other?.name && one.district === other.district && one.province === other.province
  );
}
