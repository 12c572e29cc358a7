import { holeCause } from './catalogue/holes.ts';
import type { Gap } from './catalogue/gaps.ts';
import type { Hole } from './spool/stretches.ts';

/** Of a camera: from the first part that was passed over to the last, Unix ms. */
export interface PassedOverTime {
  cameraId: string;
  startMs: number;
  endMs: number;
}

/**
 * Times of which parts were not recorded, for the recorder was behind: one stretch a camera, until what was recorded lies beyond it.
 * The recorder comes to where they are missing long after they were passed over.
 */
export class PassedOver {
  readonly #times = new Map<string, PassedOverTime>();

  /** True when the camera had none. */
  add({ cameraId, startMs, endMs }: PassedOverTime): boolean {
    const known = this.#times.get(cameraId);
    this.#times.set(cameraId, {
      cameraId,
      startMs: Math.min(startMs, known?.startMs ?? startMs),
      endMs: Math.max(endMs, known?.endMs ?? endMs),
    });
    return known === undefined;
  }

  /** What was recorded until then is whole. */
  recordedTo(cameraId: string, endMs: number): void {
    if ((this.#times.get(cameraId)?.endMs ?? Number.POSITIVE_INFINITY) <= endMs) {
      this.#times.delete(cameraId);
    }
  }

  /** Why a hole is one, as far as is known now. */
  causeOf(cameraId: string): (hole: Hole) => Pick<Gap, 'cause' | 'detail'> {
    const time = this.#times.get(cameraId);
    return (hole) =>
      time !== undefined && time.startMs < hole.endMs && hole.startMs < time.endMs
        ? { cause: 'storage', detail: 'recorder-behind' }
        : holeCause(hole);
  }
}
