import { ErrorDetails, Events, type ErrorData, type HlsConfig } from 'hls.js';
import { Hls, hlsSupported } from './hls-library.ts';

/** How a camera is played: among many on the wall, or alone and as late as possible behind the camera. */
export type PlayMode = 'wall' | 'large';

export interface PlayerEvents {
  firstPicture: () => void;
  /** The picture moved on; called a few times a second. */
  moved: () => void;
  /** The player is of no more use. `codec`: this browser cannot decode what came. */
  failed: (cause: 'codec' | 'other') => void;
  /** The browser wants a touch or key before it plays, even muted (power saving on telephones). */
  touchNeeded: () => void;
}

export interface LivePlayer {
  /** Seconds behind the newest that the gateway has told; null where the browser plays HLS by itself. */
  latencySeconds: () => number | null;
  /** RFC 6381 of what is decoded; null while unknown. */
  codec: () => string | null;
  play: () => void;
  destroy: () => void;
}

/** The address a camera is played from. `latency=normal` lists no parts and offers no blocking reload. */
export function liveAddress(cameraId: string, mode: PlayMode): string {
  const address = `/live/${encodeURIComponent(cameraId)}/index.m3u8`;
  return mode === 'wall' ? `${address}?latency=normal` : address;
}

/** Plays in `video` until destroyed. Fails at once where neither hls.js nor the browser itself plays HLS. */
export function startPlayer(options: {
  video: HTMLVideoElement;
  cameraId: string;
  mode: PlayMode;
  events: PlayerEvents;
}): LivePlayer {
  const { video, cameraId, mode, events } = options;
  const address = liveAddress(cameraId, mode);
  // The attribute alone does not mute in React; unmuted video would not start by itself.
  video.muted = true;
  const listening = new AbortController();
  const { signal } = listening;
  video.addEventListener('playing', events.firstPicture, { signal });
  video.addEventListener('timeupdate', events.moved, { signal });

  const play = (): void => {
    video.play().catch((error: unknown) => {
      if (error instanceof DOMException && error.name === 'NotAllowedError') events.touchNeeded();
      // Anything else is an AbortError of a player just taken away, or comes again as an error of the element.
    });
  };

  if (!hlsSupported) {
    video.addEventListener('error', () => events.failed('other'), { signal });
    video.addEventListener('loadedmetadata', play, { signal, once: true });
    video.src = address;
    return {
      latencySeconds: () => null,
      codec: () => null,
      play,
      destroy: () => {
        listening.abort();
        empty(video);
      },
    };
  }

  const hls = new Hls(mode === 'wall' ? wallConfig : largeConfig);
  hls.on(Events.MANIFEST_PARSED, play);
  hls.on(Events.ERROR, (_event, error) => {
    if (error.fatal) events.failed(causeOf(error));
  });
  hls.loadSource(address);
  hls.attachMedia(video);
  return {
    latencySeconds: () => (hls.latestLevelDetails === null ? null : hls.latency),
    codec: () => hls.levels[0]?.videoCodec ?? null,
    play,
    destroy: () => {
      listening.abort();
      hls.destroy();
      empty(video);
    },
  };
}

/** Frees the decoder: an element without a source keeps its last one otherwise. */
function empty(video: HTMLVideoElement): void {
  video.removeAttribute('src');
  video.load();
}

function causeOf({ details }: ErrorData): 'codec' | 'other' {
  switch (details) {
    case ErrorDetails.MANIFEST_INCOMPATIBLE_CODECS_ERROR:
    case ErrorDetails.BUFFER_ADD_CODEC_ERROR:
    case ErrorDetails.BUFFER_INCOMPATIBLE_CODECS_ERROR:
      return 'codec';
    default:
      return 'other';
  }
}

const retries = (maxNumRetry: number) => ({
  maxTimeToFirstByteMs: 8_000,
  maxLoadTimeMs: 15_000,
  timeoutRetry: { maxNumRetry, retryDelayMs: 500, maxRetryDelayMs: 2_000 },
  errorRetry: { maxNumRetry, retryDelayMs: 500, maxRetryDelayMs: 2_000 },
});

const sharedConfig: Partial<HlsConfig> = {
  // The media is fragmented MP4 already: a worker would have nothing to do, and there would be one per tile.
  enableWorker: false,
  startLevel: 0,
  testBandwidth: false,
  enableDateRangeMetadataCues: false,
  enableEmsgMetadataCues: false,
  enableID3MetadataCues: false,
  enableInterstitialPlayback: false,
  // A camera is up from its first picture on, and has nothing to play until its first segment is whole, some two
  // seconds later: 503 till then. So often is asked that this is a start, and not a picture that was interrupted.
  manifestLoadPolicy: {
    default: {
      ...retries(1),
      errorRetry: { maxNumRetry: 7, retryDelayMs: 500, maxRetryDelayMs: 500, backoff: 'linear' },
    },
  },
  // Few: `playback.ts` starts a new player after a rest, and at once when the camera comes back.
  playlistLoadPolicy: { default: retries(3) },
  fragLoadPolicy: { default: retries(3) },
};

/**
 * `lowLatencyMode: false` alone would not do: hls.js 1.7 still sends blocking requests (for a segment's last part)
 * where a playlist offers CAN-BLOCK-RELOAD, and twenty of those hold all six connections of HTTP/1.1. It is the
 * playlist of `?latency=normal` that keeps it from blocking.
 */
const wallConfig: Partial<HlsConfig> = {
  ...sharedConfig,
  lowLatencyMode: false,
  liveSyncDuration: 5,
  liveMaxLatencyDuration: 14,
  maxBufferLength: 7,
  maxMaxBufferLength: 10,
  backBufferLength: 4,
};

const largeConfig: Partial<HlsConfig> = {
  ...sharedConfig,
  lowLatencyMode: true,
  maxLiveSyncPlaybackRate: 1.2,
  maxBufferLength: 8,
  maxMaxBufferLength: 12,
  backBufferLength: 8,
};
