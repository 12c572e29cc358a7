import { isPlayableHere } from './codec-support.ts';
import { startPlayer, type LivePlayer, type PlayMode } from './hls-player.ts';
import {
  decidePlayback,
  detached,
  failed,
  moved,
  pictured,
  type Playback,
  type PlaybackLimits,
  type Tile,
} from './playback.ts';
import type { LiveState } from './wire.ts';

/** What a tile says about its picture. */
export type TilePicture =
  'none' | 'queued' | 'starting' | 'playing' | 'resting' | 'touch-needed' | 'unplayable';

export interface TileElements {
  /** Seen or not seen: the IntersectionObserver watches this. */
  frame: Element;
  video: HTMLVideoElement;
  /** Takes the last picture when the player goes, so that the tile does not turn black. */
  still: HTMLCanvasElement;
}

/** A tile counts as seen from this part of it on; with no margin, so that nothing loads before it is looked at. */
const seenFromRatio = 0.02;
/** Width of a kept last picture in pixels. */
const stillWidth = 480;

interface Entry {
  elements: TileElements;
  live: LiveState | undefined;
  inView: boolean;
  playback: Playback;
  player: LivePlayer | undefined;
  /** The `since` of the run in which the browser refused the codec after all. */
  refusedCodecSince: string | null;
  touchNeeded: boolean;
  picture: TilePicture;
  listener: (picture: TilePicture) => void;
}

