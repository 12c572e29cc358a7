import { useEffect, useState, type RefObject } from 'react';
import { codecName } from './codec.ts';
import { FieldGroup } from './camera-fields.tsx';
import type { LivePlayer } from './hls-player.ts';
import { useLanguage } from './use-language.ts';
import type { LiveState } from './wire.ts';

const measureEveryMs = 1_000;

interface Measured {
  latencySeconds: number | null;
  width: number;
  height: number;
  /** Frames decoded a second, over the last `measureEveryMs`. */
  frameRate: number | null;
}

/** What arrives in this browser, measured here; beside it what the gateway says of the stream. */
export function MeasuredPicture(props: {
  video: RefObject<HTMLVideoElement | null>;
  player: () => LivePlayer | undefined;
  live: LiveState | undefined;
  playing: boolean;
}) {
  const { t } = useLanguage();
  const { video, player, live, playing } = props;
  const [measured, setMeasured] = useState<Measured | null>(null);

  useEffect(() => {
    if (!playing) {
      setMeasured(null);
      return undefined;
    }
    let lastFrames: number | null = null;
    let lastMs = 0;
    const measure = (): void => {
      const element = video.current;
      if (!element) return;
      const nowMs = performance.now();
      const frames = element.getVideoPlaybackQuality().totalVideoFrames;
      setMeasured({
        latencySeconds: player()?.latencySeconds() ?? null,
        width: element.videoWidth,
        height: element.videoHeight,
        frameRate: lastFrames === null ? null : ((frames - lastFrames) * 1_000) / (nowMs - lastMs),
      });
      lastFrames = frames;
      lastMs = nowMs;
    };
    measure();
    const timer = setInterval(measure, measureEveryMs);
    return () => clearInterval(timer);
  }, [playing, player, video]);

  const none = t('measured.none');
  // A camera that is not up sends nothing: what it sent last would read as if it did.
  const told = live?.state === 'up' ? live : undefined;
  const codec = player()?.codec() ?? told?.codec ?? null;
  const width = measured?.width || told?.width;
  const height = measured?.height || told?.height;
  const frameRate = measured?.frameRate ?? told?.frameRate;
  return (
    <FieldGroup
      title={t('measured.title')}
      rows={[
        [
          t('measured.latency'),
          measured?.latencySeconds
            ? t('measured.seconds', { value: measured.latencySeconds.toFixed(1) })
            : none,
        ],
        [t('measured.resolution'), width && height ? `${width}×${height}` : none],
        [t('measured.frameRate'), frameRate ? frameRate.toFixed(0) : none],
        [t('measured.codec'), codec ? `${codecName(codec)} · ${codec}` : none],
        [
          t('measured.bitRate'),
          told?.bitsPerSecond
            ? t('measured.megabits', { value: (told.bitsPerSecond / 1e6).toFixed(1) })
            : none,
        ],
      ]}
    />
  );
}
