import {
  useDeferredValue,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react';
import { CameraLarge } from './camera-large.tsx';
import { tileId } from './camera-tile.tsx';
import type { GatewayFeed } from './gateway-feed.ts';
import { EmptyRegister, GatewayLost, Loading, NothingFound } from './notices.tsx';
import { wallLimits } from './playback.ts';
import { goTo, useCovered, useRoute, useTabWatched } from './use-page-state.ts';
import { usePlayers } from './use-players.ts';
import { Wall } from './wall.tsx';
import {
  countStates,
  everyCamera,
  filterWall,
  laoChoices,
  type WallFilter,
} from './wall-filter.ts';
import { WallHeader } from './wall-header.tsx';

/** The wall, and one camera large over it. */
export default function WallScreen({ feed }: { feed: GatewayFeed }) {
  const directory = useSyncExternalStore(feed.subscribe, feed.directory);
  const route = useRoute();
  const tabWatched = useTabWatched();
  const largeCameraId = route.view === 'camera' ? route.cameraId : null;
  const largeOpen = largeCameraId !== null;
  const covered = useCovered(largeOpen);
  const players = usePlayers('wall', wallLimits, tabWatched && !covered);
  const [filter, setFilter] = useState<WallFilter>(everyCamera);
  const deferredFilter = useDeferredValue(filter);
  const search = useRef<HTMLInputElement>(null);

  const cameras = directory.cameras;
  const { live } = directory;
  const shown = useMemo(
    () => filterWall(cameras ?? [], live, deferredFilter),
    [cameras, live, deferredFilter],
  );
  const counts = useMemo(() => countStates(cameras ?? [], live), [cameras, live]);
  const laos = useMemo(() => laoChoices(cameras ?? []), [cameras]);

  const lastLarge = useRef<string>(null);
  useEffect(() => {
    if (largeCameraId === null && lastLarge.current !== null) {
      document.getElementById(tileId(lastLarge.current))?.focus();
    }
    lastLarge.current = largeCameraId;
  }, [largeCameraId]);

  useEffect(() => {
    const slash = (event: KeyboardEvent): void => {
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return;
      if (largeOpen || event.target instanceof HTMLInputElement) return;
      event.preventDefault();
      search.current?.focus();
    };
    window.addEventListener('keydown', slash);
    return () => window.removeEventListener('keydown', slash);
  }, [largeOpen]);

  return (
    <div data-gateway={directory.gateway}>
      <WallHeader
        counts={counts}
        laos={laos}
        filter={filter}
        onFilter={setFilter}
        search={search}
        ready={cameras !== null && cameras.length > 0}
      />
      <main className="wall-main">
        {directory.gateway === 'lost' && (
          <GatewayLost heardAtMs={directory.heardAtMs} onRetry={feed.retry} />
        )}
        {cameras === null && directory.gateway === 'reached' && <Loading />}
        {cameras?.length === 0 && <EmptyRegister />}
        {cameras !== null && cameras.length > 0 && shown.length === 0 && (
          <NothingFound onClear={() => setFilter(everyCamera)} />
        )}
        {shown.length > 0 && (
          <Wall
            cameras={shown}
            live={live}
            players={players}
            truncated={directory.truncated}
            filter={deferredFilter}
          />
        )}
      </main>
      {largeOpen && (
        <CameraLarge
          cameraId={largeCameraId}
          cameras={cameras}
          neighbours={shown}
          live={live}
          watched={tabWatched}
          onClose={() => goTo({ view: 'wall' })}
        />
      )}
    </div>
  );
}
