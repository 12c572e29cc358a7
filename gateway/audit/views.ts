import { AuditUnavailable, type Audit, type AuditActor, type AuditOrigin } from './audit.ts';

/**
 * Views of live cameras. To watch is hundreds of requests; the log holds one entry where it begins, on disk before the
 * first byte is served, and one where it ends. A view is one actor, one camera, one address; it ends when nothing was
 * asked for during `idleMs`.
 */
export interface LiveViews {
  /**
   * Undefined: under way, serve. A promise: wait for it, and serve nothing if it rejects (AuditUnavailable).
   * Called for every request for media or a playlist.
   */
  touch: (view: {
    actor: AuditActor;
    cameraId: string;
    from: AuditOrigin;
  }) => Promise<void> | undefined;
  /** Ends the views that these are true of, now: a right that was withdrawn, a camera that was deleted. */
  end: (of: (view: OpenView) => boolean, reason: ViewEnd) => void;
  readonly size: number;
  /** Ends all, and resolves when that is written. */
  close: () => Promise<void>;
}

export interface OpenView {
  actor: AuditActor;
  cameraId: string;
  address: string | null;
}

export type ViewEnd = 'idle' | 'right-ended' | 'camera-gone' | 'gateway-stopped';

/** Longer than a player waits between two requests: a blocked playlist takes up to 12 s, a slow answer up to 15 s. */
const IDLE_MS = 30_000;
const SWEEP_MS = 5_000;
/** Open at once. One more is refused, like an entry that cannot be written. */
const MAX_VIEWS = 100_000;

interface View extends OpenView {
  from: AuditOrigin;
  startedMs: number;
  lastMs: number;
  requests: number;
  /** While the entry that it begins with is being written. */
  starting: Promise<void> | undefined;
}

export function trackViews(options: {
  audit: Audit;
  /** Monotonic ms. */
  now: () => number;
  /** An end that could not be written: the view is over all the same. */
  onLost: (error: unknown, view: OpenView) => void;
  idleMs?: number;
  maxViews?: number;
}): LiveViews {
  const { audit, now, onLost, idleMs = IDLE_MS, maxViews = MAX_VIEWS } = options;
  const views = new Map<string, View>();
  const ending = new Set<Promise<void>>();

  function start(key: string, view: View): Promise<void> {
    const { actor, cameraId, from } = view;
    const starting = recordStart();
    async function recordStart(): Promise<void> {
      try {
        await audit.record({
          actor,
          action: 'camera.watch.start',
          object: { kind: 'camera', id: cameraId },
          outcome: 'done',
          from,
        });
        view.starting = undefined;
      } catch (error) {
        if (views.get(key) === view) views.delete(key);
        throw error;
      }
    }
    // Several requests wait for the same one, and some are gone by then.
    starting.catch(() => {});
    view.starting = starting;
    return starting;
  }

  function finish(key: string, view: View, reason: ViewEnd): void {
    views.delete(key);
    const { actor, cameraId, from, startedMs, lastMs, requests } = view;
    const seconds = Math.round((lastMs - startedMs) / 1000);
    const written = recordEnd().finally(() => ending.delete(written));
    ending.add(written);
    async function recordEnd(): Promise<void> {
      try {
        await view.starting;
      } catch {
        // It never began.
        return;
      }
      try {
        await audit.record({
          actor,
          action: 'camera.watch.end',
          object: { kind: 'camera', id: cameraId },
          outcome: 'done',
          from,
          detail: { reason, seconds, requests },
        });
      } catch (error) {
        onLost(error, view);
      }
    }
  }

  function end(of: (view: OpenView) => boolean, reason: ViewEnd): void {
    for (const [key, view] of views) if (of(view)) finish(key, view, reason);
  }

  const sweep = setInterval(() => {
    const idleSinceMs = now() - idleMs;
    for (const [key, view] of views) if (view.lastMs <= idleSinceMs) finish(key, view, 'idle');
  }, SWEEP_MS);
  sweep.unref();

  return {
    touch({ actor, cameraId, from }) {
      const key = `${actor.id}\n${cameraId}\n${from.address ?? ''}`;
      const view = views.get(key);
      const nowMs = now();
      if (view !== undefined) {
        view.lastMs = nowMs;
        view.requests++;
        return view.starting;
      }
      if (views.size >= maxViews) {
        return Promise.reject(new AuditUnavailable(`${maxViews} live views are open already`));
      }
      const begun: View = {
        actor,
        cameraId,
        address: from.address,
        from,
        startedMs: nowMs,
        lastMs: nowMs,
        requests: 1,
        starting: undefined,
      };
      views.set(key, begun);
      return start(key, begun);
    },
    end,
    get size() {
      return views.size;
    },
    async close() {
      clearInterval(sweep);
      end(() => true, 'gateway-stopped');
      await Promise.all(ending);
    },
  };
}
