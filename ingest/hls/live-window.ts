import { TIMESCALE } from '../fmp4/init.ts';
import type { PartTarget } from '../fmp4/part-target.ts';
import type { ChunkReader } from '../memory/chunk-pool.ts';
import type { Slice } from '../memory/part-writer.ts';
import type { PartRecord } from '../part-records.ts';

/** Bounds of one camera's live window. */
export interface WindowRules {
  /** EXT-X-TARGETDURATION, whole seconds. */
  targetDurationSeconds: number;
  /** Closed segments are kept for at least this long. */
  keepMs: number;
  /** Beyond it the oldest segments go, however young. */
  maxBytes: number;
}

export interface WindowInit {
  runId: string;
  index: number;
  bytes: Buffer;
  codec: string;
  width: number;
  height: number;
}

export interface WindowPart {
  durationTicks: number;
  byteLength: number;
  samples: number;
  independent: boolean;
  slices: readonly Slice[];
  reader: ChunkReader;
  /** Views of the slices, made when first sent: many viewers ask for the same part. */
  views: readonly Buffer[] | undefined;
}

/** The part's bytes where they lie; whoever keeps them holds a lease on its slices. */
export function partBytes(part: WindowPart): readonly Buffer[] {
  part.views ??= part.slices.map(({ chunk, offset, length }) =>
    part.reader.bytes(chunk, offset, length),
  );
  return part.views;
}

export interface WindowSegment {
  mediaSequence: number;
  init: WindowInit;
  /** Wall time of its first picture, Unix ms. */
  startMs: number;
  discontinuity: boolean;
  parts: WindowPart[];
  /** Parts that a playlist names: all, unless one was longer than PART-TARGET; then those before it. */
  listedParts: number;
  durationTicks: number;
  byteLength: number;
  closed: boolean;
}

/** Where a camera's playlists have come to. */
export interface Numbering {
  mediaSequence: number;
  discontinuitySequence: number;
}

/** Somebody waits for a playlist that holds this part, or this whole segment. */
interface Waiter {
  mediaSequence: number;
  part: number | undefined;
  /** It is for media of the run that goes on now: nothing to wait for when that has ended. */
  ofThisRun: boolean;
  wake: () => void;
  giveUp: () => void;
  /** Of `performance.now()`. */
  untilMs: number;
}

/** A wait is given up after so many target durations (RFC 8216bis §6.2.5.2). */
const MAX_WAIT_TARGET_DURATIONS = 3;
/** Requests that wait on one camera at most; a further one is answered at once. */
const MAX_WAITERS = 4_000;
/** However short: a camera of many short segments costs playlists and memory that no byte counts. */
const MAX_SEGMENTS = 200;

/**
 * The latest seconds of one camera, in one continuous numbering over all runs: what its playlists are made of.
 *
 * It owns a lease on every slice that it holds and gives it back when the segment leaves. Media sequence numbers
 * begin at the wall time in seconds, so that after a restart of the process they are higher than any before: segments
 * last about two seconds. Only a camera that breaks more than once a second for long overtakes the clock
 * (gateway/decisions/0002).
 */
export class LiveWindow {
  readonly cameraId: string;
  readonly rules: WindowRules;
  readonly segments: WindowSegment[] = [];
  /** EXT-X-DISCONTINUITY-SEQUENCE. */
  discontinuitySequence: number;
  partTarget: PartTarget | undefined;
  /** A new number whenever a playlist would read differently. */
  version = 0;
  byteLength = 0;
  /** The run goes on: another part may come. */
  running = false;
  totals = { parts: 0, segments: 0, discontinuities: 0 };
  #nextMediaSequence: number;
  #keptTicks = 0;
  /** In the order they came, which is the order in which they give up: all wait equally long. */
  readonly #waiters = new Set<Waiter>();
  #patience: NodeJS.Timeout | undefined;

  /** `before`: of the camera's window before this one, whose viewers go on with this one under the same address. */
  constructor(cameraId: string, rules: WindowRules, nowMs: number, before?: Numbering) {
    this.cameraId = cameraId;
    this.rules = rules;
    this.#nextMediaSequence = Math.max(Math.floor(nowMs / 1000), before?.mediaSequence ?? 0);
    this.discontinuitySequence = Math.max(
      firstDiscontinuitySequence(nowMs),
      // Its first segment does not follow what went before, and no playlist has both.
      before === undefined ? 0 : before.discontinuitySequence + 1,
    );
  }

