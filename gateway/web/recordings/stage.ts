import type { TimeRange } from '../api/footage.ts';
import { at, nextFootageMs, nextStartMs, previousStartMs, type Lane } from './lane.ts';
import { clockAt, stepTarget, ticked, WAIT_MS } from './step.ts';
import { VodPlayer } from './vod-player.ts';

/** How often the cameras are looked at: a screen draws 60 times a second, and a hidden tab nothing at all. */
const LOOK_MS = 40;
/** How often the page is told where the clock is. */
const TELL_MS = 100;
/** Until a video has told how long its pictures last. */
const PICTURE_MS = 40;
const LONGEST_PICTURE_MS = 1_100;
/** A step is tried over so many pictures' length, until another picture shows. */
const STEP_LENGTHS = [1, 2, 4, 8, 16, 25];
const MAX_STEPS = 5;
const SETTLE_MS = 250;
/** A step waits so long for what was sought before it. */
const SOUGHT_MS = 2_000;

/** What a camera shows. */
export type LaneView =
  /** Its timeline is being read, or could not be. */
  | 'unknown'
  | 'picture'
  | 'loading'
  /** Nothing was recorded at this moment. */
  | 'gap'
  | 'failed'
  | 'unplayable';

export interface StageState {
  /** Unix ms. */
  wallMs: number;
  playing: boolean;
  rate: number;
  /** All wait for one that has no picture yet. */
  waiting: boolean;
  lanes: ReadonlyMap<string, LaneView>;
}

interface Seat {
  player: VodPlayer;
  view: LaneView;
  pictureMs: number;
  /** Since when the others wait for its picture; undefined: it has one, or needs none. */
  lateSinceMs: number | undefined;
}

/** The cameras of the page, one clock for all of them. */
export class Stage {
  readonly #seats = new Map<string, Seat>();
  /** Also of cameras that are not played: somebody may know when there is footage, and not look at it. */
  readonly #lanes = new Map<string, Lane>();
  readonly #listeners = new Set<() => void>();
  #timer: ReturnType<typeof setInterval> | undefined;
  readonly #day: TimeRange;
  #wallMs: number;
  #playing = false;
  #rate = 1;
  #waiting = false;
  #steps = 0;
  #stepped: Promise<void> = Promise.resolve();
  #lookedAtMs = performance.now();
  #toldAtMs = 0;
  #state: StageState;

  constructor(day: TimeRange, atMs: number) {
    this.#day = day;
    this.#wallMs = atMs;
    this.#state = this.#snapshot();
  }

