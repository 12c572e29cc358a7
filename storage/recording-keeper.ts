import { DatabaseUnavailable, DiskFull } from '#registry/database/database.ts';
import {
  accountedToMs,
  closeGap,
  explainGap,
  insertGap,
  openGap,
  type Gap,
} from './catalogue/gaps.ts';
import { insertOpened, markSpooled, type RecordedClocks } from './catalogue/recordings.ts';
import type { SpoolId } from './catalogue/spools.ts';
import type { Catalogue, GapCause } from './catalogue/tables.ts';
import { gapCause } from './gap-cause.ts';
import type { OpenRecordings } from './open-recordings.ts';
import type { FinishedRecording, FromRecorder, OpenedRecording } from './recorder-protocol.ts';
import { decodeFragments } from './spool/fragment-index.ts';
import { stretches } from './spool/stretches.ts';
import type { NotRecorded } from './storage-notices.ts';

/**
 * Steps that wait for the database. One more, and all that come until those are done, are given up: recordings that end
 * meanwhile lie in the spool, where recovery reads them, and gaps are kept apart.
 */
const MAX_WAITING = 10_000;
/** Gaps that began and ended while steps were given up, of all cameras: some hundred bytes each. The causes of more are not known. */
const MAX_MISSED = 20_000;
const RETRY_MS = 1_000;
/** A gap that began with the process, until the camera's first picture, or what keeps it from giving one. */
export const STARTING = 'starting';

interface Why {
  cause: GapCause;
  detail: string | null;
}

/** Nobody told why. */
const unknownWhy: Why = { cause: 'gateway', detail: null };

interface BegunGap {
  cameraId: string;
  startMs: number;
  /** Undefined: for what ended the camera's stream last. */
  why?: Why | undefined;
}

/** What a step writes, for when it is given up. */
interface Told {
  opened: readonly OpenedRecording[];
  finished: readonly FinishedRecording[];
  gaps: readonly BegunGap[];
}

const nothingTold: Told = { opened: [], finished: [], gaps: [] };

/**
 * What recorders tell, into the catalogue: rows of recordings, and between them a gap with its cause. Words are taken
 * in the order in which they come; while the database does not answer, or has no room, they wait.
 */
export class RecordingKeeper {
  readonly #catalogue: Catalogue;
  readonly #spoolId: SpoolId;
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
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  /** From the bound of what waits until nothing waits: steps are given up, so that none overtakes one that was. */
  #isFull = false;
  /** Steps were given up since it was said last. */
  #gaveUp = false;
  /** Of steps that were given up: they have no row yet, and grow. */
  readonly #withoutRow = new Map<string, OpenedRecording>();
  /** Of steps that were given up at the bound: a camera's first beginning since then, and the gap that lasts now. */
  readonly #missed = new Map<
    string,
    { beganMs?: number | undefined; gap?: BegunGap | undefined }
  >();
  /** Those that are over, of the same steps. */
  #missedGaps: Gap[] = [];
  #stopping = false;

  constructor(options: {
    catalogue: Catalogue;
    /** Into which the recorders write. */
    spoolId?: SpoolId;
    open: OpenRecordings;
    newId: () => string;
    log: (event: string, fields: Record<string, unknown>) => void;
    /** Something is whole on the disk, and may be put into the store. */
    onSpooled: () => void;
    /** A camera could not be recorded; told again at every try. */
    onNotRecorded: (reason: NotRecorded) => void;
    /** Nothing waits any more, and steps were given up: recordings that they told of lie in the spool. */
    onGivenUp: () => void;
    clocksOf: (cameraId: string) => RecordedClocks;
  }) {
    this.#onNotRecorded = options.onNotRecorded;
    this.#onGivenUp = options.onGivenUp;
    this.#clocksOf = options.clocksOf;
    this.#catalogue = options.catalogue;
    this.#spoolId = options.spoolId ?? null;
    this.#open = options.open;
    this.#newId = options.newId;
    this.#log = options.log;
    this.#onSpooled = options.onSpooled;
  }

