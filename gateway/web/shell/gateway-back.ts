import { ApiError } from '../api/call.ts';
import { readSession } from '../api/session.ts';

/**
 * A gateway that was away comes back, and the screens with it: whoever could not be answered is told once it answers, by
 * one question for all of them. Nobody has to press a button on a page that was left open overnight.
 */

/** Between questions, longer each time; the last goes on. */
const ASK_AFTER_MS = [2_000, 4_000, 8_000, 15_000];
/** What failed again sooner than this is not asked for at the shortest wait again. */
const QUIET_MS = 60_000;

const waiting = new Set<() => void>();
let timer: ReturnType<typeof setTimeout> | undefined;
let tries = 0;
let toldMs = Number.NEGATIVE_INFINITY;

/** The gateway, or what is before it, did not answer. */
export function isAway(error: unknown): boolean {
  return error instanceof ApiError && error.code === 'no_answer';
}

/** `listener` is called once, when the gateway answers. Returns how to wait no longer. */
export function whenBack(listener: () => void): () => void {
  // A listener of its own, also where the same one waits twice.
  const told = (): void => listener();
  waiting.add(told);
  if (timer === undefined) {
    if (performance.now() - toldMs > QUIET_MS) tries = 0;
    askLater();
  }
  return () => {
    waiting.delete(told);
    if (waiting.size > 0) return;
    clearTimeout(timer);
    timer = undefined;
  };
}

function askLater(): void {
  timer = setTimeout(() => void ask(), ASK_AFTER_MS[Math.min(tries++, ASK_AFTER_MS.length - 1)]);
}

async function ask(): Promise<void> {
  try {
    await readSession();
  } catch (error) {
    if (waiting.size > 0 && isAway(error)) return askLater();
  }
  timer = undefined;
  toldMs = performance.now();
  const listeners = [...waiting];
  waiting.clear();
  for (const listener of listeners) listener();
}
