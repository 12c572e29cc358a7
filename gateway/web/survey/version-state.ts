import type { ReturnDetail } from '../api/survey.ts';

/**
 * What became of one version of a return, whatever the newest one is: its own state, or `replaced` where a later one stands in its
 * place. One that was accepted stands until a later one is. Pure.
 */
export function versionState(
  { version, state }: { version: number; state: string },
  { version: newest, versions }: Pick<ReturnDetail, 'version' | 'versions'>,
): string {
  if (version === newest) return state;
  if (state === 'submitted') return 'replaced';
  const acceptedLater = versions.some(
    (later) => later.version > version && later.state === 'accepted',
  );
  return state === 'accepted' && acceptedLater ? 'replaced' : state;
}
