import type { TimeRange } from '../api/footage.ts';
import {
  at,
  between,
  nextFootageMs,
  nextStartMs,
  previousStartMs,
  withMissing,
  type Lane,
  type LaneGap,
  type LaneView,
} from './lane.ts';
import {
  clockAt,
  SeenLengths,
  stepTarget,
  stepTriesMs,
  ticked,
  WAIT_MS,
  type PictureLength,
} from './step.ts';
import { VodPlayer } from './vod-player.ts';

/** How often the cameras are looked at: a screen draws 60 times a second, and a hidden tab nothing at all. */
const LOOK_MS = 40;
/** How often the page is told where the clock is. */
const TELL_MS = 100;
/** Until a video has told how long its pictures last. */
const PICTURE_MS = 40;
const LONGEST_PICTURE_MS = 1_100;
/** Of one camera: beyond it the first is forgotten, and looked for again. */
const MAX_MISSING = 200;
const MAX_STEPS = 5;
const SETTLE_MS = 1_500;
/** A step waits so long for what was sought before it. */
const SOUGHT_MS = 2_000;

export interface StageState {
  /** Unix ms. */
  wallMs: number;
  playing: boolean;
  rate: number;
  /** All wait for one that has no picture yet. */
  waiting: boolean;
  lanes: ReadonlyMap<string, LaneView>;
  /** What of the cameras' footage could not be read, and is passed over. */
  missing: Missing;
}

type Missing = ReadonlyMap<string, readonly LaneGap[]>;

interface Seat {
  player: VodPlayer;
  view: LaneView;
  picture: PictureLength;
  /** Since when the others wait for its picture; undefined: it has one, or needs none. */
  lateSinceMs: number | undefined;
}

/** The cameras of the page, one clock for all of them. */
export class Stage {
  readonly #seats = new Map<string, Seat>();
  /** Also of cameras that are not played: somebody may know when there is footage, and not look at it. */
  readonly #lanes = new Map<string, Lane>();
  /** The same without what could not be read. */
  readonly #readable = new Map<string, Lane>();
  #missing: Missing = new Map();
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
      picture: { ms: PICTURE_MS, measured: false },
      lateSinceMs: undefined,
    };
    this.#seats.set(cameraId, seat);
    const lengths = new SeenLengths();
    seat.player.onPicture = (ms) => {
      // Since it was stepped through, others may come: of another day, or of the night.
      if (seat.picture.measured) lengths.forget();
      seat.picture = lengths.seen(ms);
    };
    seat.player.onMissing = (gap) => {
      const known = this.#missing.get(cameraId) ?? [];
      const others = known.filter(({ fromMs, toMs }) => fromMs < gap.fromMs || gap.toMs < toMs);
      this.#setMissing(cameraId, [...others.slice(1 - MAX_MISSING), gap]);
      this.#look();
      this.#tell();
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
    this.#setMissing(cameraId, this.#missing.get(cameraId) ?? []);
    this.#look();
  }

  seek(wallMs: number): void {
    this.#wallMs = Math.min(Math.max(wallMs, this.#day.fromMs), this.#day.toMs - 1);
    // Whoever goes where something could not be read has it tried once more.
    for (const [cameraId, gaps] of this.#missing) {
      const others = gaps.filter(
        ({ fromMs, toMs }) => this.#wallMs < fromMs || toMs <= this.#wallMs,
      );
      if (others.length < gaps.length) this.#setMissing(cameraId, others);
    }
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
    if (seat?.player.isSettled === false) await seat.player.settled(SOUGHT_MS);
    const shown = seat?.player.shown;
    if (seat === undefined || shown === undefined || this.#playing) return;
    const { spans } = this.#readable.get(cameraId) ?? { spans: [] };
    for (const tryMs of stepTriesMs(seat.picture)) {
      const fromMs = seat.player.wallOf(shown) ?? this.#wallMs;
      const target = stepTarget(spans, fromMs, tryMs, pictures === 1);
      if (target === undefined) break;
      this.seek(target);
      const soughtMs = this.#wallMs;
      await seat.player.settled(SETTLE_MS);
      // Somebody went elsewhere meanwhile.
      if (this.#wallMs !== soughtMs) return;
      const now = seat.player.shown;
      if (now === undefined || now === shown) continue;
      const lastedMs = Math.abs(now - shown) * 1_000;
      if (lastedMs < LONGEST_PICTURE_MS) seat.picture = { ms: lastedMs, measured: true };
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
      [...this.#readable.values()],
      this.#wallMs,
    );
    if (found !== undefined) this.seek(found);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #setMissing(cameraId: string, gaps: readonly LaneGap[]): void {
    const lane = this.#lanes.get(cameraId);
    if (lane === undefined) this.#readable.delete(cameraId);
    else this.#readable.set(cameraId, withMissing(lane, gaps));
    if (gaps === this.#missing.get(cameraId)) return;
    const missing = new Map(this.#missing);
    if (gaps.length === 0) missing.delete(cameraId);
    else missing.set(cameraId, gaps);
    this.#missing = missing;
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
      if (this.#showIn(cameraId, seat, nowMs)) seat.lateSinceMs = undefined;
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
    const lanes = [...this.#readable.values()];
    if (!this.#playing || lanes.length === 0 || lanes.length < this.#seats.size) return;
    if (lanes.some(({ spans }) => at(spans, this.#wallMs) !== undefined)) return;
    const next = nextFootageMs(lanes, this.#wallMs);
    if (next === undefined) this.pause();
    else this.#wallMs = next;
  }

  /** False: the others should wait for it. */
  #showIn(cameraId: string, seat: Seat, nowMs: number): boolean {
    const { player } = seat;
    const lane = this.#readable.get(cameraId);
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
    const limits = between(this.#missing.get(cameraId) ?? [], this.#wallMs, {
      fromMs: this.#day.fromMs,
      toMs: lane.spans.at(-1)?.toMs ?? span.toMs,
    });
    player.show(this.#wallMs, { playing: running, rate: this.#rate }, limits, nowMs);
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
      missing: this.#missing,
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
    one.missing === other.missing &&
    one.lanes.size === other.lanes.size &&
    [...one.lanes].every(([id, view]) => other.lanes.get(id) === view)
  );
}
