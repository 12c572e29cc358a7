import { Pagination } from '@mantine/core';
import { useCallback, useEffect, useState, type KeyboardEvent } from 'react';
import { CameraTile } from './camera-tile.tsx';
import type { Players } from './players.ts';
import { useLanguage } from './use-language.ts';
import { goTo } from './use-page-state.ts';
import type { WallFilter } from './wall-filter.ts';
import { nextTile } from './wall-keys.ts';
import { wallPage } from './wall-pages.ts';
import type { Camera, LiveState } from './wire.ts';

/** The tiles, a page at a time. */
export function Wall(props: {
  cameras: readonly Camera[];
  live: ReadonlyMap<string, LiveState>;
  players: Players;
  truncated: boolean;
  filter: WallFilter;
}) {
  const { t } = useLanguage();
  const { cameras, live, players, filter } = props;
  const [wantedPage, setWantedPage] = useState(1);
  const { tiles, page, pages, first, last } = wallPage(cameras, wantedPage);

  useEffect(() => setWantedPage(1), [filter]);
  const open = useCallback((cameraId: string) => goTo({ view: 'camera', cameraId }), []);

  return (
    <section aria-label={t('wall')}>
      <div className="wall-line">
        <p role="status">
          {t('showing', { first, last, count: cameras.length })}
          {props.truncated && ` · ${t('truncated', { count: cameras.length })}`}
        </p>
        {pages > 1 && <Pages page={page} pages={pages} onPage={setWantedPage} />}
      </div>
      <ul className="wall" onKeyDown={moveFocus}>
        {tiles.map((camera) => (
          <CameraTile
            key={camera.id}
            camera={camera}
            live={live.get(camera.id)}
            players={players}
            onOpen={open}
          />
        ))}
      </ul>
      {pages > 1 && (
        <div className="wall-line wall-line-below">
          <Pages
            page={page}
            pages={pages}
            onPage={(chosen) => {
              setWantedPage(chosen);
              window.scrollTo({ top: 0 });
            }}
          />
        </div>
      )}
    </section>
  );
}

function Pages(props: { page: number; pages: number; onPage: (page: number) => void }) {
  const { t } = useLanguage();
  return (
    <Pagination
      size="sm"
      aria-label={t('page')}
      value={props.page}
      total={props.pages}
      siblings={1}
      onChange={props.onPage}
      getControlProps={(control) => ({
        'aria-label': control === 'previous' ? t('previousPage') : t('nextPage'),
      })}
      getItemProps={(page) => ({ 'aria-label': t('pageNumber', { page }) })}
    />
  );
}

/** Arrow keys, Home and End go from tile to tile; the columns are read off the page as it is laid out. */
function moveFocus(event: KeyboardEvent<HTMLUListElement>): void {
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const buttons = [...event.currentTarget.querySelectorAll<HTMLElement>('.tile')];
  const index = buttons.findIndex((button) => button === document.activeElement);
  const top = buttons[0]?.getBoundingClientRect().top;
  if (index === -1 || top === undefined) return;
  const columns = buttons.filter((button) => button.getBoundingClientRect().top === top).length;
  const target = nextTile(index, event.key, columns, buttons.length);
  if (target === undefined) return;
  event.preventDefault();
  buttons[target]?.focus();
}
