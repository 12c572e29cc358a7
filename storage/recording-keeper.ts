import { DatabaseUnavailable, DiskFull } from '#registry/database/database.ts';
import {
  accountedToMs,
  changeGap,
  closeGap,
  insertGaps,
  openGap,
  type Gap,
} from './catalogue/gaps.ts';
import type { TurnState } from '#registry/database/turn.ts';
import { insertHoles } from './catalogue/holes.ts';
import { insertOpened, markSpooled, type RecordedClocks } from './catalogue/recordings.ts';
import type { SpoolId } from './catalogue/spools.ts';
import type { Catalogue } from './catalogue/tables.ts';
import { CameraGaps } from './camera-gaps.ts';
import { MissedGaps, type GapStep } from './missed-gaps.ts';
import type { OpenRecordings } from './open-recordings.ts';
import {
  SYNC_ALLOWANCE_MS,
  type FinishedRecording,
  type FromRecorder,
  type OpenedRecording,
} from './recorder-protocol.ts';
import type { PassedOverTime } from './passed-over.ts';
import { decodeFragments } from './spool/fragment-index.ts';
import type { NotedGaps } from './spool/noted-gaps.ts';
import { holesIn } from './spool/stretches.ts';
import type { RecorderFault } from './storage-notices.ts';

/**
 * Steps that wait for the database. One more, and all that come until those are done, are given up: recordings that end
 * meanwhile lie in the spool, where recovery reads them, and gaps are kept apart.
 */
const MAX_WAITING = 10_000;
const RETRY_MS = 1_000;
/** What a step writes, for when it is given up. */
interface Told {
  opened: readonly OpenedRecording[];
  finished: readonly FinishedRecording[];
  gaps: readonly GapStep[];
  /** Between recordings that follow on each other. */
  over: readonly Gap[];
}

