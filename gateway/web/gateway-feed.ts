import { apply, emptyDirectory, type CameraDirectory, type Happening } from './camera-directory.ts';
import { CamerasUnavailable, readCameras } from './camera-pages.ts';
import { cameraOnWire, liveStateOnWire, liveStatesOnWire, type LiveState } from './wire.ts';

/** State changes are gathered for this long before the page is drawn: a worker's restart is hundreds of them at once. */
const gatherMs = 100;
/** Between attempts to reach the gateway; doubled up to the second. */
const retryFirstMs = 1_000;
const retryMaxMs = 5_000;

export interface GatewayFeed {
  directory: () => CameraDirectory;
  subscribe: (listener: () => void) => () => void;
  /** Reads everything again now instead of at the next attempt. */
  retry: () => void;
  stop: () => void;
}

/**
 * Reads the registry, then listens to GET /api/v1/events: one stream for the whole tab, since each takes one of the
 * browser's connections. When the stream breaks, everything is read anew, for what happened meanwhile was not heard.
 */
export function startGatewayFeed(options: { onSignedOut: () => void }): GatewayFeed {
  const listeners = new Set<() => void>();
  let directory = emptyDirectory;
  let gathered: LiveState[] = [];
  let gatherTimer: ReturnType<typeof setTimeout> | undefined;
  let retryTimer: ReturnType<typeof setTimeout> | undefined;
  let retryMs = retryFirstMs;
  let events: EventSource | undefined;
  let reading: AbortController | undefined;

  function hear(happening: Happening): void {
    const next = apply(directory, happening);
    if (next === directory) return;
    directory = next;
    for (const listener of listeners) listener();
  }

  function flush(): void {
    clearTimeout(gatherTimer);
    gatherTimer = undefined;
    if (gathered.length > 0) hear({ kind: 'live', states: gathered, atMs: Date.now() });
    gathered = [];
  }

  function close(): void {
    reading?.abort();
    events?.close();
    events = undefined;
    clearTimeout(retryTimer);
    clearTimeout(gatherTimer);
    gatherTimer = undefined;
    gathered = [];
  }

  function lose(): void {
    close();
    hear({ kind: 'lost' });
    retryTimer = setTimeout(open, retryMs);
    retryMs = Math.min(retryMs * 2, retryMaxMs);
  }

  function open(): void {
    close();
    const attempt = new AbortController();
    reading = attempt;
    void connect(attempt.signal).catch((error: unknown) => {
      if (attempt.signal.aborted) return;
      // Whatever it was, the page says that the gateway is out of reach and tries again.
      lose();
      // A session ended while the wall was open: an event stream does not say so, the reading after it does.
      if (error instanceof CamerasUnavailable && error.status === 401) options.onSignedOut();
    });
  }

  async function connect(signal: AbortSignal): Promise<void> {
    const { cameras, truncated } = await readCameras({
      fetch: (...args) => fetch(...args),
      signal,
    });
    hear({ kind: 'cameras', cameras, truncated, atMs: Date.now() });
    events = new EventSource('/api/v1/events');
    // EventSource would reconnect by itself after some failures and not after others (a 502 ends it): `lose` does both.
    events.addEventListener('error', lose);
    events.addEventListener('snapshot', ({ data }) => {
      retryMs = retryFirstMs;
      const states = liveStatesOnWire.safeParse(parseJson(data));
      if (!states.success) return lose();
      gathered = [];
      hear({ kind: 'snapshot', states: states.data, atMs: Date.now() });
    });
    events.addEventListener('live', ({ data }) => {
      const state = liveStateOnWire.safeParse(parseJson(data));
      if (!state.success) return;
      gathered.push(state.data);
      gatherTimer ??= setTimeout(flush, gatherMs);
    });
    events.addEventListener('camera', ({ data }) => {
      const camera = cameraOnWire.safeParse(parseJson(data));
      if (camera.success) hear({ kind: 'camera', camera: camera.data, atMs: Date.now() });
    });
  }

  open();
  return {
    directory: () => directory,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    retry: () => {
      retryMs = retryFirstMs;
      open();
    },
    stop: close,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
