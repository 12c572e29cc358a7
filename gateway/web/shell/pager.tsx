import { Button } from '@mantine/core';
import { useState } from 'react';
import { useLanguage } from '../use-language.ts';

/** The way through a list that the gateway gives a page at a time. */
export interface Pages {
  /** Where the page that is shown begins; null: the first. */
  cursor: string | null;
  isFirst: boolean;
  next: (cursor: string) => void;
  previous: () => void;
  toFirst: () => void;
}

export function usePages(): Pages {
  const [cursors, setCursors] = useState<readonly string[]>([]);
  return {
    cursor: cursors.at(-1) ?? null,
    isFirst: cursors.length === 0,
    next: (cursor) => setCursors([...cursors, cursor]),
    previous: () => setCursors(cursors.slice(0, -1)),
    toFirst: () => setCursors([]),
  };
}

/** `nextCursor`: of the page that is shown; null, undefined: it is the last, or is not there yet. */
export function Pager({
  pages,
  nextCursor,
}: {
  pages: Pages;
  nextCursor: string | null | undefined;
}) {
  const { t } = useLanguage();
  if (pages.isFirst && nextCursor == null) return null;
  return (
    <div className="pager">
      {!pages.isFirst && (
        <Button variant="default" onClick={pages.previous}>
          {t('previousPage')}
        </Button>
      )}
      {nextCursor != null && (
        <Button variant="default" onClick={() => pages.next(nextCursor)}>
          {t('nextPage')}
        </Button>
      )}
    </div>
  );
}
