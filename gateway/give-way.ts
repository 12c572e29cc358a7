import { constants, getPriority, setPriority } from 'node:os';

/**
 * Steps of niceness that a thread which gives way is above the others: of a core that both want it gets a tenth (sched(7)). With
 * 3 the cameras' rounds were no sooner than without.
 */
const GIVES_WAY = 10;

/**
 * Has the calling thread give way to the process's others where a core is short; where one is idle it loses nothing. It cannot be taken
 * back: less nice one may become only by right. Linux alone knows niceness by the thread (setpriority(2), "C library/kernel differences");
 * elsewhere it would be all of the process, and nothing changes. Threads that the caller begins give way too: libuv's pool, if nobody
 * has used it before.
 */
export function giveWay(): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(0, Math.min(getPriority(0) + GIVES_WAY, constants.priority.PRIORITY_LOW));
  } catch {
    // A sandbox that refuses the call: it shares as before.
  }
}