  /** Of the segment that comes next, were the window empty then. */
  get numbering(): Numbering {
    const within = this.segments.filter(({ discontinuity }) => discontinuity).length;
    return {
      mediaSequence: this.#nextMediaSequence,
      discontinuitySequence: this.discontinuitySequence + within,
    };
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  /** The last segment, if more of it may come. */
  get openSegment(): WindowSegment | undefined {
    const last = this.segments.at(-1);
    return last?.closed === false ? last : undefined;
  }

  /** Number of the segment that is open, or would be next. */
  get openMediaSequence(): number {
    return this.openSegment?.mediaSequence ?? this.#nextMediaSequence;
  }

  add(record: PartRecord, init: WindowInit, reader: ChunkReader): void {
    let segment = this.openSegment;
    if (segment !== undefined && (record.startsSegment || segment.init !== init)) {
      this.#close(segment);
      segment = undefined;
    }
    if (segment === undefined) {
      const before = this.segments.at(-1);
      const discontinuity =
        record.discontinuity || (before !== undefined && before.init !== init) || !this.running;
      segment = {
        mediaSequence: this.#nextMediaSequence++,
        init,
        startMs: record.startMs,
        discontinuity: discontinuity && this.totals.segments > 0,
        parts: [],
        listedParts: 0,
        durationTicks: 0,
        byteLength: 0,
        closed: false,
      };
      this.segments.push(segment);
      this.totals.segments++;
      if (segment.discontinuity) this.totals.discontinuities++;
    }
    this.running = true;
    const allListed = segment.listedParts === segment.parts.length;
    segment.parts.push({
      durationTicks: record.durationTicks,
      byteLength: record.byteLength,
      samples: record.samples,
      independent: record.independent,
      slices: record.slices,
      reader,
      views: undefined,
    });
    if (allListed && record.durationTicks <= (this.partTarget?.ticks ?? 0)) segment.listedParts++;
    segment.durationTicks += record.durationTicks;
    segment.byteLength += record.byteLength;
    this.byteLength += record.byteLength;
    this.#keptTicks += record.durationTicks;
    this.totals.parts++;
    if (record.endsSegment) this.#close(segment);
    this.#evict();
    this.#changed();
  }

  endSegment(): void {
    const segment = this.openSegment;
    if (segment === undefined) return;
    this.#close(segment);
    this.#changed();
  }

  /** The camera's session, or its worker, is over. What is here can still be played. */
  endRun(): void {
    this.running = false;
    const segment = this.openSegment;
    if (segment !== undefined) this.#close(segment);
    this.#changed();
    for (const waiter of this.#waiters) {
      if (!waiter.ofThisRun) continue;
      this.#waiters.delete(waiter);
      waiter.wake();
    }
  }

  /** Gives all media back; numbering goes on where it was. */
  clear(): void {
    while (this.segments.length > 0) this.#drop();
    this.#changed();
  }

  segment(mediaSequence: number): WindowSegment | undefined {
    const first = this.segments[0];
    return first === undefined ? undefined : this.segments[mediaSequence - first.mediaSequence];
  }

  /** Whether a playlist made now would hold this part, or (without one) this whole segment. RFC 8216bis §6.2.5.2. */
  holds(mediaSequence: number, part: number | undefined): boolean {
    const open = this.openMediaSequence;
    if (part === undefined) return mediaSequence < open;
    if (mediaSequence > open) return false;
    if (mediaSequence === open) return part < (this.openSegment?.listedParts ?? 0);
    // A part beyond the segment's last one stands for the first part of the next.
    const segment = this.segment(mediaSequence);
    if (segment === undefined || part < segment.parts.length) return true;
    return this.holds(mediaSequence + 1, 0);
  }

  /**
   * Calls `wake` once when `holds` has become true, or, for media `ofThisRun`, when the run has ended; `giveUp` instead
   * when neither came in time. Returns how to end the wait without either, or undefined when too many wait.
   */
  wait(wanted: {
    mediaSequence: number;
    part: number | undefined;
    ofThisRun: boolean;
    wake: () => void;
    giveUp: () => void;
  }): (() => void) | undefined {
    if (this.#waiters.size >= MAX_WAITERS) return undefined;
    const waiter: Waiter = { ...wanted, untilMs: performance.now() + this.#waitMs };
    this.#waiters.add(waiter);
    // One timer for all who wait: a part has hundreds of them, and hardly one is ever let go by it.
    if (this.#patience === undefined) this.#letGoIn(this.#waitMs);
    return () => this.#waiters.delete(waiter);
  }

  get #waitMs(): number {
    return MAX_WAIT_TARGET_DURATIONS * this.rules.targetDurationSeconds * 1000;
  }

  #letGoIn(ms: number): void {
    this.#patience = setTimeout(() => this.#giveUp(), ms).unref();
  }

  #giveUp(): void {
    this.#patience = undefined;
    const nowMs = performance.now();
    for (const waiter of this.#waiters) {
      const leftMs = waiter.untilMs - nowMs;
      if (leftMs > 0) {
        this.#letGoIn(leftMs);
        return;
      }
      this.#waiters.delete(waiter);
      waiter.giveUp();
    }
  }

  #changed(): void {
    this.version++;
    if (this.#waiters.size === 0) return;
    for (const waiter of this.#waiters) {
      if (!this.holds(waiter.mediaSequence, waiter.part)) continue;
      this.#waiters.delete(waiter);
      waiter.wake();
    }
  }

  #close(segment: WindowSegment): void {
    segment.closed = true;
  }

  #evict(): void {
    const keepTicks = (this.rules.keepMs * TIMESCALE) / 1000;
    for (;;) {
      const oldest = this.segments[0];
      if (oldest === undefined || this.segments.length === 1) return;
      const fits = this.byteLength <= this.rules.maxBytes && this.segments.length <= MAX_SEGMENTS;
      if (fits && this.#keptTicks - oldest.durationTicks < keepTicks) return;
      this.#drop();
    }
  }

  #drop(): void {
    const oldest = this.segments.shift();
    if (oldest === undefined) return;
    if (oldest.discontinuity) this.discontinuitySequence++;
    this.byteLength -= oldest.byteLength;
    this.#keptTicks -= oldest.durationTicks;
    for (const part of oldest.parts) {
      for (const slice of part.slices) part.reader.release(slice.chunk);
    }
  }
}

/**
 * A minute each, so that a restart goes on above what players saw of a camera that breaks less often; yet small, for hls.js keeps
 * an array with this as its index and walks it (1.7.4: a number in the thousand millions stops the browser). Every 45 days it begins
 * again, which a player notices that was there before a restart at that time.
 */
function firstDiscontinuitySequence(nowMs: number): number {
  return Math.floor(nowMs / 60_000) % 0x10000;
}