  /** Recording of a camera begins with the process, or is turned on: until its first picture there is a gap. */
  start(cameraId: string, sinceMs: number): void {
    this.#starting.add(cameraId);
    const gap = {
      cameraId,
      startMs: sinceMs,
      why: { cause: 'gateway', detail: STARTING },
    } as const;
    this.#step(() => this.#gap(gap), { ...nothingTold, gaps: [gap] });
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
    const failures = failed.map(({ cameraId, atMs }) => ({ cameraId, startMs: Math.round(atMs) }));
    const gaps = [...finished.flatMap(gapAfter), ...failures];
    this.#step(
      async () => {
        await insertOpened(this.#catalogue, opened, this.#spoolId);
        await this.#finish(finished);
        for (const gap of failures) await this.#gap(gap);
        for (const { cameraId, startMs } of opened) await this.#began(cameraId, startMs);
      },
      { opened, finished, gaps },
    );
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
    this.#leaveToRecovery();
    const why = { cause: 'gateway', detail: 'recorder-restarted' } as const;
    const gaps = cameraIds.map((cameraId) => ({ cameraId, startMs: atMs, why }));
    this.#step(
      async () => {
        await recover();
        for (const gap of gaps) {
          const endMs = (await accountedToMs(this.#catalogue, gap.cameraId)) ?? atMs;
          await this.#gap({ ...gap, startMs: Math.min(endMs, atMs) });
        }
      },
      { ...nothingTold, gaps },
    );
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
      const { recordingId } = recording;
      this.#open.finished(recordingId);
      // There was no row to mark.
      if (this.#withoutRow.delete(recordingId)) this.#gaveUp = true;
      await this.#holes(recording);
      for (const gap of gapAfter(recording)) await this.#gap(gap);
    }
    this.#onSpooled();
  }

  async #holes({ recordingId, cameraId, fragmentIndex }: FinishedRecording): Promise<void> {
    const unbroken = stretches(decodeFragments(fragmentIndex));
    const behind = this.#behind.delete(cameraId);
    for (const [i, { startMs: endMs }] of unbroken.entries()) {
      const startMs = unbroken[i - 1]?.endMs;
      if (startMs === undefined) continue;
      await insertGap(this.#catalogue, this.#newId(), {
        cameraId,
        startMs,
        endMs,
        cause: behind ? 'storage' : 'network',
        detail: behind ? 'recorder-behind' : 'lost-pictures',
        recordingId,
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

  async #gap({
    cameraId,
    startMs,
    why = this.#reasons.get(cameraId) ?? unknownWhy,
  }: BegunGap): Promise<void> {
    this.#covered.delete(cameraId);
    await openGap(this.#catalogue, this.#newId(), { cameraId, startMs, ...why });
  }

  /** What keeps a camera from its first recording since the process began is the cause of all that gap. */
  #explainStart(cameraId: string, why: { cause: GapCause; detail: string }): void {
    if (!this.#starting.delete(cameraId)) return;
    this.#step(() => explainGap(this.#catalogue, cameraId, STARTING, why));
  }

  #step(step: () => Promise<void>, told: Told = nothingTold): void {
    if (this.#waiting >= MAX_WAITING && !this.#isFull) {
      this.#isFull = true;
      this.#log('catalogue steps given up', { waiting: this.#waiting });
    }
    if (this.#isFull) {
      this.#giveUp(told);
      this.#miss(told);
      return;
    }
    this.#waiting++;
    this.#last = this.#after(this.#last, step, told);
  }

  /** Recovery is to find what ended; what grows gets its row when nothing waits. */
  #giveUp({ opened, finished }: Told): void {
    this.#gaveUp = true;
    for (const recording of opened) this.#withoutRow.set(recording.recordingId, recording);
    for (const { recordingId } of finished) {
      this.#open.finished(recordingId);
      this.#withoutRow.delete(recordingId);
    }
  }

  #miss({ opened, gaps }: Told): void {
    for (const begun of gaps) {
      const why = begun.why ?? this.#reasons.get(begun.cameraId);
      // One that lasts already has the first cause, which counts.
      const { beganMs, gap = { ...begun, why } } = this.#missed.get(begun.cameraId) ?? {};
      this.#missed.set(begun.cameraId, { beganMs, gap });
    }
    for (const { cameraId, startMs } of opened) {
      const { beganMs = startMs, gap } = this.#missed.get(cameraId) ?? {};
      this.#missed.set(cameraId, { beganMs });
      // Where none began since, it is one of before that ends.
      if (gap === undefined || gap.startMs >= startMs) continue;
      if (this.#missedGaps.length >= MAX_MISSED) continue;
      const over = { cameraId, startMs: gap.startMs, endMs: startMs };
      this.#missedGaps.push({ ...over, ...(gap.why ?? unknownWhy) });
    }
  }

  async #after(before: Promise<unknown>, step: () => Promise<void>, told: Told): Promise<void> {
    await before;
    if (!(await this.#isDone(step))) this.#giveUp(told);
    // A later start recovers what a stop leaves.
    if (--this.#waiting > 0 || !this.#gaveUp || this.#stopping) return;
    this.#gaveUp = false;
    this.#isFull = false;
    this.#catchUp();
    this.#onGivenUp();
  }

  /** The first of the steps from now on: rows of what grows, and gaps as they are now. */
  #catchUp(): void {
    const missed = [...this.#missed];
    this.#missed.clear();
    // With their ids: what fails on the way is done once more from the beginning.
    const over = this.#missedGaps.map((gap) => ({ id: this.#newId(), gap }));
    this.#missedGaps = [];
    this.#waiting++;
    const step = async (): Promise<void> => {
      this.#leaveToRecovery();
      const growing = [...this.#withoutRow.values()];
      await insertOpened(this.#catalogue, growing, this.#spoolId);
      for (const { recordingId } of growing) this.#withoutRow.delete(recordingId);
      for (const [cameraId, { beganMs, gap }] of missed) {
        if (beganMs !== undefined) await this.#began(cameraId, beganMs);
        if (gap !== undefined) await this.#gap(gap);
      }
      for (const { id, gap } of over) await insertGap(this.#catalogue, id, gap);
    };
    // Not as other steps are: given up, it would ask for itself.
    this.#last = this.#isDone(step).finally(() => this.#waiting--);
  }

  /** Of what was given up, that which a recorder which died had open. */
  #leaveToRecovery(): void {
    for (const id of this.#withoutRow.keys()) {
      if (!this.#open.has(id)) this.#withoutRow.delete(id);
    }
  }

  /** Tries a step until it is; false when it has to be given up. */
  async #isDone(step: () => Promise<void>): Promise<boolean> {
    for (;;) {
      try {
        await step();
        return true;
      } catch (error) {
        this.#log('catalogue not written', { err: error });
        // What is wrong with the step itself will not pass.
        const mayPass = error instanceof DatabaseUnavailable || error instanceof DiskFull;
        if (!mayPass || this.#stopping) return false;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
      }
    }
  }
}

/** The gap that begins with a recording's end, if its camera is not recorded on. */
function gapAfter({ cameraId, endMs, endReason }: FinishedRecording): BegunGap[] {
  switch (endReason) {
    case 'run-ended':
    case 'recording-off':
      return [{ cameraId, startMs: endMs }];
    case 'stopped':
      return [{ cameraId, startMs: endMs, why: { cause: 'gateway', detail: 'stopped' } }];
    default:
      return [];
  }
}
