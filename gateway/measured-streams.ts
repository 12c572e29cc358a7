import type { LiveState, LiveStates } from '#ingest/live-states.ts';
import type { Cameras } from '#registry/cameras.ts';

/** What was measured is stored so often, a bounded number at a time: thousands of cameras come up together. */
const STORE_MS = 5_000;
const MAX_STORED_AT_ONCE = 200;

export interface MeasuredStreams {
  /** What is waiting, stored now. For tests, and at the end. */
  flush(): Promise<void>;
  close(): void;
}

/**
 * Stores what each stream is measured to be (size, pictures a second) beside what is registered, for the findings. Only
 * what differs from what was stored last in this process is written. A failure is logged and tried again.
 */
export function storeMeasuredStreams({
  cameras,
  liveStates,
  log,
}: {
  cameras: Pick<Cameras, 'observe' | 'onChanged'>;
  liveStates: LiveStates;
  log: { warn: (fields: object, message: string) => void };
}): MeasuredStreams {
  const waiting = new Map<string, Measured>();
  const stored = new Map<string, Measured>();
  let storing = false;

  const end = liveStates.subscribe((live) => {
    const measured = measuredOf(live);
    if (measured === undefined) return;
    const last = stored.get(live.cameraId);
    if (last !== undefined && isSame(last, measured)) waiting.delete(live.cameraId);
    else waiting.set(live.cameraId, measured);
  });

  // What was stored of the stream before is gone with it (camera-observations.ts).
  const endChanges = cameras.onChanged(({ camera, streamChanged }) => {
    if (!streamChanged) return;
    waiting.delete(camera.id);
    stored.delete(camera.id);
  });

  async function flush(): Promise<void> {
    if (storing) return;
    storing = true;
    try {
      let left = MAX_STORED_AT_ONCE;
      for (const [cameraId, measured] of waiting) {
        if (left-- === 0) return;
        await cameras.observe(cameraId, 'stream', measured);
        waiting.delete(cameraId);
        stored.set(cameraId, measured);
      }
    } catch (error) {
      log.warn({ err: error }, 'what streams are measured to be was not stored');
    } finally {
      storing = false;
    }
  }

  const timer = setInterval(() => void flush(), STORE_MS);
  timer.unref();
  return {
    flush,
    close() {
      clearInterval(timer);
      end();
      endChanges();
    },
  };
}

interface Measured {
  recordedResolution: string;
  frameRate: number;
}

/** Undefined until the first whole segment. */
function measuredOf({ state, width, height, frameRate }: LiveState): Measured | undefined {
  if (state !== 'up' || width === null || height === null || frameRate === null) return undefined;
  return { recordedResolution: `${width}x${height}`, frameRate };
}

/** Rates are never twice the same to the hundredth. */
function isSame(a: Measured, b: Measured): boolean {
  return (
    a.recordedResolution === b.recordedResolution &&
    Math.abs(a.frameRate - b.frameRate) <= Math.max(0.5, a.frameRate * 0.05)
  );
}
