import { SegmentedControl } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useEffect, useState } from 'react';
import { Page } from '../shell/pieces.tsx';
import { useSignedIn } from '../shell/signed-in.ts';
import { useLanguage } from '../use-language.ts';
import { goTo } from '../use-page-state.ts';
import { BudgetSourceList } from './budget-source-list.tsx';
import { LaoList } from './lao-list.tsx';
import { listNames, listsQueryOf, listsQueryText, type ListsQuery } from './lists-query.ts';
import { SiteList } from './site-list.tsx';

const TYPED_AFTER_MS = 300;

/** The lists that cameras are registered under: the Department keeps them, others see them and propose what is missing. */
export default function ListsScreen({ query }: { query: string }) {
  const { t } = useLanguage();
  const { may } = useSignedIn();
  const [wanted, setWanted] = useState(() => listsQueryOf(query));
  const text = listsQueryText(wanted);
  const [asked] = useDebouncedValue(text, TYPED_AFTER_MS);
  useEffect(() => {
    setWanted((now) => (listsQueryText(now) === query ? now : listsQueryOf(query)));
  }, [query]);
  useEffect(() => {
    if (asked !== query) goTo({ view: 'lists', query: asked }, { replace: true });
    // Only what was chosen here goes into the address.
  }, [asked]);
  const set = (part: Partial<ListsQuery>): void => setWanted({ ...wanted, ...part });
  const list = { wanted, asked: listsQueryOf(asked), onChange: set };

  return (
    <Page title={t('lists.title')}>
      <p className="page-under">{t(may('place.manage') ? 'lists.keeperWords' : 'lists.words')}</p>
      <div className="scroll-x">
        <SegmentedControl
          aria-label={t('lists.which')}
          value={wanted.list}
          onChange={(chosen) => setWanted({ ...listsQueryOf(''), list: chosen })}
          data={listNames.map((value) => ({ value, label: t(`lists.name.${value}`) }))}
        />
      </div>
      {wanted.list === 'laos' && <LaoList {...list} />}
      {wanted.list === 'budget-sources' && <BudgetSourceList {...list} />}
      {wanted.list === 'sites' && <SiteList {...list} />}
    </Page>
  );
}