const nothingTold: Told = { opened: [], finished: [], gaps: [], over: [] };

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
  readonly #onFault: (fault: RecorderFault) => void;
  readonly #onGivenUp: () => void;
  readonly #turn: () => TurnState;
  readonly #clocksOf: (cameraId: string) => RecordedClocks;
  readonly #gaps = new CameraGaps();
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  /** From the bound of what waits until nothing waits: steps are given up, so that none overtakes one that was. */
  #isFull = false;
  /** Steps were given up since it was said last. */
  #gaveUp = false;
  /** Of steps that were given up: they have no row yet, and grow. */
  readonly #withoutRow = new Map<string, OpenedRecording>();
  /** Of steps that were given up at the bound. */
  readonly #missed = new MissedGaps();
  readonly #noted: Pick<NotedGaps, 'away' | 'note' | 'clear'> | undefined;
  /** What waits, in its order: noted once the database is away. */
  readonly #told: Told[] = [];
  #isAway = false;
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
    /** A camera could not be recorded, or not be kept in time; told again for as long as it is so. */
    onFault: (fault: RecorderFault) => void;
    /** Nothing waits any more, and steps were given up: recordings that they told of lie in the spool. */
    onGivenUp: () => void;
    clocksOf: (cameraId: string) => RecordedClocks;
    /** Where steps of gaps outlive the process while the database is away. */
    noted?: Pick<NotedGaps, 'away' | 'note' | 'clear'>;
    /** Of this gateway among those that share the catalogue: who has it tells of cameras, and while nobody knows who that is, words wait. */
    turn?: () => TurnState;
  }) {
    this.#turn = options.turn ?? (() => 'ours');
    this.#noted = options.noted;
    this.#onFault = options.onFault;
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
    this.#tellGaps(this.#gaps.start(cameraId, sinceMs));
  }

  /** Recording of a camera is turned off. If it is being recorded, its gap begins where its recorder says. */
  turnedOff(cameraId: string, atMs: number): void {
    this.#tellGaps(this.#gaps.turnedOff(cameraId, atMs));
  }

  progress({ opened, grown, finished, failed, syncLateMs }: FromRecorder): void {
    if (syncLateMs > SYNC_ALLOWANCE_MS) this.#onFault('sync-late');
    for (const recording of opened) this.#open.opened(recording);
    for (const recording of grown) this.#open.grown(recording);
    for (const { cameraId, full } of failed) {
      const detail = full ? 'disk-full' : 'spool-failed';
      this.#onFault(detail);
      // It is tried again every few seconds.
      if (this.#gaps.notWritten(cameraId, detail)) {
        this.#log('camera not recorded', { cameraId, reason: detail });
      }
    }
    if (opened.length + finished.length + failed.length === 0) return;
    const { passedOver } = this.#open;
    const gaps = this.#gaps.of({ opened, finished, failed });
    // By what is known now: the steps wait, and more may be passed over meanwhile.
    const over = opened.flatMap(({ cameraId, hole }): Gap[] => {
      if (hole === undefined) return [];
      const { startMs, endMs } = hole;
      return [{ cameraId, startMs, endMs, ...passedOver.causeOf(cameraId)(hole) }];
    });
    const between = over.map((gap) => ({ id: this.#newId(), gap }));
    const within = finished.map((recording) => {
      const { cameraId, endMs, fragmentIndex } = recording;
      const causeOf = passedOver.causeOf(cameraId);
      passedOver.recordedTo(cameraId, endMs);
      return { recording, holes: holesIn(decodeFragments(fragmentIndex)), causeOf };
    });
    this.#step(
      async () => {
        // Before what shows that there is a gap: whoever asks meanwhile is told why, and takes no hole for footage.
        await insertGaps(this.#catalogue, between);
        await insertOpened(this.#catalogue, opened, this.#spoolId);
        for (const { recording, holes, causeOf } of within) {
          await insertHoles(this.#catalogue, recording, holes, causeOf);
        }
        await this.#finish(finished);
        for (const gap of gaps) await this.#gap(gap);
      },
      { opened, finished, gaps, over },
    );
  }

  /** A camera's session ended; its recorder tells of its last recording after this. */
  runEnded(cameraId: string, reason: string, atMs: number): void {
    this.#tellGaps(this.#gaps.runEnded(cameraId, reason, atMs));
  }

  /**
   * The recorder of these cameras died: `recover` finishes what it left, and from there on nothing is recorded until the
   * next one begins.
   */
  recorderDied(cameraIds: readonly string[], recover: () => Promise<void>, atMs: number): void {
    this.#leaveToRecovery();
    const why = { cause: 'gateway', detail: 'recorder-restarted' } as const;
    const gaps = cameraIds.flatMap((cameraId) => this.#gaps.begins(cameraId, atMs, why));
    this.#step(
      async () => {
        await recover();
        for (const gap of gaps) {
          if (gap.kind === 'ends') continue;
          const endMs = (await accountedToMs(this.#catalogue, gap.cameraId)) ?? atMs;
          await this.#gap({ ...gap, startMs: Math.min(endMs, atMs) });
        }
      },
      { ...nothingTold, gaps },
    );
  }

  /** Parts were not recorded, for the recorder is behind. Where they are missing, its recordings tell. */
  passedOver(times: readonly PassedOverTime[]): void {
    this.#onFault('recorder-behind');
    for (const time of times) {
      if (!this.#open.passedOver.add(time)) continue;
      this.#log('camera not recorded', { cameraId: time.cameraId, reason: 'recorder-behind' });
    }
  }

  /** Another gateway records, and tells of these cameras. What was recorded here is entered by recovery. */
  disown(): void {
    this.#gaps.forget();
    this.#missed.take();
    // What is noted stays, for when this one records again: of what came before the other did, that one knows nothing.
    this.#isAway = false;
  }

  /** Resolves when all that was told is in the catalogue, or has failed once more. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#last;
  }

  async #finish(finished: readonly FinishedRecording[]): Promise<void> {
    if (finished.length === 0) return;
    await markSpooled(this.#catalogue, finished, this.#clocksOf);
    for (const { recordingId } of finished) {
      this.#open.finished(recordingId);
      // There was no row to mark.
      if (this.#withoutRow.delete(recordingId)) this.#gaveUp = true;
    }
    this.#onSpooled();
  }

  #tellGaps(gaps: readonly GapStep[]): void {
    if (gaps.length === 0) return;
    this.#step(
      async () => {
        for (const gap of gaps) await this.#gap(gap);
      },
      { ...nothingTold, gaps },
    );
  }

  async #gap(step: GapStep): Promise<void> {
    if (step.kind === 'ends') {
      await closeGap(this.#catalogue, step.cameraId, step.endMs);
      return;
    }
    const { cameraId, startMs, why, follows } = step;
    const write = follows ? changeGap : openGap;
    await write(this.#catalogue, this.#newId(), { cameraId, startMs, ...why });
  }

  #step(step: () => Promise<void>, told: Told = nothingTold): void {
    if (this.#waiting >= MAX_WAITING && !this.#isFull) {
      this.#isFull = true;
      this.#log('catalogue steps given up', { waiting: this.#waiting });
    }
    if (this.#isAway) this.#noted?.note(told.gaps, told.over);
    if (this.#isFull) {
      this.#giveUp(told);
      this.#missed.miss(told.gaps, told.over);
      return;
    }
    this.#waiting++;
    this.#told.push(told);
    this.#last = this.#after(this.#last, step, told);
  }

  /** Recovery is to find what ended; what grows gets its row when nothing waits. */
  #giveUp({ opened, finished, gaps }: Told): void {
    this.#gaveUp = true;
    this.#gaps.givenUp(gaps);
    for (const recording of opened) this.#withoutRow.set(recording.recordingId, recording);
    for (const { recordingId } of finished) {
      this.#open.finished(recordingId);
      this.#withoutRow.delete(recordingId);
    }
  }

  /** The database does not answer: what waits is to outlive this process too. */
  #noteAway(): void {
    if (this.#isAway || this.#noted === undefined) return;
    this.#isAway = true;
    this.#noted.away();
    for (const { gaps, over } of this.#told) this.#noted.note(gaps, over);
  }

  /** Nothing waits any more. */
  #allEntered(): void {
    this.#isAway = false;
    this.#noted?.clear();
  }

  async #after(before: Promise<unknown>, step: () => Promise<void>, told: Told): Promise<void> {
    await before;
    const isDone = await this.#isDone(step);
    if (!isDone) this.#giveUp(told);
    this.#told.shift();
    // A later start recovers what a stop leaves.
    if (--this.#waiting > 0 || (this.#stopping && this.#gaveUp)) return;
    if (!this.#gaveUp) {
      if (this.#isAway) this.#allEntered();
      return;
    }
    this.#gaveUp = false;
    this.#isFull = false;
    this.#catchUp();
    this.#onGivenUp();
  }

  /** The first of the steps from now on: rows of what grows, and gaps as they are now. */
  #catchUp(): void {
    const missed = this.#missed.take();
    // With their ids: what fails on the way is done once more from the beginning.
    const over = missed.over.map((gap) => ({ id: this.#newId(), gap }));
    this.#waiting++;
    const step = async (): Promise<void> => {
      this.#leaveToRecovery();
      const growing = [...this.#withoutRow.values()];
      await insertOpened(this.#catalogue, growing, this.#spoolId);
      for (const { recordingId } of growing) this.#withoutRow.delete(recordingId);
      for (const [cameraId, { endMs, gap }] of missed.cameras) {
        if (endMs !== undefined) await closeGap(this.#catalogue, cameraId, endMs);
        if (gap !== undefined) await this.#gap(gap);
      }
      await insertGaps(this.#catalogue, over);
    };
    // Not as other steps are: given up, it would ask for itself.
    this.#last = this.#caughtUp(step);
  }

  async #caughtUp(step: () => Promise<void>): Promise<void> {
    const isDone = await this.#isDone(step);
    if (--this.#waiting === 0 && isDone && this.#isAway) this.#allEntered();
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
      const turn = this.#turn();
      if (turn === 'lost') this.#noteAway();
      if (turn === 'others' || (turn === 'lost' && this.#stopping)) return false;
      try {
        if (turn === 'ours') {
          await step();
          return true;
        }
      } catch (error) {
        this.#log('catalogue not written', { err: error });
        // What is wrong with the step itself will not pass.
        const mayPass = error instanceof DatabaseUnavailable || error instanceof DiskFull;
        if (mayPass) this.#noteAway();
        if (!mayPass || this.#stopping) return false;
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
    }
  }
}
