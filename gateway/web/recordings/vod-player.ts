import { Events, type ErrorData, type Fragment, type HlsConfig } from 'hls.js';
import { playlistAddress, type TimeRange } from '../api/footage.ts';
import { Hls, hlsSupported } from '../hls-library.ts';
import type { LaneGap } from './lane.ts';
import { damagedOf, lostOf, NOT_LOADED, type PlaylistSegment } from './lost-segments.ts';
import { follow, mediaTimeOf, wallTimeOf } from './step.ts';

/** A playlist covers so much from where it is begun; the server gives two hours at most. */
const WINDOW_MS = 30 * 60_000;
/** And so much before it, for a step backwards. */
const BEFORE_MS = 20_000;
/** Between jumps: the last one is given time to show something. */
const JUMP_REST_MS = 700;
const RETRY_MS = 3_000;
/** Between the end of a seek and its picture, on a machine that is busy: one that was taken for the next would be passed over. */
const DRAWN_MS = 800;
/** So many in a row that cannot be decoded: it is not the files that are damaged. */
const MAX_DAMAGED = 4;

type HlsPlayer = InstanceType<typeof Hls>;
export type PlayerState = 'empty' | 'loading' | 'ready' | 'failed' | 'unplayable';

/** Footage of one camera in a video element, by wall time. Loads a playlist around the time that is asked for. */
export class VodPlayer {
  readonly #video: HTMLVideoElement;
  readonly #cameraId: string;
  #hls: HlsPlayer | undefined;
  #window: TimeRange | undefined;
  #segments: readonly PlaylistSegment[] = [];
  #state: PlayerState = 'empty';
  #jumpedAtMs = 0;
  #failedAtMs = 0;
  #shown: number | undefined;
  /** A picture was sought, and none has been drawn since. */
  #isSought = false;
  #frameRequest = 0;
  /** That are damaged, since one was shown. */
  #damaged = 0;
  /** As the media element was given it last. */
  #appending: Fragment | undefined;
  readonly #elementFailed = (): void => this.#notDecoded();
  /** Some of its footage cannot be read, and is not tried again. */
  onMissing: (gap: LaneGap) => void = () => undefined;
  /** Told while it plays how long its pictures last, ms. */
  onPicture: (ms: number) => void = () => undefined;

