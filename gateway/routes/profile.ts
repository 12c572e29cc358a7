import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import { typedLine } from '#registry/text.ts';
import { sessionCookie } from '../auth/credential.ts';
import { hashNewPassword } from '../auth/new-password.ts';
import { enrolmentAddress, newCodeSecret, stepOfCode } from '../auth/one-time-code.ts';
import type { People } from '../auth/people.ts';
import { needsSecondFactor, tokenScope, typedPassword } from '../auth/person-json.ts';
import { SecondFactorNeeded, SignInNeeded } from '../auth/refusal.ts';
import { SignInFailed, TooManyTries } from '../auth/sign-in-errors.ts';
import { errorBody } from '../errors.ts';

const MAX_TOKEN_NAME_LENGTH = 100;
const MAX_TOKEN_DAYS = 366;
const DAY_MS = 24 * 60 * 60_000;
const MAX_CODE_LENGTH = 20;

const sessionOfMine = z
  .object({
    id: z.string(),
    current: z.boolean(),
    secondFactor: z.boolean(),
    createdAt: z.iso.datetime(),
    seenAt: z.iso.datetime().meta({ description: 'to the minute' }),
    expiresAt: z.iso.datetime(),
    address: z.string().nullable(),
    userAgent: z.string().nullable(),
  })
  .meta({ id: 'OwnSession' });

const tokenOfMine = z
  .object({
    id: z.string(),
    name: z.string(),
    scopes: z.array(tokenScope),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime(),
    seenAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'ApiToken' });

/** The session or the token is not theirs, or not there: the answer is the same. */
class NotYours extends Error {
  readonly code = 'not_found';
}

class SecondFactorRequired extends Error {
  readonly code = 'second_factor_required';
}

