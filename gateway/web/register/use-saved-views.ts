import { useCallback, useState } from 'react';
import { viewsOf, withView, type SavedView } from './saved-views.ts';

/** Of one person on this browser; with storage closed (a private window) they last until the tab does. */
export function useSavedViews(personId: string): {
  views: SavedView[];
  save: (view: SavedView) => void;
  remove: (name: string) => void;
} {
  const key = `views:${personId}`;
  const [views, setViews] = useState(() => {
    try {
      return viewsOf(localStorage.getItem(key));
    } catch {
      return [];
    }
  });
  const keep = useCallback(
    (next: SavedView[]) => {
      setViews(next);
      try {
        localStorage.setItem(key, JSON.stringify(next));
      } catch {
        // Told in the docstring.
      }
    },
    [key],
  );
  return {
    views,
    save: (view) => keep(withView(views, view)),
    remove: (name) => keep(views.filter((view) => view.name !== name)),
  };
}
