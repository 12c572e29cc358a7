/** Filters that somebody gave a name, kept in this browser for them. */
export interface SavedView {
  name: string;
  /** As in the address. */
  query: string;
}

const MAX_VIEWS = 30;

/** What is stored may be anything: another version of this page wrote it. */
export function viewsOf(text: string | null): SavedView[] {
  if (text === null) return [];
  try {
    const stored: unknown = JSON.parse(text);
    return Array.isArray(stored) ? stored.filter(isView).slice(0, MAX_VIEWS) : [];
  } catch {
    return [];
  }
}

/** One of the same name is replaced; the oldest goes when there are too many. */
export function withView(views: readonly SavedView[], view: SavedView): SavedView[] {
  return [...views.filter(({ name }) => name !== view.name), view].slice(-MAX_VIEWS);
}

function isView(item: unknown): item is SavedView {
  return (
    typeof item === 'object' &&
    item !== null &&
    'name' in item &&
    typeof item.name === 'string' &&
    'query' in item &&
    typeof item.query === 'string'
  );
}
