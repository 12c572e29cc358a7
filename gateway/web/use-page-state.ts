import { useEffect, useState, useSyncExternalStore } from 'react';
import { holdPage, letGo, noteHash, shownHash, subscribe, wantedHash } from './page-address.ts';
import { isAt, parseRoute, routeHash, type Route } from './route.ts';

/** A tab that is out of sight for this long stops loading; a glance at another tab does not. */
const hiddenGraceMs = 8_000;
/**
 * The wall gives its players up this long after a large view covered it: taking twenty of them away keeps the browser
 * busy for some 100 ms, just when the large picture wants to start.
 */
const coverGraceMs = 500;

/** The route of the screen that is shown: that in the address bar, unless a form holds the page. */
export function useRoute(): Route {
  return parseRoute(useSyncExternalStore(subscribe, shownHash));
}

/** Somebody wants to leave a page that a form holds. */
export function useWantsToLeave(): boolean {
  return useSyncExternalStore(subscribe, wantedHash) !== undefined;
}

/** Keeps the page while `unsaved`; whoever wants to leave is asked first. */
export function useUnsaved(unsaved: boolean): void {
  useEffect(() => (unsaved ? holdPage() : undefined), [unsaved]);
}

/** The page goes there by itself: whatever a form held is done with. */
export function goTo(route: Route, options: { replace: boolean } = { replace: false }): void {
  letGo();
  if (options.replace) window.location.replace(routeHash(route));
  else window.location.hash = routeHash(route);
}

/**
 * The address of what is shown, without a step of the history; nothing once the person has gone on to another screen than `on`. While
 * that one is being fetched the one before it is still there, out of sight, and its timers run.
 */
export function noteRoute(route: Route, on: Route['view'] = route.view): void {
  if (isAt(shownHash(), on)) noteHash(routeHash(route));
}

/** True once `covered` has been true for `coverGraceMs`; false again at once. */
export function useCovered(covered: boolean): boolean {
  const [settled, setSettled] = useState(false);
  useEffect(() => {
    if (!covered) {
      setSettled(false);
      return undefined;
    }
    const timer = setTimeout(() => setSettled(true), coverGraceMs);
    return () => clearTimeout(timer);
  }, [covered]);
  return covered && settled;
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
