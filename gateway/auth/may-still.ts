import type { Place } from '#registry/area.ts';
import type { Accounts } from './accounts.ts';
import type { Action } from './actions.ts';
import { ADMIN_TOKEN_ACCOUNT } from './admission.ts';
import { decide } from './policy.ts';

/**
 * Whether an account may do now what it was allowed to do when something was handed out to it: a link that works without
 * a session ends with the right that it was made with. Whether a second factor was shown was asked then.
 */
export async function mayStill(
  accountId: string,
  action: Action,
  cameraId: string,
  deps: {
    accounts: Pick<Accounts, 'get'>;
    readPlaces: (cameraIds: readonly string[]) => Promise<Map<string, Place>>;
  },
): Promise<boolean> {
  const lao = (await deps.readPlaces([cameraId])).get(cameraId);
  if (lao === undefined) return false;
  if (accountId === ADMIN_TOKEN_ACCOUNT) return true;
  const account = await deps.accounts.get(accountId);
  if (account === undefined || account.disabled) return false;
  const { id, name, grants } = account;
  const actor = { kind: 'person' as const, id, name, grants, secondFactor: true };
  return decide(actor, action, { kind: 'camera', lao }) === 'allowed';
}
