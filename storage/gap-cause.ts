import type { GapCause } from './catalogue/tables.ts';

/** Words of stream-failure.ts that mean a line that is cut, or too slow: the camera itself may be well. */
const OF_NETWORK = new Set(['unreachable', 'timeout', 'silent', 'address-not-allowed']);
/** Words that mean that we could not, whatever the camera did. */
const OF_GATEWAY = new Set([
  'worker-restarted',
  'memory-full',
  'site-budget',
  'gateway-stopped',
  'stream-changed',
]);

/** Whose fault it is that nothing is recorded, by the stable word of why the stream ended. */
export function gapCause(reason: string): GapCause {
  if (reason === 'recording-off') return 'not-scheduled';
  if (OF_NETWORK.has(reason)) return 'network';
  return OF_GATEWAY.has(reason) ? 'gateway' : 'camera';
}

/**
 * Whether a gap goes on as another from where its cause is another. A camera that does not answer, refuses, is silent in turn, with each try of ours,
 * is down for one cause, the first; but what is ours ends when something else keeps the camera from being recorded, and theirs where ours begins.
 */
export function isOtherSide(before: GapCause, after: GapCause): boolean {
  return sideOf(before) !== sideOf(after);
}

function sideOf(cause: GapCause): GapCause {
  return cause === 'network' ? 'camera' : cause;
}