/** Holds the players of the tiles on the page and carries out what `decidePlayback` decides. */
export class Players {
  readonly #mode: PlayMode;
  readonly #limits: PlaybackLimits;
  readonly #entries = new Map<string, Entry>();
  readonly #observer: IntersectionObserver;
  readonly #now: () => number;
  #watched = true;
  #reviewing = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: { mode: PlayMode; limits: PlaybackLimits; now: () => number }) {
    this.#mode = options.mode;
    this.#limits = options.limits;
    this.#now = options.now;
    this.#observer = new IntersectionObserver(
      (changes) => {
        for (const { target, isIntersecting, intersectionRatio } of changes) {
          const inView = isIntersecting && intersectionRatio >= seenFromRatio;
          for (const entry of this.#entries.values()) {
            if (entry.elements.frame === target) entry.inView = inView;
          }
        }
        this.#review();
      },
      { threshold: [0, seenFromRatio] },
    );
  }

  get limits(): PlaybackLimits {
    return this.#limits;
  }

  /** A tile came onto the page. Returns what takes it off again. One tile per camera. */
  add(
    cameraId: string,
    elements: TileElements,
    listener: (picture: TilePicture) => void,
  ): () => void {
    const entry: Entry = {
      elements,
      live: undefined,
      // The large view covers the page: it need not wait a frame to be told that it is seen.
      inView: this.#mode === 'large',
      playback: detached,
      player: undefined,
      refusedCodecSince: null,
      touchNeeded: false,
      picture: 'none',
      listener,
    };
    this.#entries.set(cameraId, entry);
    this.#observer.observe(elements.frame);
    return () => {
      this.#observer.unobserve(elements.frame);
      this.#take(entry, detached);
      if (this.#entries.get(cameraId) === entry) this.#entries.delete(cameraId);
      this.#review();
    };
  }

  setLive(cameraId: string, live: LiveState | undefined): void {
    const entry = this.#entries.get(cameraId);
    if (!entry || entry.live === live) return;
    entry.live = live;
    this.#review();
  }

  /** False while the tab is hidden or another view covers these tiles: every player goes, every request with it. */
  setWatched(watched: boolean): void {
    if (this.#watched === watched) return;
    this.#watched = watched;
    this.#review();
  }

  /** The user touched the page: what the browser refused to start may start now. */
  touched(): void {
    for (const entry of this.#entries.values()) {
      if (!entry.touchNeeded) continue;
      entry.touchNeeded = false;
      entry.player?.play();
    }
    this.#review();
  }

  player(cameraId: string): LivePlayer | undefined {
    return this.#entries.get(cameraId)?.player;
  }

  /** Gathers the changes of one turn into one decision. */
  #review(): void {
    if (this.#reviewing) return;
    this.#reviewing = true;
    queueMicrotask(() => {
      this.#reviewing = false;
      this.#decide();
    });
  }

  #decide(): void {
    clearTimeout(this.#timer);
    const nowMs = this.#now();
    const tiles = new Map<string, Tile>();
    for (const [cameraId, entry] of this.#inDocumentOrder()) tiles.set(cameraId, tileOf(entry));
    const decision = decidePlayback(tiles, this.#watched, this.#limits, nowMs);
    for (const { cameraId, playback } of decision.detach) {
      const entry = this.#entries.get(cameraId);
      if (entry) this.#take(entry, playback);
    }
    for (const { cameraId, playback } of decision.attach) {
      const entry = this.#entries.get(cameraId);
      if (entry) this.#give(cameraId, entry, playback);
    }
    for (const [cameraId, entry] of this.#entries) {
      const picture = pictureOf(entry, decision.queued.has(cameraId));
      if (picture === entry.picture) continue;
      entry.picture = picture;
      entry.listener(picture);
    }
    if (decision.againAtMs !== null) {
      this.#timer = setTimeout(() => this.#decide(), Math.max(0, decision.againAtMs - nowMs));
    }
  }

  #inDocumentOrder(): [string, Entry][] {
    return [...this.#entries].toSorted(([, a], [, b]) =>
      a.elements.frame.compareDocumentPosition(b.elements.frame) & Node.DOCUMENT_POSITION_FOLLOWING
        ? -1
        : 1,
    );
  }

  #give(cameraId: string, entry: Entry, playback: Playback): void {
    entry.playback = playback;
    entry.touchNeeded = false;
    entry.player = startPlayer({
      video: entry.elements.video,
      cameraId,
      mode: this.#mode,
      events: {
        firstPicture: () => {
          entry.playback = pictured(entry.playback, this.#now());
          this.#review();
        },
        moved: () => {
          entry.playback = moved(entry.playback, this.#now());
        },
        failed: (cause) => {
          if (cause === 'codec') entry.refusedCodecSince = entry.live?.since ?? null;
          this.#take(entry, failed(entry.playback, this.#limits, this.#now()));
          this.#review();
        },
        touchNeeded: () => {
          entry.touchNeeded = true;
          this.#review();
        },
      },
    });
  }

  #take(entry: Entry, playback: Playback): void {
    if (entry.player) {
      keepStill(entry.elements);
      entry.player.destroy();
    }
    entry.player = undefined;
    entry.playback = playback;
    entry.touchNeeded = false;
  }
}

function tileOf(entry: Entry): Tile {
  return {
    inView: entry.inView,
    state: entry.live?.state ?? 'not-linked',
    since: entry.live?.since ?? '',
    playable: isPlayable(entry),
    playback: entry.playback,
  };
}

function isPlayable({ live, refusedCodecSince }: Entry): boolean {
  if (live === undefined) return false;
  return refusedCodecSince !== live.since && isPlayableHere(live.codec);
}

function pictureOf(entry: Entry, queued: boolean): TilePicture {
  if (entry.live?.state === 'up' && !isPlayable(entry)) return 'unplayable';
  if (queued) return 'queued';
  if (entry.touchNeeded) return 'touch-needed';
  const { phase } = entry.playback;
  if (phase !== 'detached') return phase;
  // Waits for its turn to start.
  return entry.live?.state === 'up' ? 'starting' : 'none';
}

function keepStill({ video, still }: TileElements): void {
  if (video.videoWidth === 0 || video.currentTime === 0) return;
  still.width = stillWidth;
  still.height = Math.round((stillWidth * video.videoHeight) / video.videoWidth);
  still.getContext('2d')?.drawImage(video, 0, 0, still.width, still.height);
  still.dataset['kept'] = 'true';
}
