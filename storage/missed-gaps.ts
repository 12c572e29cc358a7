import type { Gap } from './catalogue/gaps.ts';
import type { GapCause } from './catalogue/tables.ts';

/** Gaps that began and ended while steps were missed, of all cameras: some hundred bytes each. The causes of more are not known. */
const MAX_MISSED = 20_000;

export interface Why {
  cause: GapCause;
  detail: string | null;
}

/** What becomes of a camera's gap: in the order in which it was told. */
export type GapStep = GapBegins | { kind: 'ends'; cameraId: string; endMs: number };

export interface GapBegins {
  kind: 'begins';
  cameraId: string;
  startMs: number;
  why: Why;
  /** One lasts, and ends where this one begins. */
  follows: boolean;
}

/** Of a camera: when its gap ended first since steps were missed, and the one that lasts now. */
export interface MissedOfCamera {
  endMs?: number | undefined;
  gap?: GapBegins | undefined;
}

/** Steps that the catalogue was not told, as few: of each camera what lasted and what lasts, and what was over meanwhile. */
export class MissedGaps {
  #cameras = new Map<string, MissedOfCamera>();
  #over: Gap[] = [];

  /** `over`: gaps that are over when they are told of. */
  miss(steps: readonly GapStep[], over: readonly Gap[]): void {
    for (const gap of over) this.#missOver(gap);
    for (const step of steps) this.#missStep(step);
  }

  /** All of them, which are missed no more. */
  take(): { cameras: [string, MissedOfCamera][]; over: Gap[] } {
    const taken = { cameras: [...this.#cameras], over: this.#over };
    this.#cameras = new Map();
    this.#over = [];
    return taken;
  }

  #missStep(step: GapStep): void {
    const { endMs, gap } = this.#cameras.get(step.cameraId) ?? {};
    // One that followed another ended that one.
    const firstEndMs = endMs ?? (gap?.follows ? gap.startMs : undefined);
    if (step.kind === 'ends') {
      this.#cameras.set(step.cameraId, { endMs: firstEndMs ?? step.endMs });
      if (gap !== undefined) this.#missOver(overAt(gap, step.endMs));
    } else if (gap === undefined) {
      this.#cameras.set(step.cameraId, { endMs, gap: step });
    } else if (step.follows) {
      const isOfAll = step.startMs <= gap.startMs;
      if (isOfAll) this.#cameras.set(step.cameraId, { endMs, gap: { ...gap, why: step.why } });
      else
        this.#cameras.set(step.cameraId, { endMs: firstEndMs, gap: { ...step, follows: false } });
      if (!isOfAll) this.#missOver(overAt(gap, step.startMs));
    }
  }

  #missOver(gap: Gap): void {
    if (gap.startMs >= (gap.endMs ?? 0) || this.#over.length >= MAX_MISSED) return;
    this.#over.push(gap);
  }
}

export function overAt({ cameraId, startMs, why }: GapBegins, endMs: number): Gap {
  return { cameraId, startMs, endMs, ...why };
}