  constructor(video: HTMLVideoElement, cameraId: string) {
    this.#video = video;
    this.#cameraId = cameraId;
    // The attribute alone does not mute in React; a video with sound would not start by itself.
    video.muted = true;
    if (!hlsSupported) this.#state = 'unplayable';
    if ('requestVideoFrameCallback' in video) this.#watchPictures();
    video.addEventListener('error', this.#elementFailed);
  }

  /** Media time at which the picture that is shown begins, s. */
  get shown(): number | undefined {
    return this.#shown;
  }

  /** Wall time of a media time. */
  wallOf(mediaTime: number): number | undefined {
    return wallTimeOf(this.#segments, mediaTime);
  }

  /** What was sought last is drawn, as far as can be told. */
  get isSettled(): boolean {
    return !this.#video.seeking && !this.#isSought && this.#segments.length > 0;
  }

  /** Resolves when what was sought is shown, or when it takes too long. */
  async settled(withinMs: number): Promise<void> {
    const untilMs = performance.now() + withinMs;
    let drawnByMs = untilMs;
    do {
      await new Promise((resolve) => setTimeout(resolve, 20));
      // The picture itself is drawn after that; the same once more may be told of by no browser.
      if (!this.#video.seeking && drawnByMs === untilMs) drawnByMs = performance.now() + DRAWN_MS;
    } while (performance.now() < Math.min(untilMs, drawnByMs) && !this.isSettled);
  }

  get state(): PlayerState {
    return this.#state;
  }

  get video(): HTMLVideoElement {
    return this.#video;
  }

  /** Wall time of what is shown, Unix ms. */
  get wallMs(): number | undefined {
    if (
      this.#segments.length === 0 ||
      this.#video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA
    ) {
      return undefined;
    }
    return wallTimeOf(this.#segments, this.#video.currentTime);
  }

  /** The picture of the time that was asked for last is there, and while playing some more. */
  isReady(playing: boolean): boolean {
    const { readyState, seeking } = this.#video;
    const needed = playing ? HTMLMediaElement.HAVE_FUTURE_DATA : HTMLMediaElement.HAVE_CURRENT_DATA;
    return this.#state === 'ready' && !seeking && readyState >= needed;
  }

  /** Shows the picture of `wallMs`, and plays on from it; called many times a second. `limits`: of what can be read around it. */
  show(
    wallMs: number,
    run: { playing: boolean; rate: number },
    limits: TimeRange,
    nowMs: number,
  ): void {
    if (this.#state === 'unplayable') return;
    if (this.#state === 'failed') {
      if (nowMs - this.#failedAtMs < RETRY_MS) return;
      this.#window = undefined;
    }
    if (this.#window === undefined || wallMs < this.#window.fromMs || wallMs >= this.#window.toMs) {
      this.#load(wallMs, limits);
      return;
    }
    if (this.#segments.length === 0) return;
    const video = this.#video;
    const move = follow({ wallMs: this.wallMs, ready: true }, wallMs, run);
    if (move.kind === 'jump') {
      if (!video.seeking || nowMs - this.#jumpedAtMs > JUMP_REST_MS) {
        this.#jump(wallMs, run.playing, nowMs);
      }
    } else if (run.playing) {
      if (Math.abs(video.playbackRate - move.rate) > 0.01) video.playbackRate = move.rate;
    }
    if (run.playing && video.paused) this.#play();
    if (!run.playing && !video.paused) video.pause();
  }

  pause(): void {
    if (!this.#video.paused) this.#video.pause();
  }

  destroy(): void {
    this.#video.removeEventListener('error', this.#elementFailed);
    if (this.#frameRequest !== 0) this.#video.cancelVideoFrameCallback(this.#frameRequest);
    this.#hls?.destroy();
    this.#hls = undefined;
    // Frees the decoder: an element without a source keeps its last one otherwise.
    this.#video.removeAttribute('src');
    this.#video.load();
  }

  #jump(wallMs: number, playing: boolean, nowMs: number): void {
    // While playing, a jump that has just been made is still finding its picture.
    if (playing && nowMs - this.#jumpedAtMs < JUMP_REST_MS) return;
    const mediaTime = mediaTimeOf(this.#segments, wallMs);
    if (mediaTime === undefined) return;
    // Already there: the wall time lies in a hole of the footage.
    if (Math.abs(this.#video.currentTime - mediaTime) < 0.005) return;
    this.#jumpedAtMs = nowMs;
    this.#isSought = 'requestVideoFrameCallback' in this.#video;
    this.#video.currentTime = mediaTime;
  }

  #watchPictures(): void {
    const video = this.#video;
    const seen: VideoFrameRequestCallback = (_now, { mediaTime }) => {
      const ms = this.#shown === undefined ? 0 : (mediaTime - this.#shown) * 1_000;
      this.#shown = mediaTime;
      // One that was on its way already is not the one.
      if (!video.seeking) this.#isSought = false;
      if (!video.paused) this.#damaged = 0;
      // Two in a row, not a jump, and none left out between.
      const plays = !video.paused && !video.seeking && video.playbackRate < 1.2;
      if (plays && ms > 5 && ms < 1_100) this.onPicture(ms);
      this.#frameRequest = video.requestVideoFrameCallback(seen);
    };
    this.#frameRequest = video.requestVideoFrameCallback(seen);
  }

  #play(): void {
    this.#video.play().catch(() => {
      // Taken away, or paused again, before it began; the next look at it plays.
    });
  }

  #load(wallMs: number, limits: TimeRange): void {
    const range = {
      fromMs: Math.floor(Math.max(limits.fromMs, wallMs - BEFORE_MS)),
      toMs: Math.ceil(Math.max(wallMs + 1, Math.min(limits.toMs, wallMs + WINDOW_MS))),
    };
    this.#window = range;
    // Media times are of the playlist.
    this.#shown = undefined;
    this.#segments = [];
    this.#state = 'loading';
    this.#hls?.destroy();
    const hls = new Hls(config);
    this.#hls = hls;
    hls.on(Events.LEVEL_LOADED, (_event, { details }) => {
      this.#segments = timed(details.fragments);
      hls.startLoad(mediaTimeOf(this.#segments, wallMs) ?? 0);
    });
    // Times are known more exactly once the media itself was read.
    hls.on(Events.LEVEL_UPDATED, (_event, { details }) => {
      this.#segments = timed(details.fragments);
    });
    hls.on(Events.FRAG_LOADED, (_event, { frag }) => {
      this.#appending = frag;
    });
    hls.on(Events.FRAG_BUFFERED, () => {
      this.#state = 'ready';
    });
    hls.on(Events.ERROR, (_event, error) => {
      const details: string = error.details;
      const lost = lostOf(error, this.#segments);
      if (lost === undefined) {
        if (error.fatal) this.#fail(error);
      } else if (details === NOT_LOADED) this.#pass(lost);
      else this.#passDamaged(lost);
    });
    hls.loadSource(playlistAddress(this.#cameraId, range));
    hls.attachMedia(this.#video);
  }

  #fail({ details }: ErrorData): void {
    this.#state = codecErrors.has(details) ? 'unplayable' : 'failed';
    this.#failedAtMs = performance.now();
    this.#end();
  }

  #end(): void {
    this.#hls?.destroy();
    this.#hls = undefined;
  }

  /** What is lost is not waited for: whoever is told looks for what comes after it. */
  #pass(lost: LaneGap): void {
    this.#end();
    this.#state = 'empty';
    this.#window = undefined;
    this.onMissing(lost);
  }

  /** The element gives up for good: at what it was given last, or at the picture that it was to show. */
  #notDecoded(): void {
    const { error, currentTime } = this.#video;
    if (error === null || this.#hls === undefined) return;
    const start = error.message.includes('CHUNK_DEMUXER') ? this.#appending?.start : currentTime;
    const segment = this.#segments.find(
      (each) => (start ?? 0) < each.start + each.duration - 0.002,
    );
    this.#passDamaged(segment && damagedOf(segment));
  }

  #passDamaged(damaged: LaneGap | undefined): void {
    if (damaged !== undefined && ++this.#damaged <= MAX_DAMAGED) {
      this.#pass(damaged);
      return;
    }
    this.#state = 'unplayable';
    this.#end();
  }
}

const codecErrors = new Set<string>([
  'manifestIncompatibleCodecsError',
  'bufferAddCodecError',
  'bufferIncompatibleCodecsError',
]);

function timed(fragments: readonly Fragment[]): PlaylistSegment[] {
  return fragments.flatMap(({ start, duration, programDateTime, relurl = '' }) =>
    programDateTime === null ? [] : [{ start, duration, programDateTime, address: relurl }],
  );
}

const config: Partial<HlsConfig> = {
  // Where to begin is known when the playlist is read.
  autoStartLoad: false,
  // The media is fragmented MP4 already: a worker would have nothing to do, and there would be one for each camera.
  enableWorker: false,
  startLevel: 0,
  testBandwidth: false,
  enableDateRangeMetadataCues: false,
  enableEmsgMetadataCues: false,
  enableID3MetadataCues: false,
  enableInterstitialPlayback: false,
  maxBufferLength: 20,
  maxMaxBufferLength: 40,
  backBufferLength: 30,
};
