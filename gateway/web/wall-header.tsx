import { CloseButton, Group, Select, TextInput, UnstyledButton } from '@mantine/core';
import type { RefObject } from 'react';
import { useLanguage } from './use-language.ts';
import { provincesOf, type LaoChoice, type WallCounts, type WallFilter } from './wall-filter.ts';
import { liveStateNames, type LiveStateName } from './wire.ts';

/** Counts that also choose the state, LAO and search. */
export function WallHeader(props: {
  counts: WallCounts;
  laos: LaoChoice[];
  filter: WallFilter;
  onFilter: (filter: WallFilter) => void;
  search: RefObject<HTMLInputElement | null>;
  /** False while there is nothing to filter. */
  ready: boolean;
}) {
  const { t } = useLanguage();
  const { counts, laos, filter, onFilter, ready } = props;
  const provinces = provincesOf(laos);
  const shownLaos = laos.filter(
    ({ province }) => filter.province === null || province === filter.province,
  );
  return (
    ready && (
      <div className="wall-header">
        <div className="wall-header-filter">
          <div className="state-counts" role="group" aria-label={t('filterByState')}>
            <StateCount name={null} count={counts.all} filter={filter} onFilter={onFilter} />
            {liveStateNames.map((name) => (
              <StateCount
                key={name}
                name={name}
                count={counts[name]}
                filter={filter}
                onFilter={onFilter}
              />
            ))}
          </div>
          <Group gap="xs" className="wall-header-find" wrap="nowrap">
            {provinces.length > 1 && (
              <Select
                className="wall-header-lao"
                aria-label={t('area.province')}
                placeholder={t('everyProvince')}
                value={filter.province}
                onChange={(province) => onFilter({ ...filter, province, lao: null })}
                data={provinces}
                nothingFoundMessage={t('lists.notFound')}
                searchable
                clearable
              />
            )}
            <Select
              className="wall-header-lao"
              aria-label={t('lao')}
              placeholder={t('everyLao')}
              value={filter.lao}
              onChange={(lao) => onFilter({ ...filter, lao })}
              data={shownLaos.map(({ key, name, district, cameras }) => ({
                value: key,
                label: `${name} · ${district} (${cameras})`,
              }))}
              nothingFoundMessage={t('noLaoFound')}
              searchable
              clearable
              limit={200}
            />
            <TextInput
              ref={props.search}
              className="wall-header-search"
              type="search"
              aria-label={t('findCamera')}
              aria-keyshortcuts="/"
              placeholder={t('findCameraHint')}
              value={filter.search}
              onChange={({ currentTarget }) => onFilter({ ...filter, search: currentTarget.value })}
              rightSection={
                filter.search === '' ? null : (
                  <CloseButton
                    size="sm"
                    aria-label={t('clearFind')}
                    onClick={() => onFilter({ ...filter, search: '' })}
                  />
                )
              }
            />
          </Group>
        </div>
      </div>
    )
  );
}

function StateCount(props: {
  /** Null: every state. */
  name: LiveStateName | null;
  count: number;
  filter: WallFilter;
  onFilter: (filter: WallFilter) => void;
}) {
  const { t, language } = useLanguage();
  const { name, count, filter, onFilter } = props;
  const chosen = filter.state === name;
  return (
    <UnstyledButton
      className="state-count"
      data-state={name ?? 'all'}
      aria-pressed={chosen}
      onClick={() => onFilter({ ...filter, state: chosen ? null : name })}
    >
      <span className="state-count-number">{count.toLocaleString(language)}</span>
      <span className="state-count-name">
        {name !== null && <i className="state-dot" data-state={name} />}
        {name === null ? t('all') : t(`state.${name}`)}
      </span>
    </UnstyledButton>
  );
}
