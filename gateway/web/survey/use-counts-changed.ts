import { useEffect, useRef } from 'react';

/** A wave of changes is one reading. */
const GATHER_MS = 1_000;
/** Counts move with time alone too: windows go on. */
const AT_LEAST_EVERY_MS = 60_000;

/** Calls `onChanged` when the gateway says that counts changed, while the screen is open. */
export function useCountsChanged(onChanged: () => void): void {
  const latest = useRef(onChanged);
  latest.current = onChanged;
  useEffect(() => {
    let gathering: ReturnType<typeof setTimeout> | undefined;
    const hear = (): void => {
      gathering ??= setTimeout(() => {
        gathering = undefined;
        latest.current();
      }, GATHER_MS);
    };
    // EventSource connects again by itself; what it missed meanwhile the timer finds.
    const events = new EventSource('/api/v1/events');
    for (const name of ['counts', 'condition', 'camera', 'camera-deleted']) {
      events.addEventListener(name, hear);
    }
    const timer = setInterval(hear, AT_LEAST_EVERY_MS);
    return () => {
      events.close();
      clearInterval(timer);
      clearTimeout(gathering);
    };
  }, []);
}
