import { DatabaseUnavailable } from '#registry/database/database.ts';
import { closeGap, explainGap, insertGap, openGap } from './catalogue/gaps.ts';
import {
  insertOpened,
  lastEndMs,
  markSpooled,
  type RecordedClocks,
} from './catalogue/recordings.ts';
import type { Catalogue, GapCause } from './catalogue/tables.ts';
import { gapCause } from './gap-cause.ts';
import type { OpenRecordings } from './open-recordings.ts';
import type { FinishedRecording, FromRecorder } from './recorder-protocol.ts';
import { decodeFragments, fragmentEndMs } from './spool/fragment-index.ts';
import type { NotRecorded } from './storage-notices.ts';

/** A hole within a recording is a gap from this on: pictures may be a second apart. */
const HOLE_MS = 1_000;
/** Steps that wait for the database. One more is given up: what it told lies in the spool, and recovery reads it there. */
const MAX_WAITING = 10_000;
const RETRY_MS = 1_000;
/** A gap that began with the process, until the camera's first picture, or what keeps it from giving one. */
export const STARTING = 'starting';

/**
 * What recorders tell, into the catalogue: rows of recordings, and between them a gap with its cause. Words are taken
 * in the order in which they come; while the database does not answer they wait.
 */
export class RecordingKeeper {
  readonly #catalogue: Catalogue;
  readonly #open: OpenRecordings;
  readonly #newId: () => string;
  readonly #log: (event: string, fields: Record<string, unknown>) => void;
  readonly #onSpooled: () => void;
  readonly #onNotRecorded: (reason: NotRecorded) => void;
  readonly #onGivenUp: () => void;
  readonly #clocksOf: (cameraId: string) => RecordedClocks;
  /** Why a camera's stream, or its recording, ended last. */
  readonly #reasons = new Map<string, { cause: GapCause; detail: string }>();
  /** Cameras that have given no picture since the process began. */
  readonly #starting = new Set<string>();
  /** Cameras whose gap, if there was one, is closed: their next recording needs no look. */
  readonly #covered = new Set<string>();
  /** Parts of theirs were passed over since their last whole recording. */
  readonly #behind = new Set<string>();
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;
  #gaveUp = false;
  #stopping = false;

  constructor(options: {
    catalogue: Catalogue;
    open: OpenRecordings;
    newId: () => string;
    log: (event: string, fields: Record<string, unknown>) => void;
    /** Something is whole on the disk, and may be put into the store. */
    onSpooled: () => void;
    /** A camera could not be recorded; told again at every try. */
    onNotRecorded: (reason: NotRecorded) => void;
    /** The database answers again, and steps were given up meanwhile: what they told lies in the spool. */
    onGivenUp: () => void;
    clocksOf: (cameraId: string) => RecordedClocks;
  }) {
    this.#onNotRecorded = options.onNotRecorded;
    this.#onGivenUp = options.onGivenUp;
    this.#clocksOf = options.clocksOf;
    this.#catalogue = options.catalogue;
    this.#open = options.open;
    this.#newId = options.newId;
    this.#log = options.log;
    this.#onSpooled = options.onSpooled;
  }

  /** Recording of a camera begins with the process, or is turned on: until its first picture there is a gap. */
  start(cameraId: string, sinceMs: number): void {
    this.#starting.add(cameraId);
    this.#step(() => this.#gap(cameraId, sinceMs, { cause: 'gateway', detail: STARTING }));
  }

