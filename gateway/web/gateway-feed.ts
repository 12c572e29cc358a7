import { apply, emptyDirectory, type CameraDirectory, type Happening } from './camera-directory.ts';
import { CamerasUnavailable, readCameras } from './camera-pages.ts';
import { cameraOnWire, liveStateOnWire, liveStatesOnWire, type LiveState } from './wire.ts';

/** State changes are gathered for this long before the page is drawn: a worker's restart is hundreds of them at once. */
const gatherMs = 100;
/** Between attempts to reach the gateway; doubled up to the second. */
export const retryFirstMs = 1_000;
export const retryMaxMs = 5_000;
/** What may be heard while the registry is being read; past it, all is begun anew. */
const maxHeard = 10_000;

export interface GatewayFeed {
  directory: () => CameraDirectory;
  subscribe: (listener: () => void) => () => void;
  /** Reads everything again now instead of at the next attempt. */
  retry: () => void;
  stop: () => void;
}

/**
 * Listens to GET /api/v1/events and reads the registry: one stream for the whole tab, since each takes one of the
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
    const stream = new EventSource('/api/v1/events');
    events = stream;
    // Listening comes first and reading after: what is added between the two would be on no page.
    let heard: Happening[] | undefined = [];
    const tell = (happening: Happening): void => {
      if (heard === undefined) hear(happening);
      else if (heard.push(happening) > maxHeard) lose();
    };
    const flush = (): void => {
      clearTimeout(gatherTimer);
      gatherTimer = undefined;
      if (gathered.length > 0) tell({ kind: 'live', states: gathered, atMs: Date.now() });
      gathered = [];
    };
    const isOpen = new Promise<boolean>((resolve) => {
      // EventSource would reconnect by itself after some failures and not after others (a 502 ends it): `lose` does both.
      stream.addEventListener('error', () => {
        stream.close();
        resolve(false);
        // Before it was open the reading tells why, which an event stream does not.
        if (heard === undefined) lose();
      });
      stream.addEventListener('snapshot', (event) => {
        const states = liveStatesOnWire.safeParse(jsonOf(event));
        if (!states.success) return lose();
        gathered = [];
        tell({ kind: 'snapshot', states: states.data, atMs: Date.now() });
        resolve(true);
      });
    });
    stream.addEventListener('live', (event) => {
      const state = liveStateOnWire.safeParse(jsonOf(event));
      if (!state.success) return;
      gathered.push(state.data);
      gatherTimer ??= setTimeout(flush, gatherMs);
    });
    stream.addEventListener('camera', (event) => {
      const camera = cameraOnWire.safeParse(jsonOf(event));
      if (camera.success) tell({ kind: 'camera', camera: camera.data, atMs: Date.now() });
    });

    const opened = await isOpen;
    const { cameras, truncated } = await readCameras({
      fetch: (...args) => fetch(...args),
      signal,
    });
    hear({ kind: 'cameras', cameras, truncated, atMs: Date.now() });
    if (!opened || stream.readyState !== EventSource.OPEN) throw new Error('no event stream');
    retryMs = retryFirstMs;
    const waiting = heard;
    heard = undefined;
    for (const happening of waiting) hear(happening);
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

function jsonOf(event: Event): unknown {
  try {
    return event instanceof MessageEvent ? (JSON.parse(String(event.data)) as unknown) : undefined;
  } catch {
    return undefined;
  }
}
