import { retryFirstMs, retryMaxMs } from '../gateway-feed.ts';

/** A wave of changes is one reading. */
const GATHER_MS = 1_000;
/** Counts move with time alone too: windows go on. */
const AT_LEAST_EVERY_MS = 60_000;

export interface CountsFeed {
  /** Tries to reach the gateway now instead of at the next attempt. */
  retry: () => void;
  stop: () => void;
}

/** Says when counts changed, and whether the gateway is out of reach: what is shown is old then. */
export function startCountsFeed(options: {
  onChanged: () => void;
  onLost: (lost: boolean) => void;
}): CountsFeed {
  const { onChanged, onLost } = options;
  let events: EventSource | undefined;
  let gathering: ReturnType<typeof setTimeout> | undefined;
  let retrying: ReturnType<typeof setTimeout> | undefined;
  let retryMs = retryFirstMs;
  let isLost = false;

  function hear(): void {
    gathering ??= setTimeout(() => {
      gathering = undefined;
      onChanged();
    }, GATHER_MS);
  }

  function lose(): void {
    events?.close();
    if (!isLost) {
      isLost = true;
      onLost(true);
      // An event stream does not say that the session is over; a reading does.
      hear();
    }
    clearTimeout(retrying);
    retrying = setTimeout(open, retryMs);
    retryMs = Math.min(retryMs * 2, retryMaxMs);
  }

  function open(): void {
    clearTimeout(retrying);
    events?.close();
    // As in gateway-feed.ts: EventSource itself comes back after some failures and not after others.
    events = new EventSource('/api/v1/events');
    events.addEventListener('error', lose);
    events.addEventListener('snapshot', () => {
      retryMs = retryFirstMs;
      if (!isLost) return;
      isLost = false;
      onLost(false);
      // What changed meanwhile was not heard.
      hear();
    });
    for (const name of ['counts', 'condition', 'camera', 'camera-deleted']) {
      events.addEventListener(name, hear);
    }
  }

  open();
  const timer = setInterval(hear, AT_LEAST_EVERY_MS);
  return {
    retry: () => {
      retryMs = retryFirstMs;
      open();
    },
    stop: () => {
      events?.close();
      clearInterval(timer);
      clearTimeout(gathering);
      clearTimeout(retrying);
    },
  };
}
