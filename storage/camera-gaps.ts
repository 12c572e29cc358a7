import type { GapCause } from './catalogue/tables.ts';
import { gapCause, isOtherSide } from './gap-cause.ts';
import type { GapStep, Why } from './missed-gaps.ts';
import type { FinishedRecording, FromRecorder, OpenedRecording } from './recorder-protocol.ts';

/** A gap that began with the process, until the camera's first picture, or what keeps it from giving one. */
const STARTING = 'starting';

/** Nobody told why. */
const unknownWhy: Why = { cause: 'gateway', detail: null };

/** What a recorder told at once. */
export type Happened = Pick<FromRecorder, 'opened' | 'finished' | 'failed'>;

/**
 * Which gap of a camera lasts, and what what happens makes of it: it begins, ends, or goes on with another cause (decision 0240).
 * Knows no database: it gives the steps, in the order in which they are to be written.
 */
export class CameraGaps {
  /** Why a camera's stream, or its recording, ended last. */
  readonly #reasons = new Map<string, { cause: GapCause; detail: string }>();
  /** Cameras whose gap lasts, as it was told, and why. */
  readonly #lasting = new Map<string, Why & { sinceMs: number }>();
  /** Of steps that were given up: cameras whose gap was to end. */
  readonly #notEnded = new Set<string>();

  /** Recording of a camera begins with the process, or is turned on: until its first picture there is a gap. */
  start(cameraId: string, sinceMs: number): GapStep[] {
    return this.begins(cameraId, sinceMs, { cause: 'gateway', detail: STARTING });
  }

  /** If it is being recorded, its gap begins where its recorder says. */
  turnedOff(cameraId: string, atMs: number): GapStep[] {
    return this.#endsFor(cameraId, atMs, { cause: 'not-scheduled', detail: 'recording-off' });
  }

  /** A camera's session ended; its recorder tells of its last recording after this. */
  runEnded(cameraId: string, reason: string, atMs: number): GapStep[] {
    return this.#endsFor(cameraId, atMs, { cause: gapCause(reason), detail: reason });
  }

  /** It cannot be written. False: that was known already. */
  notWritten(cameraId: string, detail: 'disk-full' | 'spool-failed'): boolean {
    const isNew = this.#reasons.get(cameraId)?.detail !== detail;
    this.#reasons.set(cameraId, { cause: 'storage', detail });
    return isNew;
  }

  /** In the order in which it happened: of what is told at once, a recording that is new ended after it began. */
  of({ opened, finished, failed }: Happened): GapStep[] {
    const isNew = new Map(opened.map((recording) => [recording.recordingId, recording]));
    const startsMs = new Map(opened.map(({ cameraId, startMs }) => [cameraId, startMs]));
    const failedFirst = failed.filter(({ cameraId, atMs }) => atMs < (startsMs.get(cameraId) ?? 0));
    return [
      ...finished.filter(({ recordingId }) => !isNew.has(recordingId)).map((of) => this.#ended(of)),
      ...failedFirst.map((of) => this.#failed(of)),
      ...opened.map((of) => this.#began(of)),
      ...finished.filter(({ recordingId }) => isNew.has(recordingId)).map((of) => this.#ended(of)),
      ...failed.filter((of) => !failedFirst.includes(of)).map((of) => this.#failed(of)),
    ].flat();
  }

  /** A gap begins, or the one that lasts has another cause from here on (isOtherSide). */
  begins(cameraId: string, atMs: number, why: Why): GapStep[] {
    const lasting = this.#lasting.get(cameraId);
    const isStarting = lasting?.detail === STARTING;
    if (lasting !== undefined && !isStarting && !isOtherSide(lasting.cause, why.cause)) return [];
    // What keeps a camera from its first recording since the process began is the cause of all that gap.
    const isOfAll = isStarting && why.cause !== 'not-scheduled';
    const startMs = isOfAll ? lasting.sinceMs : atMs;
    this.#lasting.set(cameraId, { ...why, sinceMs: startMs });
    return [{ kind: 'begins', cameraId, startMs, why, follows: lasting !== undefined }];
  }

  /** These steps were given up: a gap that was to end is ended by the next recording. */
  givenUp(steps: readonly GapStep[]): void {
    for (const { kind, cameraId } of steps) if (kind === 'ends') this.#notEnded.add(cameraId);
  }

  /** Others tell of these cameras now. */
  forget(): void {
    this.#lasting.clear();
    this.#notEnded.clear();
  }

  #endsFor(cameraId: string, atMs: number, why: { cause: GapCause; detail: string }): GapStep[] {
    this.#reasons.set(cameraId, why);
    return this.#lasting.has(cameraId) ? this.begins(cameraId, atMs, why) : [];
  }

  #began({ cameraId, startMs }: OpenedRecording): GapStep[] {
    // Of what the camera does the next end is told before it is needed.
    if (this.#reasons.get(cameraId)?.cause === 'storage') this.#reasons.delete(cameraId);
    const isTold = this.#notEnded.delete(cameraId);
    if (!this.#lasting.delete(cameraId) && !isTold) return [];
    return [{ kind: 'ends', cameraId, endMs: startMs }];
  }

  /** The gap that begins with a recording's end, if its camera is not recorded on. */
  #ended({ cameraId, endMs, endReason }: FinishedRecording): GapStep[] {
    switch (endReason) {
      case 'run-ended':
      case 'recording-off':
        return this.begins(cameraId, endMs, this.#reasons.get(cameraId) ?? unknownWhy);
      case 'stopped':
        return this.begins(cameraId, endMs, { cause: 'gateway', detail: 'stopped' });
      default:
        return [];
    }
  }

  #failed({ cameraId, atMs }: FromRecorder['failed'][number]): GapStep[] {
    return this.begins(cameraId, Math.round(atMs), this.#reasons.get(cameraId) ?? unknownWhy);
  }
}
