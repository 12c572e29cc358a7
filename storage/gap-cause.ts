import type { GapCause } from './catalogue/tables.ts';

/** Words of stream-failure.ts that mean a line that is cut, or too slow: the camera itself may be well. */
const OF_NETWORK = new Set(['unreachable', 'timeout', 'silent', 'address-not-allowed']);
/** Words that mean that we could not, whatever the camera did. */
const OF_GATEWAY = new Set(['worker-restarted', 'memory-full', 'site-budget', 'gateway-stopped']);

/** Whose fault it is that nothing is recorded, by the stable word of why the stream ended. */
export function gapCause(reason: string): GapCause {
  if (reason === 'recording-off') return 'not-scheduled';
  if (OF_NETWORK.has(reason)) return 'network';
  return OF_GATEWAY.has(reason) ? 'gateway' : 'camera';
}
