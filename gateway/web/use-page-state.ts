import { useEffect, useState, useSyncExternalStore } from 'react';
import { parseRoute, routeHash, type Route } from './route.ts';

/** A tab that is out of sight for this long stops loading; a glance at another tab does not. */
const hiddenGraceMs = 8_000;

/** The route in the address bar. */
export function useRoute(): Route {
  const hash = useSyncExternalStore(
    (listener) => {
      window.addEventListener('hashchange', listener);
      return () => window.removeEventListener('hashchange', listener);
    },
    () => window.location.hash,
  );
  return parseRoute(hash);
}

export function goTo(route: Route, options: { replace: boolean } = { replace: false }): void {
  if (options.replace) window.location.replace(routeHash(route));
  else window.location.hash = routeHash(route);
}

/** False once the tab has been hidden for a while. */
export function useTabWatched(): boolean {
  const [watched, setWatched] = useState(true);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = (): void => {
      clearTimeout(timer);
      if (document.hidden) timer = setTimeout(() => setWatched(false), hiddenGraceMs);
      else setWatched(true);
    };
    look();
    document.addEventListener('visibilitychange', look);
    return () => {
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', look);
    };
  }, []);
  return watched;
}
