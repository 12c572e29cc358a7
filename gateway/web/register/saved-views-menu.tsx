import { Button, CloseButton, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useSignedIn } from '../shell/signed-in.ts';
import { routeHash } from '../route.ts';
import { useLanguage } from '../use-language.ts';
import { useSavedViews } from './use-saved-views.ts';

const MAX_NAME_LENGTH = 60;

/** Filters under a name of one's own, a press away. */
export function SavedViews({ query }: { query: string }) {
  const { t } = useLanguage();
  const { person } = useSignedIn();
  const { views, save, remove } = useSavedViews(person.id);
  const [naming, setNaming] = useState<string>();
  const canSave = query !== '' && !views.some((view) => view.query === query);
  if (views.length === 0 && !canSave) return null;
  return (
    <div className="views" role="group" aria-label={t('register.views')}>
      {views.map((view) => (
        <span key={view.name} className="view" data-current={view.query === query}>
          <a
            href={routeHash({ view: 'register', query: view.query })}
            aria-current={view.query === query ? 'true' : undefined}
          >
            {view.name}
          </a>
          <CloseButton
            size="xs"
            aria-label={`${t('register.removeView')} ${view.name}`}
            onClick={() => remove(view.name)}
          />
        </span>
      ))}
      {canSave && naming === undefined && (
        <Button variant="subtle" size="compact-sm" onClick={() => setNaming('')}>
          {t('register.saveView')}
        </Button>
      )}
      {naming !== undefined && (
        <form
          className="view-naming"
          onSubmit={(event) => {
            event.preventDefault();
            if (naming.trim() === '') return;
            save({ name: naming.trim(), query });
            setNaming(undefined);
          }}
        >
          <TextInput
            size="xs"
            aria-label={t('register.viewName')}
            placeholder={t('register.viewName')}
            maxLength={MAX_NAME_LENGTH}
            value={naming}
            onChange={({ currentTarget }) => setNaming(currentTarget.value)}
            autoFocus
          />
          <Button type="submit" size="xs" variant="default">
            {t('save')}
          </Button>
        </form>
      )}
    </div>
  );
}
