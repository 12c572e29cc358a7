import { memo } from 'react';
import type { Players, TilePicture } from './players.ts';
import {
  declaredWords,
  reasonWords,
  sinceWords,
  stateName,
  unplayableWords,
} from './state-words.ts';
import { useSignedIn } from './shell/signed-in.ts';
import { StateBadge } from './state-badge.tsx';
import { useLanguage } from './use-language.ts';
import { useTilePicture } from './use-players.ts';
import type { Camera, LiveState } from './wire.ts';

/** One camera on the wall. A press opens it large. */
export const CameraTile = memo(function CameraTile(props: {
  camera: Camera;
  live: LiveState | undefined;
  players: Players;
  onOpen: (cameraId: string) => void;
}) {
  const { t, language } = useLanguage();
  const { camera, live, players } = props;
  const mayWatch = useSignedIn().may('camera.watch', camera.lao);
  // Without a state no picture is asked for: it would be refused.
  const { refs, picture } = useTilePicture(players, camera.id, mayWatch ? live : undefined);
  const state = live?.state ?? 'not-linked';
  const words = { t, language };
  const lines = tileLines(camera, live, picture, players.limits.playing, words, mayWatch);
  const label = [camera.position, camera.lao.name, stateName(state, language), ...lines];
  return (
    <li>
      <div
        ref={refs.frame}
        id={tileId(camera.id)}
        className="tile"
        role="button"
        tabIndex={0}
        data-state={state}
        data-picture={picture}
        aria-label={`${label.join(' · ')} · ${t('openLarge')}`}
        onClick={() => props.onOpen(camera.id)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' && event.key !== ' ') return;
          event.preventDefault();
          props.onOpen(camera.id);
        }}
      >
        <div className="tile-picture" aria-hidden="true">
          <canvas ref={refs.still} className="tile-still" width={0} height={0} />
          <video
            ref={refs.video}
            data-camera-id={camera.id}
            muted
            playsInline
            disablePictureInPicture
            tabIndex={-1}
          />
          {lines.length > 0 && (
            <div className="tile-words">
              {lines.map((line) => (
                <span key={line}>{line}</span>
              ))}
            </div>
          )}
          <span className="tile-old">{t('lastPicture')}</span>
        </div>
        <div className="tile-name" aria-hidden="true">
          <strong title={camera.position}>{camera.position}</strong>
          <div className="tile-under">
            <span>{camera.lao.name}</span>
            <StateBadge state={state} />
          </div>
        </div>
      </div>
    </li>
  );
});

/** The element that takes the focus when the camera's large view closes. */
export function tileId(cameraId: string): string {
  return `camera-${cameraId}`;
}

/** What stands on the tile instead of a live picture. */
export function tileLines(
  camera: Camera,
  live: LiveState | undefined,
  picture: TilePicture,
  playingLimit: number,
  { t, language }: ReturnType<typeof useLanguage>,
  mayWatch: boolean,
): string[] {
  if (live === undefined || live.state === 'not-linked') {
    const declared = camera.declared === null ? [] : [declaredWords(camera.declared, language)];
    return [...declared, t(camera.scope === 'closed-area' ? 'closedArea' : 'noStream')];
  }
  if (live.state !== 'up') {
    const reason = live.reason === null ? [] : [reasonWords(live.reason, language)];
    const name =
      live.state === 'connecting' || reason.length === 0 ? [stateName(live.state, language)] : [];
    return [...name, ...reason, sinceWords(live, Date.now(), language)];
  }
  if (!mayWatch) return [t('mayNotWatch')];
  const lines: Record<TilePicture, string[]> = {
    none: [],
    playing: [],
    starting: [t('starting')],
    resting: [t('resting')],
    queued: [t('queued', { limit: playingLimit })],
    'touch-needed': [t('touchToPlay')],
    unplayable: [unplayableWords(live.codec ?? '', language)],
  };
  return lines[picture];
}
