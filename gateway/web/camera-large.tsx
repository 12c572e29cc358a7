import { ActionIcon, Button, Modal, Text, Title } from '@mantine/core';
import { useCallback, useEffect } from 'react';
import { CameraFields } from './camera-fields.tsx';
import { LivePicture } from './live-picture.tsx';
import { MeasuredPicture } from './measured-picture.tsx';
import { largeLimits } from './playback.ts';
import { recordingsOf } from './route.ts';
import { useSignedIn } from './shell/signed-in.ts';
import { StateBadge } from './state-badge.tsx';
import { useLanguage } from './use-language.ts';
import { goTo } from './use-page-state.ts';
import { usePlayers, useTilePicture } from './use-players.ts';
import type { Camera, LiveState } from './wire.ts';

/** One camera over the whole page, as late behind it as LL-HLS allows. Left and right go through the filtered wall. */
export function CameraLarge(props: {
  cameraId: string;
  /** Null while the register is being read. */
  cameras: readonly Camera[] | null;
  neighbours: readonly Camera[];
  live: ReadonlyMap<string, LiveState>;
  watched: boolean;
  onClose: () => void;
}) {
  const { t } = useLanguage();
  const { may } = useSignedIn();
  const { cameraId, cameras, neighbours, onClose } = props;
  const camera = cameras?.find(({ id }) => id === cameraId);
  const index = neighbours.findIndex(({ id }) => id === cameraId);
  const previous = neighbours[index - 1];
  const next = index === -1 ? undefined : neighbours[index + 1];

  useEffect(() => {
    const arrow = (event: KeyboardEvent): void => {
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      const neighbour =
        event.key === 'ArrowLeft' ? previous : event.key === 'ArrowRight' ? next : undefined;
      if (!neighbour) return;
      event.preventDefault();
      // Esc and the browser's Back lead to the wall from every camera gone through.
      goTo({ view: 'camera', cameraId: neighbour.id }, { replace: true });
    };
    window.addEventListener('keydown', arrow);
    return () => window.removeEventListener('keydown', arrow);
  }, [previous, next]);

  return (
    <Modal.Root opened onClose={onClose} fullScreen transitionProps={{ duration: 0 }}>
      <Modal.Content className="large" aria-label={camera?.position ?? t('unknownCamera')}>
        <div className="large-bar">
          <div className="large-name">
            <Title order={2}>{camera?.position ?? ''}</Title>
            {camera && (
              <Text c="dimmed">
                {camera.lao.name} · {camera.lao.district} · {camera.lao.province}
              </Text>
            )}
          </div>
          {camera && may('footage.list', camera.lao) && (
            <Button component="a" variant="default" href={recordingsOf(cameraId)}>
              {t('footage.toRecordings')}
            </Button>
          )}
          <Neighbour to={previous} label={t('previousCamera')} sign="←" />
          <Neighbour to={next} label={t('nextCamera')} sign="→" />
          <ActionIcon
            variant="default"
            size="lg"
            aria-label={t('close')}
            title={t('close')}
            onClick={onClose}
            data-autofocus
          >
            ✕
          </ActionIcon>
        </div>
        {camera && (
          <LargeCamera
            key={camera.id}
            camera={camera}
            live={props.live.get(camera.id)}
            watched={props.watched}
          />
        )}
        {!camera && cameras !== null && (
          <div className="notice">
            <Title order={3}>{t('unknownCamera')}</Title>
            <Text c="dimmed">{t('unknownCameraHint')}</Text>
            <Button variant="default" onClick={onClose}>
              {t('backToWall')}
            </Button>
          </div>
        )}
      </Modal.Content>
    </Modal.Root>
  );
}

function Neighbour(props: { to: Camera | undefined; label: string; sign: string }) {
  const { to } = props;
  return (
    <ActionIcon
      variant="default"
      size="lg"
      aria-label={props.label}
      title={props.label}
      disabled={!to}
      onClick={() => {
        if (to) goTo({ view: 'camera', cameraId: to.id }, { replace: true });
      }}
    >
      {props.sign}
    </ActionIcon>
  );
}

function LargeCamera(props: { camera: Camera; live: LiveState | undefined; watched: boolean }) {
  const { camera, live } = props;
  const players = usePlayers('large', largeLimits, props.watched);
  const mayWatch = useSignedIn().may('camera.watch', camera.lao);
  const { refs, picture } = useTilePicture(players, camera.id, mayWatch ? live : undefined);
  const state = live?.state ?? 'not-linked';
  const player = useCallback(() => players.player(camera.id), [players, camera.id]);
  return (
    <div className="large-body">
      <LivePicture camera={camera} live={live} refs={refs} picture={picture} />
      <div className="large-side">
        <StateBadge state={state} />
        <MeasuredPicture
          video={refs.video}
          player={player}
          live={live}
          playing={picture === 'playing'}
        />
        <CameraFields camera={camera} />
      </div>
    </div>
  );
}