  progress({ opened, grown, finished, failed }: FromRecorder): void {
    for (const recording of opened) this.#open.opened(recording);
    for (const recording of grown) this.#open.grown(recording);
    for (const { cameraId, full } of failed) {
      const detail = full ? 'disk-full' : 'spool-failed';
      this.#onNotRecorded(detail);
      // It is tried again every few seconds.
      if (this.#reasons.get(cameraId)?.detail !== detail) {
        this.#log('camera not recorded', { cameraId, reason: detail });
      }
      const why = { cause: 'storage' as const, detail };
      this.#reasons.set(cameraId, why);
      this.#explainStart(cameraId, why);
    }
    if (opened.length + finished.length + failed.length === 0) return;
    this.#step(async () => {
      await insertOpened(this.#catalogue, opened);
      await this.#finish(finished);
      for (const { cameraId, atMs } of failed) await this.#gap(cameraId, Math.round(atMs));
      for (const { cameraId, startMs } of opened) await this.#began(cameraId, startMs);
    });
  }

  /** A camera's session ended; its recorder tells of its last recording after this. */
  runEnded(cameraId: string, reason: string): void {
    const why = { cause: gapCause(reason), detail: reason };
    this.#reasons.set(cameraId, why);
    this.#explainStart(cameraId, why);
  }

  /**
   * The recorder of these cameras died: `recover` finishes what it left, and from there on nothing is recorded until the
   * next one begins.
   */
  recorderDied(cameraIds: readonly string[], recover: () => Promise<void>, atMs: number): void {
    this.#step(async () => {
      await recover();
      for (const cameraId of cameraIds) {
        const endMs = (await lastEndMs(this.#catalogue, cameraId)) ?? atMs;
        await this.#gap(cameraId, Math.min(endMs, atMs), {
          cause: 'gateway',
          detail: 'recorder-restarted',
        });
      }
    });
  }

  /** Parts were not recorded, for the recorder is behind. Where, the recording's own fragments will tell. */
  passedOver(cameraIds: readonly string[]): void {
    this.#onNotRecorded('recorder-behind');
    for (const cameraId of cameraIds) {
      if (!this.#behind.has(cameraId)) {
        this.#log('camera not recorded', { cameraId, reason: 'recorder-behind' });
      }
      this.#behind.add(cameraId);
    }
  }

  /** Resolves when all that was told is in the catalogue, or has failed once more. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#last;
  }

  async #finish(finished: readonly FinishedRecording[]): Promise<void> {
    if (finished.length === 0) return;
    await markSpooled(this.#catalogue, finished, this.#clocksOf);
    for (const recording of finished) {
      const { recordingId, cameraId, endMs, endReason } = recording;
      this.#open.finished(recordingId);
      await this.#holes(recording);
      if (endReason === 'run-ended' || endReason === 'recording-off') {
        await this.#gap(cameraId, endMs);
      } else if (endReason === 'stopped') {
        await this.#gap(cameraId, endMs, { cause: 'gateway', detail: 'stopped' });
      }
    }
    this.#onSpooled();
  }

  async #holes({ cameraId, fragmentIndex }: FinishedRecording): Promise<void> {
    const fragments = decodeFragments(fragmentIndex);
    const behind = this.#behind.delete(cameraId);
    for (const [i, fragment] of fragments.entries()) {
      const before = fragments[i - 1];
      const startMs = before === undefined ? fragment.startMs : Math.round(fragmentEndMs(before));
      if (fragment.startMs - startMs <= HOLE_MS) continue;
      await insertGap(this.#catalogue, this.#newId(), {
        cameraId,
        startMs,
        endMs: fragment.startMs,
        cause: behind ? 'storage' : 'network',
        detail: behind ? 'recorder-behind' : 'lost-pictures',
      });
    }
  }

  async #began(cameraId: string, startMs: number): Promise<void> {
    this.#starting.delete(cameraId);
    this.#reasons.delete(cameraId);
    if (this.#covered.has(cameraId)) return;
    await closeGap(this.#catalogue, cameraId, startMs);
    this.#covered.add(cameraId);
  }

  async #gap(
    cameraId: string,
    startMs: number,
    why: { cause: GapCause; detail: string } | undefined = this.#reasons.get(cameraId),
  ): Promise<void> {
    this.#covered.delete(cameraId);
    const { cause, detail } = why ?? { cause: 'gateway', detail: null };
    await openGap(this.#catalogue, this.#newId(), { cameraId, startMs, cause, detail });
  }

  /** What keeps a camera from its first recording since the process began is the cause of all that gap. */
  #explainStart(cameraId: string, why: { cause: GapCause; detail: string }): void {
    if (!this.#starting.delete(cameraId)) return;
    this.#step(() => explainGap(this.#catalogue, cameraId, STARTING, why));
  }

  #step(step: () => Promise<void>): void {
    if (this.#waiting >= MAX_WAITING) {
      if (!this.#gaveUp) this.#log('catalogue steps given up', { waiting: this.#waiting });
      this.#gaveUp = true;
      return;
    }
    this.#waiting++;
    this.#last = this.#after(this.#last, step);
  }

  async #after(before: Promise<void>, step: () => Promise<void>): Promise<void> {
    await before;
    await this.#untilDone(step);
    if (--this.#waiting > 0 || !this.#gaveUp) return;
    this.#gaveUp = false;
    this.#onGivenUp();
  }

  async #untilDone(step: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        await step();
        return;
      } catch (error) {
        this.#log('catalogue not written', { err: error });
        // What is wrong with the step itself will not pass.
        if (!(error instanceof DatabaseUnavailable) || this.#stopping) return;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
      }
    }
  }
}
