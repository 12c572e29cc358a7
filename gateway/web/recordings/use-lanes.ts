import { useEffect, useState } from 'react';
import { ApiError } from '../api/call.ts';
import { readCamera } from '../api/cameras.ts';
import { readTimeline, type TimeRange } from '../api/footage.ts';
import { laneOf, type Lane } from './lane.ts';

/** Today's timeline grows: it is read again so often. */
const AGAIN_MS = 15_000;

export interface NamedCamera {
  position: string;
  lao: { name: string };
}

export interface Lanes {
  lanes: ReadonlyMap<string, Lane>;
  cameras: ReadonlyMap<string, NamedCamera>;
  /** The first that went wrong. */
  error: ApiError | undefined;
  reload: () => void;
}

/** The timelines of these cameras for a day, and what they are called. */
export function useLanes(cameraIds: readonly string[], day: TimeRange): Lanes {
  const [read, setRead] = useState<{ of: string; lanes: ReadonlyMap<string, Lane> }>();
  const [cameras, setCameras] = useState<ReadonlyMap<string, NamedCamera>>(new Map());
  const [error, setError] = useState<ApiError>();
  const [times, setTimes] = useState(0);
  const { fromMs, toMs } = day;
  const wanted = cameraIds.join(',');
  const of = `${wanted} ${fromMs}`;

  useEffect(() => {
    const reading = new AbortController();
    const { signal } = reading;
    let timer: ReturnType<typeof setTimeout> | undefined;
    async function readNow(): Promise<void> {
      const nowMs = Date.now();
      const until = Math.min(toMs, nowMs);
      const ids = wanted.split(',').filter((id) => id !== '');
      let failed: ApiError | undefined;
      const found = await Promise.all(
        ids.map(async (id): Promise<[string, Lane]> => {
          if (until <= fromMs) return [id, emptyLane];
          try {
            return [id, laneOf(await readTimeline(id, { fromMs, toMs: until }, signal))];
          } catch (failure) {
            // One that cannot be read does not keep the others from being seen.
            failed ??= apiErrorOf(failure);
            return [id, emptyLane];
          }
        }),
      );
      if (signal.aborted) return;
      setRead({ of, lanes: new Map(found) });
      setError(failed);
      if (nowMs < toMs) timer = setTimeout(() => void readNow(), AGAIN_MS);
    }
    void readNow();
    return () => {
      clearTimeout(timer);
      reading.abort();
    };
  }, [of, wanted, fromMs, toMs, times]);

  useEffect(() => {
    const reading = new AbortController();
    for (const id of wanted.split(',').filter((each) => each !== '')) {
      readCamera(id, reading.signal).then(
        ({ position, lao }) =>
          setCameras((known) =>
            known.has(id) ? known : new Map(known).set(id, { position, lao }),
          ),
        () => {
          // Its timeline says what is wrong with it; until then it is called by its id.
        },
      );
    }
    return () => reading.abort();
  }, [wanted]);

  // Of another day or other cameras: not these.
  const lanes = read?.of === of ? read.lanes : noLanes;
  return { lanes, cameras, error, reload: () => setTimes((before) => before + 1) };
}

function apiErrorOf(failure: unknown): ApiError {
  return failure instanceof ApiError ? failure : new ApiError('page_failed', String(failure));
}

const noLanes: ReadonlyMap<string, Lane> = new Map();
const emptyLane: Lane = { spans: [], gaps: [], holds: [], retentionDays: 0 };
