import * as z from 'zod/mini';
import { areaOnWire, grantOnWire } from './areas.ts';
import { call, order } from './call.ts';

/** Who asks, and what a sign-in page needs to know: GET /api/v1/session. */
export const sessionOnWire = z.object({
  state: z.enum(['signed-out', 'second-factor', 'signed-in']),
  person: z.nullable(
    z.object({
      id: z.string(),
      name: z.string(),
      email: z.string(),
      grants: z.array(grantOnWire),
    }),
  ),
  /** What they may do somewhere. */
  actions: z.array(z.string()),
  /** Where they may do each of those. */
  areas: z.record(z.string(), z.array(areaOnWire)),
  secondFactor: z.nullable(
    z.object({ enrolled: z.boolean(), shown: z.boolean(), required: z.boolean() }),
  ),
  /** False: nobody has an account yet. */
  setUp: z.boolean(),
  openId: z.nullable(z.object({ name: z.string(), address: z.string() })),
  demo: z.nullable(
    z.array(
      z.object({
        role: z.string(),
        name: z.string(),
        email: z.string(),
        password: z.string(),
        /** Of the second factor at this moment. */
        code: z.nullable(z.string()),
      }),
    ),
  ),
});
export type Session = z.infer<typeof sessionOnWire>;
export type DemoAccount = NonNullable<Session['demo']>[number];

const ADDRESS = '/api/v1/session';

export function readSession(signal?: AbortSignal): Promise<Session> {
  return call(sessionOnWire, ADDRESS, { signal });
}

export function signIn(email: string, password: string): Promise<Session> {
  return call(sessionOnWire, ADDRESS, { method: 'POST', body: { email, password } });
}

export function showSecondFactor(code: string): Promise<Session> {
  return call(sessionOnWire, `${ADDRESS}/second-factor`, { method: 'POST', body: { code } });
}

export function signOut(): Promise<void> {
  return order(ADDRESS, { method: 'DELETE' });
}

export function setUpFirst(given: {
  token: string;
  name: string;
  email: string;
  password: string;
}): Promise<Session> {
  return call(sessionOnWire, '/api/v1/setup', { method: 'POST', body: given });
}

const invitedOnWire = z.object({ name: z.string(), email: z.string() });
export type Invited = z.infer<typeof invitedOnWire>;

export function readInvitation(token: string, signal: AbortSignal): Promise<Invited> {
  return call(invitedOnWire, `/api/v1/invitations/${encodeURIComponent(token)}`, { signal });
}

export function acceptInvitation(token: string, password: string): Promise<void> {
  return order(`/api/v1/invitations/${encodeURIComponent(token)}`, {
    method: 'POST',
    body: { password },
  });
}
