import { Autocomplete, Button, Select, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useLanguage } from '../use-language.ts';
import { liveStateNames } from '../wire.ts';
import { declarations, purposes, scopes } from './choices.ts';
import { useAreaNames } from './official-areas.ts';
import type { FilterName, RegisterFilter } from './register-filter.ts';

/** Text and places first; the rest behind "more", open when one of them narrows the list. */
export function RegisterFilters(props: {
  filter: RegisterFilter;
  onChange: (change: Partial<Record<FilterName, string>>) => void;
}) {
  const { t } = useLanguage();
  const { filter, onChange } = props;
  const names = useAreaNames();
  const rare = ['observed', 'brand', 'scope', 'budgetSource', 'deleted'] as const;
  const [more, setMore] = useState(() => rare.some((name) => filter[name] !== undefined));
  return (
    <section className="filters" aria-label={t('register.filters')}>
      <TextInput
        className="filters-text"
        type="search"
        label={t('findCamera')}
        placeholder={t('register.searchHint')}
        value={filter.q ?? ''}
        onChange={({ currentTarget }) => onChange({ q: currentTarget.value })}
      />
      <Autocomplete
        label={t('area.province')}
        data={names?.provinces ?? []}
        limit={20}
        value={filter.province ?? ''}
        onChange={(province) => onChange({ province })}
        clearable
      />
      <Autocomplete
        label={t('area.district')}
        data={names?.districtsOf(filter.province ?? '') ?? []}
        limit={30}
        value={filter.district ?? ''}
        onChange={(district) => onChange({ district })}
        clearable
      />
      <TextInput
        label={t('area.lao')}
        value={filter.lao ?? ''}
        onChange={({ currentTarget }) => onChange({ lao: currentTarget.value })}
      />
      <Select
        label={t('register.purpose')}
        data={purposes.map((name) => ({ value: name, label: t(`purpose.${name}`) }))}
        value={filter.purpose ?? null}
        onChange={(purpose) => onChange({ purpose: purpose ?? '' })}
        placeholder={t('all')}
        clearable
      />
      <Select
        label={t('field.declared')}
        data={declarations.map((name) => ({ value: name, label: t(`declared.${name}`) }))}
        value={filter.declared ?? null}
        onChange={(declared) => onChange({ declared: declared ?? '' })}
        placeholder={t('all')}
        clearable
      />
      {more && (
        <>
          <Select
            label={t('register.observed')}
            data={[
              ...liveStateNames.map((name) => ({ value: name, label: t(`state.${name}`) })),
              ...(['degraded', 'unknown'] as const).map((name) => ({
                value: name,
                label: t(`observedState.${name}`),
              })),
            ]}
            value={filter.observed ?? null}
            onChange={(observed) => onChange({ observed: observed ?? '' })}
            placeholder={t('all')}
            clearable
          />
          <TextInput
            label={t('field.brand')}
            value={filter.brand ?? ''}
            onChange={({ currentTarget }) => onChange({ brand: currentTarget.value })}
          />
          <Select
            label={t('field.scope')}
            data={scopes.map((name) => ({ value: name, label: t(`scope.${name}`) }))}
            value={filter.scope ?? null}
            onChange={(scope) => onChange({ scope: scope ?? '' })}
            placeholder={t('all')}
            clearable
          />
          <TextInput
            label={t('register.budget')}
            value={filter.budgetSource ?? ''}
            onChange={({ currentTarget }) => onChange({ budgetSource: currentTarget.value })}
          />
          <Select
            label={t('register.deletedFilter')}
            data={[
              { value: 'false', label: t('register.present') },
              { value: 'true', label: t('register.deletedOnes') },
            ]}
            value={filter.deleted ?? 'false'}
            onChange={(deleted) => onChange({ deleted: deleted === 'true' ? 'true' : '' })}
            allowDeselect={false}
          />
        </>
      )}
      <Button
        className="filters-more"
        variant="subtle"
        aria-expanded={more}
        onClick={() => setMore(!more)}
      >
        {more ? t('register.less') : t('register.more')}
      </Button>
    </section>
  );
}
