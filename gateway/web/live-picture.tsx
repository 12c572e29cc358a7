import { Loader } from '@mantine/core';
import { timeOfDay } from './buddhist-date.ts';
import { tileLines } from './camera-tile.tsx';
import { largeLimits } from './playback.ts';
import type { TilePicture } from './players.ts';
import { useSignedIn } from './shell/signed-in.ts';
import { adviceWords } from './state-words.ts';
import { useLanguage } from './use-language.ts';
import type { TileRefs } from './use-players.ts';
import type { Camera, LiveState } from './wire.ts';

/** One camera's picture with low latency; where there is none, why, and what its owner can do. */
export function LivePicture(props: {
  camera: Camera;
  live: LiveState | undefined;
  refs: TileRefs;
  picture: TilePicture;
}) {
  const words = useLanguage();
  const { t, language } = words;
  const { camera, live, refs, picture } = props;
  const mayWatch = useSignedIn().may('camera.watch', camera.lao);
  const lines = tileLines(camera, live, picture, largeLimits.playing, words, mayWatch);
  const advice =
    live?.state === 'down' && live.reason ? adviceWords(live.reason, language) : undefined;
  return (
    <div
      ref={refs.frame}
      className="large-picture"
      data-state={live?.state ?? 'not-linked'}
      data-picture={picture}
    >
      <canvas ref={refs.still} className="tile-still" width={0} height={0} aria-hidden="true" />
      <video
        ref={refs.video}
        data-camera-id={camera.id}
        data-large="true"
        muted
        playsInline
        tabIndex={-1}
        aria-label={camera.position}
      />
      {lines.length > 0 && (
        <div className="tile-words" role="status">
          {picture === 'starting' && <Loader size="sm" color="gray" />}
          {lines.map((line) => (
            <span key={line}>{line}</span>
          ))}
          {advice !== undefined && <span className="large-advice">{advice}</span>}
          {live?.state === 'down' && live.retryAt !== null && (
            <span>{t('retryAt', { time: timeOfDay(live.retryAt, language) })}</span>
          )}
          {live?.state === 'down' && live.detail !== null && <code>{live.detail}</code>}
        </div>
      )}
      <span className="tile-old">{t('lastPicture')}</span>
    </div>
  );
}
