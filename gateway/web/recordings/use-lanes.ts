import { useEffect, useRef, useState } from 'react';
import type { ApiError } from '../api/call.ts';
import type { Place } from '../api/areas.ts';
import { readCamera } from '../api/cameras.ts';
import { readTimeline, type TimeRange } from '../api/footage.ts';
import { retryFirstMs, retryMaxMs } from '../gateway-feed.ts';
import { apiErrorOf } from '../shell/use-loaded.ts';
import { laneOf, type Lane } from './lane.ts';

/** Today's timeline grows: it is read again so often. */
const AGAIN_MS = 15_000;

export interface NamedCamera {
  position: string;
  lao: Place;
  /** Counted only: what was recorded of it before is not watched. */
  isClosed: boolean;
}

export interface Lanes {
  /** As they were read last; of a camera that was never read there is none. */
  lanes: ReadonlyMap<string, Lane>;
  cameras: ReadonlyMap<string, NamedCamera>;
  /** Of those that could not be read the last time. */
  failed: ReadonlyMap<string, ApiError>;
  /** The first of them; undefined while the gateway is away. */
  error: ApiError | undefined;
  /** The gateway does not answer. It is asked again by itself. */
  lost: boolean;
  /** When it last answered; null: not yet. */
  heardAtMs: number | null;
  reload: () => void;
}

interface Read {
  /** Which day. */
  fromMs: number;
  lanes: ReadonlyMap<string, Lane>;
  failed: ReadonlyMap<string, ApiError>;
  heardAtMs: number | null;
}

/** The timelines of these cameras for a day, and what they are called. */
export function useLanes(cameraIds: readonly string[], day: TimeRange): Lanes {
  const [read, setRead] = useState<Read>();
  const [cameras, setCameras] = useState<ReadonlyMap<string, NamedCamera>>(new Map());
  const named = useRef(new Set<string>());
  const [times, setTimes] = useState(0);
  const { fromMs, toMs } = day;
  const wanted = cameraIds.join(',');

  useEffect(() => {
    const reading = new AbortController();
    const { signal } = reading;
    const ids = wanted.split(',').filter((id) => id !== '');
    let timer: ReturnType<typeof setTimeout> | undefined;
    let retryMs = retryFirstMs;

    async function readName(id: string): Promise<void> {
      if (named.current.has(id)) return;
      const { position, lao, scope } = await readCamera(id, signal);
      const isClosed = scope === 'closed-area';
      named.current.add(id);
      setCameras((known) => new Map(known).set(id, { position, lao, isClosed }));
    }

    async function readNow(): Promise<void> {
      const nowMs = Date.now();
      const until = Math.min(toMs, nowMs);
      const lanes = new Map<string, Lane>();
      const failed = new Map<string, ApiError>();
      await Promise.all(
        ids.map(async (id) => {
          try {
            const [timeline] = await Promise.all([
              until <= fromMs ? undefined : readTimeline(id, { fromMs, toMs: until }, signal),
              readName(id),
            ]);
            lanes.set(id, timeline === undefined ? emptyLane : laneOf(timeline));
          } catch (failure) {
            // One that cannot be read does not keep the others from being seen.
            if (!signal.aborted) failed.set(id, apiErrorOf(failure));
          }
        }),
      );
      if (signal.aborted) return;
      setRead((before) => ({
        fromMs,
        // What was recorded stays recorded, and can be seen again as soon as the gateway is back.
        lanes: new Map([...(before?.fromMs === fromMs ? before.lanes : []), ...lanes]),
        failed,
        heardAtMs: lanes.size > 0 ? nowMs : (before?.heardAtMs ?? null),
      }));
      if ([...failed.values()].some(mayPass)) {
        timer = setTimeout(() => void readNow(), retryMs);
        retryMs = Math.min(retryMs * 2, retryMaxMs);
        return;
      }
      retryMs = retryFirstMs;
      if (nowMs < toMs) timer = setTimeout(() => void readNow(), AGAIN_MS);
    }

    void readNow();
    return () => {
      clearTimeout(timer);
      reading.abort();
    };
  }, [wanted, fromMs, toMs, times]);

  // Of another day: not these.
  const { lanes, failed, heardAtMs } = read?.fromMs === fromMs ? read : nothingRead;
  const errors = cameraIds.flatMap((id) => failed.get(id) ?? []);
  const lost = errors.some(isAway);
  return {
    lanes,
    cameras,
    failed,
    error: lost ? undefined : errors[0],
    lost,
    heardAtMs,
    reload: () => setTimes((before) => before + 1),
  };
}

function isAway({ code }: ApiError): boolean {
  return code === 'no_answer';
}

/** Asked again by itself: it is not the question that is wrong. */
function mayPass(error: ApiError): boolean {
  return isAway(error) || error.status === 429 || (error.status ?? 0) >= 500;
}

const nothingRead: Omit<Read, 'fromMs'> = { lanes: new Map(), failed: new Map(), heardAtMs: null };
const emptyLane: Lane = {
  spans: [],
  gaps: [],
  deletions: [],
  elsewhere: [],
  holds: [],
  retentionDays: 0,
};