  start(): void {
    this.#timer ??= setInterval(() => this.#look(), LOOK_MS);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly state = (): StageState => this.#state;

  /** A camera came onto the page. Returns what takes it off again. */
  add(cameraId: string, video: HTMLVideoElement): () => void {
    const seat: Seat = {
      player: new VodPlayer(video, cameraId),
      view: 'unknown',
      pictureMs: PICTURE_MS,
      lateSinceMs: undefined,
    };
    this.#seats.set(cameraId, seat);
    seat.player.onPicture = (ms) => {
      seat.pictureMs = ms;
    };
    return () => {
      seat.player.destroy();
      if (this.#seats.get(cameraId) === seat) this.#seats.delete(cameraId);
      this.#tell();
    };
  }

  /** What is recorded of a camera. Undefined: its timeline is being read, or it is not on the page any more. */
  setLane(cameraId: string, lane: Lane | undefined): void {
    if (lane === undefined) this.#lanes.delete(cameraId);
    else this.#lanes.set(cameraId, lane);
    this.#look();
  }

  seek(wallMs: number): void {
    this.#wallMs = Math.min(Math.max(wallMs, this.#day.fromMs), this.#day.toMs - 1);
    this.#waiting = false;
    for (const seat of this.#seats.values()) seat.lateSinceMs = undefined;
    this.#look();
    this.#tell();
  }

  play(): void {
    if (this.#wallMs >= this.#day.toMs - 1) return;
    this.#playing = true;
    this.#tell();
  }

  pause(): void {
    this.#playing = false;
    for (const { player } of this.#seats.values()) player.pause();
    this.#tell();
  }

  setRate(rate: number): void {
    this.#rate = rate;
    this.#tell();
  }

  /**
   * One picture of the first camera that has one, on or back. How long its pictures last is known once some were seen;
   * until then it goes further until another one shows.
   */
  step(pictures: 1 | -1): void {
    this.pause();
    // A key that is held down makes many; each begins where the one before has come to.
    if (this.#steps >= MAX_STEPS) return;
    this.#steps++;
    this.#stepped = this.#stepAfter(this.#stepped, pictures);
  }

  async #stepAfter(before: Promise<void>, pictures: 1 | -1): Promise<void> {
    await before;
    await this.#step(pictures);
    this.#steps--;
  }

  async #step(pictures: 1 | -1): Promise<void> {
    const [cameraId, seat] =
      [...this.#seats].find(([, { view }]) => view === 'picture') ?? nobodySeated;
    // A step begins at the picture that was sought just before, not at the one that is still drawn.
    if (seat?.player.isReady(false) === false) await seat.player.settled(SOUGHT_MS);
    const shown = seat?.player.shown;
    if (seat === undefined || shown === undefined || this.#playing) return;
    const { spans } = this.#lanes.get(cameraId) ?? { spans: [] };
    for (const lengths of STEP_LENGTHS) {
      const fromMs = seat.player.wallOf(shown) ?? this.#wallMs;
      const target = stepTarget(spans, fromMs, seat.pictureMs * lengths, pictures === 1);
      if (target === undefined) break;
      this.seek(target);
      const soughtMs = this.#wallMs;
      await seat.player.settled(SETTLE_MS);
      // Somebody went elsewhere meanwhile.
      if (this.#wallMs !== soughtMs) return;
      const now = seat.player.shown;
      if (now === undefined || now === shown) continue;
      const lastedMs = Math.abs(now - shown) * 1_000;
      // Gone too far tells nothing of how long one lasts.
      if (lastedMs < LONGEST_PICTURE_MS && lengths > 1) seat.pictureMs = lastedMs;
      break;
    }
    // The picture that is shown says what time it is: what was tried on the way to it is no time of another one.
    const at = seat.player.shown;
    const atMs = at === undefined ? undefined : seat.player.wallOf(at);
    if (atMs !== undefined) this.seek(clockAt(atMs));
  }

  /** To the beginning of the next stretch of footage, or of the one before. */
  toStretch(forward: boolean): void {
    const found = (forward ? nextStartMs : previousStartMs)(
      [...this.#lanes.values()],
      this.#wallMs,
    );
    if (found !== undefined) this.seek(found);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    const nowMs = performance.now();
    const elapsedMs = nowMs - this.#lookedAtMs;
    this.#lookedAtMs = nowMs;
    const before = this.#wallMs;
    if (this.#playing && !this.#waiting) {
      this.#wallMs = ticked(before, elapsedMs, this.#rate, this.#leaderMs());
    }
    this.#skipWhatNobodyHas();
    let waits = false;
    for (const [cameraId, seat] of this.#seats) {
      if (this.#showIn(seat, this.#lanes.get(cameraId), nowMs)) seat.lateSinceMs = undefined;
      else seat.lateSinceMs ??= nowMs;
      // Longer than that it is left behind: the others go on, and it comes after them when it can.
      if (seat.lateSinceMs !== undefined && nowMs - seat.lateSinceMs < WAIT_MS) waits = true;
    }
    this.#waiting = waits && this.#playing;
    if (nowMs - this.#toldAtMs >= TELL_MS) this.#tell();
  }

  /** Wall time of the first picture that plays. */
  #leaderMs(): number | undefined {
    for (const { view, player } of this.#seats.values()) {
      if (view === 'picture' && player.isReady(true)) return player.wallMs;
    }
    return undefined;
  }

  #skipWhatNobodyHas(): void {
    const lanes = [...this.#lanes.values()];
    if (!this.#playing || lanes.length === 0 || lanes.length < this.#seats.size) return;
    if (lanes.some(({ spans }) => at(spans, this.#wallMs) !== undefined)) return;
    const next = nextFootageMs(lanes, this.#wallMs);
    if (next === undefined) this.pause();
    else this.#wallMs = next;
  }

  /** False: the others should wait for it. */
  #showIn(seat: Seat, lane: Lane | undefined, nowMs: number): boolean {
    const { player } = seat;
    if (lane === undefined) {
      seat.view = 'unknown';
      player.pause();
      return true;
    }
    const span = at(lane.spans, this.#wallMs);
    if (span === undefined) {
      seat.view = 'gap';
      player.pause();
      return true;
    }
    const running = this.#playing && !this.#waiting;
    const limitMs = lane.spans.at(-1)?.toMs ?? span.toMs;
    player.show(this.#wallMs, { playing: running, rate: this.#rate }, limitMs, nowMs);
    if (player.state === 'failed' || player.state === 'unplayable') {
      seat.view = player.state;
      return true;
    }
    const ready = player.isReady(false);
    // A picture that is being looked for hides the one before it only when that is of another time.
    seat.view = ready
      ? 'picture'
      : seat.view === 'picture' && player.state === 'ready'
        ? 'picture'
        : 'loading';
    return player.isReady(this.#playing);
  }

  #snapshot(): StageState {
    return {
      wallMs: this.#wallMs,
      playing: this.#playing,
      rate: this.#rate,
      waiting: this.#waiting,
      lanes: new Map([...this.#seats].map(([id, { view }]) => [id, view])),
    };
  }

  #tell(): void {
    this.#toldAtMs = performance.now();
    const next = this.#snapshot();
    if (isSame(next, this.#state)) return;
    this.#state = next;
    for (const listener of this.#listeners) listener();
  }
}

const nobodySeated = ['', undefined] as const;

function isSame(one: StageState, other: StageState): boolean {
  return (
    one.wallMs === other.wallMs &&
    one.playing === other.playing &&
    one.rate === other.rate &&
    one.waiting === other.waiting &&
    one.lanes.size === other.lanes.size &&
    [...one.lanes].every(([id, view]) => other.lanes.get(id) === view)
  );
}
