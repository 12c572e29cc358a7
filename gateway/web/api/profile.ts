import * as z from 'zod/mini';
import { call, order } from './call.ts';

/** What people do about their own account: /api/v1/profile. */

const ownSessions = z.object({
  sessions: z.array(
    z.object({
      id: z.string(),
      current: z.boolean(),
      secondFactor: z.boolean(),
      createdAt: z.string(),
      seenAt: z.string(),
      expiresAt: z.string(),
      address: z.nullable(z.string()),
      userAgent: z.nullable(z.string()),
    }),
  ),
});
export type OwnSession = z.infer<typeof ownSessions>['sessions'][number];

const ownTokens = z.object({
  tokens: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      scopes: z.array(z.string()),
      createdAt: z.string(),
      expiresAt: z.string(),
      seenAt: z.nullable(z.string()),
    }),
  ),
});
export type OwnToken = z.infer<typeof ownTokens>['tokens'][number];

export function changePassword(current: string, password: string): Promise<void> {
  return order('/api/v1/profile/password', { method: 'POST', body: { current, password } });
}

export function beginSecondFactor(password: string): Promise<{ secret: string; address: string }> {
  return call(
    z.object({ secret: z.string(), address: z.string() }),
    '/api/v1/profile/second-factor',
    { method: 'POST', body: { password } },
  );
}

export async function confirmSecondFactor(code: string): Promise<string[]> {
  const { recoveryCodes } = await call(
    z.object({ recoveryCodes: z.array(z.string()) }),
    '/api/v1/profile/second-factor/confirm',
    { method: 'POST', body: { code } },
  );
  return recoveryCodes;
}

export function removeSecondFactor(password: string): Promise<void> {
  return order('/api/v1/profile/second-factor', { method: 'DELETE', body: { password } });
}

export async function readOwnSessions(signal: AbortSignal): Promise<OwnSession[]> {
  return (await call(ownSessions, '/api/v1/profile/sessions', { signal })).sessions;
}

export function endOwnSession(id: string): Promise<void> {
  return order(`/api/v1/profile/sessions/${encodeURIComponent(id)}`, { method: 'DELETE' });
}

export function endOtherSessions(): Promise<void> {
  return order('/api/v1/profile/sessions', { method: 'DELETE' });
}

export async function readOwnTokens(signal: AbortSignal): Promise<OwnToken[]> {
  return (await call(ownTokens, '/api/v1/profile/tokens', { signal })).tokens;
}

export async function makeToken(given: {
  name: string;
  scopes: string[];
  days: number;
}): Promise<string> {
  const { token } = await call(z.object({ token: z.string() }), '/api/v1/profile/tokens', {
    method: 'POST',
    body: given,
  });
  return token;
}

export function revokeToken(id: string): Promise<void> {
  return order(`/api/v1/profile/tokens/${encodeURIComponent(id)}`, { method: 'DELETE' });
}
