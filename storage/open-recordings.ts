import { PassedOver } from './passed-over.ts';
import type { GrownRecording, OpenedRecording } from './recorder-protocol.ts';
import { decodeFragments, type Fragment } from './spool/fragment-index.ts';

/**
 * Recordings that still grow, as their recorders tell of them: the catalogue's row has only their beginning, and the
 * latest minute should be found like any other. One a camera, and those that wait for the disk.
 */
export class OpenRecordings {
  readonly passedOver = new PassedOver();
  readonly #recordings = new Map<
    string,
    { cameraId: string; startMs: number; endMs: number; fragments: Fragment[] }
  >();

  opened({ recordingId, cameraId, startMs }: OpenedRecording): void {
    this.#recordings.set(recordingId, { cameraId, startMs, endMs: startMs, fragments: [] });
  }

  has(recordingId: string): boolean {
    return this.#recordings.has(recordingId);
  }

  /** Nobody writes the recordings of these cameras any more. Returns the cameras that had one. */
  forget(cameraIds: readonly string[]): string[] {
    const had: string[] = [];
    for (const [recordingId, { cameraId }] of this.#recordings) {
      if (!cameraIds.includes(cameraId)) continue;
      this.#recordings.delete(recordingId);
      had.push(cameraId);
    }
    return had;
  }

  grown({ recordingId, endMs, fragmentIndex }: GrownRecording): void {
    const recording = this.#recordings.get(recordingId);
    if (recording === undefined) return;
    recording.endMs = endMs;
    recording.fragments.push(...decodeFragments(fragmentIndex));
  }

  finished(recordingId: string): void {
    this.#recordings.delete(recordingId);
  }

  /** As they are now, Unix ms: also those whose rows wait for the database. */
  ofCamera(
    cameraId: string,
  ): { id: string; startMs: number; endMs: number; fragments: readonly Fragment[] }[] {
    return [...this.#recordings].flatMap(([id, { cameraId: of, startMs, endMs, fragments }]) =>
      of === cameraId ? [{ id, startMs, endMs, fragments: [...fragments] }] : [],
    );
  }

  fragments(recordingId: string): readonly Fragment[] | undefined {
    return this.#recordings.get(recordingId)?.fragments;
  }
}
