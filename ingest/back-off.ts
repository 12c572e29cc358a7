import type { DownReason } from './stream-failure.ts';

const FIRST_MS = 1_000;
const LONGEST_MS = 60_000;
/** Policy `locks-out`. Cameras lock out who keeps trying a wrong password. */
const AFTER_REFUSED_PASSWORD_MS = 300_000;
/** Either way, so that the cameras of one site do not come back in one moment. */
const JITTER = 0.25;

/** How long to wait before attempt `attempt` (1 is the first repeat), ms. `random` in [0, 1). */
export function backOffMs(attempt: number, reason: DownReason, random: number): number {
  const jitter = 1 - JITTER + 2 * JITTER * random;
  if (reason === 'unauthorised') return AFTER_REFUSED_PASSWORD_MS * jitter;
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt - 1, 16)) * jitter;
}