/** What people do about their own account. Machines with a token have none of it. */
export function registerProfileRoutes(
  app: FastifyInstance,
  { people, secureCookies }: { people: People; secureCookies: boolean },
): void {
  const { accounts, sessions, tokens, passwords, throttle, admission, now } = people;
  const typed = app.withTypeProvider<ZodTypeProvider>();
  const own = { config: { action: 'signed-in' as const } };

  /** Who leaves their screen unlocked loses no account by it. An account without a password has none to show. */
  async function showPassword(request: FastifyRequest, password: string): Promise<void> {
    const { id } = me(request);
    const proofs = await accounts.proofs(id);
    if (proofs === undefined || proofs.passwordHash === null) return;
    const waitMs = throttle.begin(`password of ${id}`, request.ip);
    if (waitMs > 0) throw new TooManyTries(Math.ceil(waitMs / 1000));
    if (!(await passwords.verify(password, proofs.passwordHash))) {
      await request.record('password.show', { kind: 'person', id }, { outcome: 'refused' });
      throw new SignInFailed('this is not your present password');
    }
    throttle.succeeded(`password of ${id}`, request.ip);
  }

  typed.post(
    '/api/v1/profile/password',
    {
      ...own,
      schema: {
        summary: 'Change my password; my other sessions end',
        tags: ['profile'],
        body: z.strictObject({ current: typedPassword, password: typedPassword }),
        response: { 204: z.undefined(), 400: errorBody, 401: errorBody, 429: errorBody },
      },
    },
    async (request, reply) => {
      const { current, password } = request.body;
      const { id, about, sessionId, name, email } = me(request);
      await showPassword(request, current);
      const passwordHash = await hashNewPassword(passwords, password, { name, email });
      await request.record('password.change', about);
      await accounts.setPassword(id, passwordHash, sessionId);
      await admission.recheck();
      return reply.code(204).send();
    },
  );

  typed.post(
    '/api/v1/profile/second-factor',
    {
      ...own,
      schema: {
        summary: 'Begin to set up a second factor',
        description:
          'Returns a secret for an authenticator app. It counts once a code of it was confirmed; until then the one before it, if any, does.',
        tags: ['profile'],
        body: z.strictObject({ password: typedPassword }),
        response: {
          200: z.object({
            secret: z.string().meta({ description: 'base32, to be typed' }),
            address: z.string().meta({ description: 'otpauth: address, to be shown as a QR code' }),
          }),
          401: errorBody,
          429: errorBody,
        },
      },
    },
    async (request, reply) => {
      const { id, email } = me(request);
      await showPassword(request, request.body.password);
      const secret = newCodeSecret();
      await accounts.offerCodeSecret(id, secret);
      void reply.header('Cache-Control', 'no-store');
      return { secret, address: enrolmentAddress(secret, email) };
    },
  );

  typed.post(
    '/api/v1/profile/second-factor/confirm',
    {
      ...own,
      schema: {
        summary: 'Confirm the second factor with a code of the app',
        description: 'Returns recovery codes, shown this once. Other sessions end.',
        tags: ['profile'],
        body: z.strictObject({ code: z.string().trim().max(MAX_CODE_LENGTH) }),
        response: {
          200: z.object({ recoveryCodes: z.array(z.string()) }),
          401: errorBody,
          429: errorBody,
        },
      },
    },
    async (request, reply) => {
      const { id, about, hash, sessionId } = me(request);
      const waitMs = throttle.begin(`code of ${id}`, request.ip);
      if (waitMs > 0) throw new TooManyTries(Math.ceil(waitMs / 1000));
      const proofs = await accounts.proofs(id);
      const secret = proofs?.offeredSecret ?? null;
      const step = secret === null ? undefined : stepOfCode(secret, request.body.code, now(), 0);
      if (secret === null || step === undefined) {
        throw new SignInFailed('the code is wrong: does the telephone have the right time?');
      }
      throttle.succeeded(`code of ${id}`, request.ip);
      await request.record('second-factor.set', about);
      const recoveryCodes = await accounts.setCodeSecret(id, secret, step);
      await sessions.endOthers(id, sessionId);
      const token = await sessions.strengthen(hash);
      await admission.recheck();
      if (token === undefined) throw new SignInNeeded('the session has ended meanwhile');
      void reply
        .header('Set-Cookie', sessionCookie(token, secureCookies))
        .header('Cache-Control', 'no-store');
      return { recoveryCodes };
    },
  );

  typed.delete(
    '/api/v1/profile/second-factor',
    {
      ...own,
      schema: {
        summary: 'Remove my second factor',
        tags: ['profile'],
        body: z.strictObject({ password: typedPassword }),
        response: { 204: z.undefined(), 401: errorBody, 409: errorBody, 429: errorBody },
      },
    },
    async (request, reply) => {
      const { id, about, grants } = me(request);
      if (needsSecondFactor(grants)) {
        throw new SecondFactorRequired('a role of yours needs a second factor');
      }
      await showPassword(request, request.body.password);
      await request.record('second-factor.reset', about);
      await accounts.removeCodeSecret(id);
      await admission.recheck();
      return reply.code(204).send();
    },
  );

  typed.get(
    '/api/v1/profile/sessions',
    {
      ...own,
      schema: {
        summary: 'Where I am signed in',
        tags: ['profile'],
        response: { 200: z.object({ sessions: z.array(sessionOfMine) }) },
      },
    },
    async (request, reply) => {
      const { id, sessionId } = me(request);
      void reply.header('Cache-Control', 'no-store');
      const all = await sessions.ofAccount(id);
      return {
        sessions: all.map((session) => ({
          id: session.id,
          current: session.id === sessionId,
          secondFactor: session.secondFactor,
          createdAt: isoOf(session.createdMs),
          seenAt: isoOf(session.seenMs),
          expiresAt: isoOf(session.expiresMs),
          address: session.address,
          userAgent: session.userAgent,
        })),
      };
    },
  );

  typed.delete(
    '/api/v1/profile/sessions',
    {
      ...own,
      schema: {
        summary: 'End my other sessions',
        tags: ['profile'],
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      const { id, about, sessionId } = me(request);
      await request.record('session.revoke', about, { detail: { which: 'all others' } });
      await sessions.endOthers(id, sessionId);
      await admission.recheck();
      return reply.code(204).send();
    },
  );

  typed.delete(
    '/api/v1/profile/sessions/:id',
    {
      ...own,
      schema: {
        summary: 'End one of my sessions',
        tags: ['profile'],
        params: z.object({ id: z.string() }),
        response: { 204: z.undefined(), 404: errorBody },
      },
    },
    async (request, reply) => {
      const { id } = me(request);
      const session = request.params.id;
      await request.record('session.revoke', { kind: 'session', id: session });
      if (!(await sessions.endOne(id, session))) throw new NotYours('you have no such session');
      await admission.recheck();
      return reply.code(204).send();
    },
  );

  typed.get(
    '/api/v1/profile/tokens',
    {
      ...own,
      schema: {
        summary: 'API tokens that I made',
        tags: ['profile'],
        response: { 200: z.object({ tokens: z.array(tokenOfMine) }) },
      },
    },
    async (request) => {
      const all = await tokens.ofAccount(me(request).id);
      return {
        tokens: all.map((token) => ({
          id: token.id,
          name: token.name,
          scopes: token.scopes,
          createdAt: isoOf(token.createdMs),
          expiresAt: isoOf(token.expiresMs),
          seenAt: token.seenMs === null ? null : isoOf(token.seenMs),
        })),
      };
    },
  );

  typed.post(
    '/api/v1/profile/tokens',
    {
      ...own,
      schema: {
        summary: 'Make an API token for a machine',
        description:
          '`Authorization: Bearer …` on the API and on media. It may do what its scopes say, of what its owner may at that time. Shown once.',
        tags: ['profile'],
        body: z.strictObject({
          name: typedLine(MAX_TOKEN_NAME_LENGTH).meta({ examples: ['จอภาพศูนย์ปฏิบัติการ'] }),
          scopes: z.array(tokenScope).min(1),
          days: z.int().min(1).max(MAX_TOKEN_DAYS),
        }),
        response: {
          201: z.object({ id: z.string(), token: z.string() }),
          400: errorBody,
          403: errorBody,
          409: errorBody,
        },
      },
    },
    async (request, reply) => {
      const { name, scopes, days } = request.body;
      const { id, grants, secondFactor } = me(request);
      if (needsSecondFactor(grants) && !secondFactor) {
        throw new SecondFactorNeeded('set up a second factor first');
      }
      await request.record(
        'token.create',
        { kind: 'token', id: '', label: name },
        { detail: { scopes, days } },
      );
      const made = await tokens.create(id, {
        name,
        scopes: [...new Set(scopes)],
        expiresMs: now() + days * DAY_MS,
        secondFactor,
      });
      return reply.code(201).header('Cache-Control', 'no-store').send(made);
    },
  );

  typed.delete(
    '/api/v1/profile/tokens/:id',
    {
      ...own,
      schema: {
        summary: 'Revoke an API token of mine',
        tags: ['profile'],
        params: z.object({ id: z.string() }),
        response: { 204: z.undefined(), 404: errorBody },
      },
    },
    async (request, reply) => {
      const token = request.params.id;
      await request.record('token.revoke', { kind: 'token', id: token });
      if (!(await tokens.revoke(me(request).id, token)))
        throw new NotYours('you have no such token');
      await admission.recheck();
      return reply.code(204).send();
    },
  );
}

/** Route rules let nobody else come here; the types do not know. */
function me(request: FastifyRequest) {
  const { admitted } = request;
  if (admitted === undefined || admitted.rights.sessionId === null) {
    throw new SignInNeeded('sign in first');
  }
  const { accountId, actor, email, sessionId } = admitted.rights;
  return {
    id: accountId,
    name: actor.name,
    email,
    sessionId,
    hash: admitted.credential.hash,
    about: { kind: 'person', id: accountId, label: actor.name },
    grants: actor.grants,
    secondFactor: actor.kind === 'person' && actor.secondFactor,
  };
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
