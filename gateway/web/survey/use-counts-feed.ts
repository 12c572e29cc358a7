import { useCallback, useEffect, useRef, useState } from 'react';
import { startCountsFeed, type CountsFeed } from './counts-feed.ts';

/** While the screen is open: calls `onChanged` when counts changed, and tells whether the gateway is lost. */
export function useCountsFeed(onChanged: () => void): { lost: boolean; retry: () => void } {
  const latest = useRef(onChanged);
  latest.current = onChanged;
  const feed = useRef<CountsFeed>(undefined);
  const [lost, setLost] = useState(false);
  useEffect(() => {
    const started = startCountsFeed({ onChanged: () => latest.current(), onLost: setLost });
    feed.current = started;
    return () => started.stop();
  }, []);
  const retry = useCallback(() => feed.current?.retry(), []);
  return { lost, retry };
}
