/**
 * The page's address (route.ts) as the screens see it. A form that holds the page while something in it is not saved keeps its
 * screen when the address changes, by a link or the browser's buttons, until the person has said what becomes of it.
 */
const listeners = new Set<() => void>();
let shown: string | undefined;
/** Where the person wanted to go while the page was held. */
let wanted: string | undefined;
let isHeld = false;
/** Where the held page was scrolled to. The browser's Back scrolls to where the other page was, before anybody is asked. */
let heldAtPx = 0;
/** Of the page whose form was done with. */
let doneWith: string | undefined;

export function shownHash(): string {
  return (shown ??= window.location.hash);
}

export function wantedHash(): string | undefined {
  return wanted;
}

export function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) {
    window.addEventListener('hashchange', look);
    shown = window.location.hash;
  }
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) window.removeEventListener('hashchange', look);
  };
}

/** Until the returned function is called: then what was wanted meanwhile is shown. */
export function holdPage(): () => void {
  isHeld = true;
  doneWith = undefined;
  heldAtPx = window.scrollY;
  window.addEventListener('beforeunload', askBeforeUnload);
  window.addEventListener('scroll', followScroll, { passive: true });
  return () => {
    isHeld = false;
    window.removeEventListener('beforeunload', askBeforeUnload);
    window.removeEventListener('scroll', followScroll);
    if (wanted !== undefined) look();
  };
}

/** The form is done with, saved or given up: it holds nothing any more. */
export function letGo(): void {
  isHeld = false;
  doneWith = shownHash();
  look();
}

/** Else the form went because the person did. */
export function isDoneWith(address: string): boolean {
  return doneWith === address;
}

/** What was typed is gone on with, where the person was. */
export function stay(): void {
  window.location.hash = shownHash();
  wanted = undefined;
  window.scrollTo({ top: heldAtPx, behavior: 'instant' });
  tell();
}

function followScroll(): void {
  // Told after the address has changed: what is scrolled then is not the person's doing.
  if (window.location.hash === shown && wanted === undefined) heldAtPx = window.scrollY;
}

/**
 * The screen that is shown writes what the person sees of it into the address, without a step of the browser's history.
 * Nothing while another address waits to be looked at: the person has gone on.
 */
export function noteHash(hash: string): void {
  if (isHeld || window.location.hash !== shown) return;
  window.history.replaceState(window.history.state, '', hash);
  shown = window.location.hash;
  tell();
}

function look(): void {
  const { hash } = window.location;
  if (isHeld && hash !== shown) {
    wanted = hash;
  } else {
    shown = hash;
    wanted = undefined;
  }
  tell();
}

function tell(): void {
  for (const listener of listeners) listener();
}

/** The browser asks in words of its own, when the whole page is left or loaded anew. */
function askBeforeUnload(event: BeforeUnloadEvent): void {
  event.preventDefault();
}
