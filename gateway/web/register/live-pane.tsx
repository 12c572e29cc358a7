import { useEffect, useState } from 'react';
import { call } from '../api/call.ts';
import type { Registered } from '../api/cameras.ts';
import { LivePicture } from '../live-picture.tsx';
import { largeLimits } from '../playback.ts';
import { StateBadge } from '../state-badge.tsx';
import { sinceWords } from '../state-words.ts';
import { useLanguage } from '../use-language.ts';
import { useTabWatched } from '../use-page-state.ts';
import { usePlayers, useTilePicture } from '../use-players.ts';
import { CameraStill } from './camera-still.tsx';
import { liveStateOnWire, type LiveState } from '../wire.ts';

/** One camera is asked for, not the event stream of all of them. */
const ASK_EVERY_MS = 5_000;

/** The live picture on a camera's page, and since when it has been as it is. */
export function LivePane({ camera }: { camera: Registered }) {
  const { language } = useLanguage();
  const watched = useTabWatched();
  const live = useLiveState(camera.id, watched);
  const players = usePlayers('large', largeLimits, watched);
  const { refs, picture } = useTilePicture(players, camera.id, live);
  return (
    <section className="live-pane">
      <LivePicture camera={camera} live={live} refs={refs} picture={picture} />
      <p>
        <StateBadge state={live?.state ?? 'connecting'} />{' '}
        {live !== undefined && sinceWords(live, Date.now(), language)}
      </p>
      {camera.stream?.snapshotUrl != null && (
        <CameraStill cameraId={camera.id} position={camera.position} />
      )}
    </section>
  );
}

function useLiveState(cameraId: string, watched: boolean): LiveState | undefined {
  const [live, setLive] = useState<LiveState>();
  useEffect(() => {
    if (!watched) return undefined;
    const asking = new AbortController();
    const ask = (): void => {
      call(liveStateOnWire, `/api/v1/cameras/${encodeURIComponent(cameraId)}/live`, {
        signal: asking.signal,
      }).then(setLive, () => {
        // The next one asks again; what was known last stays, with its time.
      });
    };
    ask();
    const timer = setInterval(ask, ASK_EVERY_MS);
    return () => {
      clearInterval(timer);
      asking.abort();
    };
  }, [cameraId, watched]);
  return live;
}
