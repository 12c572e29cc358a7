import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import { country } from '#registry/area.ts';
import { SignInFailed, TooManyTries } from '../auth/sign-in-errors.ts';
import type { Admitted } from '../auth/admission.ts';
import { sessionCookie } from '../auth/credential.ts';
import type { DemoAccounts } from '../auth/demo-accounts.ts';
import { hashNewPassword } from '../auth/new-password.ts';
import { stepOfCode } from '../auth/one-time-code.ts';
import type { OpenIdSignIn } from '../auth/open-id.ts';
import type { People } from '../auth/people.ts';
import {
  email,
  needsSecondFactor,
  personName,
  sessionJson,
  typedPassword,
} from '../auth/person-json.ts';
import { actionsOf, areasFor } from '../auth/policy.ts';
import { SignInNeeded } from '../auth/refusal.ts';
import { hashOfToken } from '../auth/secret-token.ts';
import { errorBody } from '../errors.ts';

export interface SessionRouteDeps {
  people: People;
  /** Cookies only over TLS. */
  secureCookies: boolean;
  demo: DemoAccounts | undefined;
  openId: OpenIdSignIn | undefined;
}

const MAX_CODE_LENGTH = 20;

/** Signing in, in one or two steps, and out; who am I; the first administrator. */
export function registerSessionRoutes(app: FastifyInstance, deps: SessionRouteDeps): void {
  const { people, secureCookies, demo, openId } = deps;
  const { accounts, sessions, passwords, throttle, admission, now } = people;
  const typed = app.withTypeProvider<ZodTypeProvider>();
  /** Once somebody has an account somebody has. */
  let isSetUp = false;

  async function told(admitted: Admitted | undefined): Promise<z.input<typeof sessionJson>> {
    isSetUp ||= !(await accounts.isEmpty());
    const rights = admitted?.rights;
    const actor = rights?.pending === true ? undefined : rights?.actor;
    const actions = actor === undefined ? [] : actionsOf(actor);
    return {
      state:
        rights === undefined ? 'signed-out' : actor === undefined ? 'second-factor' : 'signed-in',
      person:
        actor === undefined || actor.kind === 'system'
          ? null
          : {
              id: actor.id,
              name: actor.name,
              email: rights?.email ?? '',
              kind: actor.kind,
              grants: [...actor.grants],
            },
      actions,
      areas: Object.fromEntries(
        actions.map((action) => [action, actor === undefined ? [] : areasFor(actor, action)]),
      ),
      secondFactor:
        rights === undefined || rights.actor.kind !== 'person'
          ? null
          : {
              enrolled: rights.hasSecondFactor,
              shown: rights.actor.secondFactor,
              required: needsSecondFactor(rights.actor.grants),
            },
      expiresAt:
        rights === undefined || !Number.isFinite(rights.expiresMs)
          ? null
          : new Date(rights.expiresMs).toISOString(),
      setUp: isSetUp,
      openId: openId === undefined ? null : { name: openId.name, address: OPEN_ID_START },
      demo: demo?.told(now()) ?? null,
    };
  }

  /** A session of their own under a new token, and the cookie of it; the one before it, if any, ends. */
  async function begin(
    request: FastifyRequest,
    reply: FastifyReply,
    accountId: string,
  ): Promise<Admitted> {
    const before = request.admitted?.credential;
    if (before?.kind === 'session') await sessions.end(before.hash);
    const { token } = await sessions.begin(accountId, {
      secondFactor: false,
      address: request.ip,
      userAgent: request.headers['user-agent'] ?? null,
    });
    return take(request, reply, token);
  }

  async function take(
    request: FastifyRequest,
    reply: FastifyReply,
    token: string,
  ): Promise<Admitted> {
    await admission.recheck();
    const admitted = await admission.admit({ kind: 'session', hash: hashOfToken(token) });
    if (admitted === undefined) throw new SignInNeeded('the session has ended already');
    void reply.header('Set-Cookie', sessionCookie(token, secureCookies));
    request.admitted = admitted;
    request.actor = admitted.rights.pending ? undefined : admitted.rights.actor;
    return admitted;
  }

  /** Counts the try. Throws TooManyTries. */
  function countTry(request: FastifyRequest, account: string): void {
    const waitMs = throttle.begin(account, request.ip);
    if (waitMs > 0) throw new TooManyTries(Math.ceil(waitMs / 1000));
  }

  typed.get(
    '/api/v1/session',
    {
      config: { action: 'public' },
      schema: {
        summary: 'Who am I, and how does one sign in here',
        tags: ['session'],
        response: { 200: sessionJson },
      },
    },
    async (request, reply) => {
      void reply.header('Cache-Control', 'no-store');
      return told(request.admitted);
    },
  );

  typed.post(
    '/api/v1/session',
    {
      config: { action: 'public' },
      schema: {
        summary: 'Sign in',
        description:
          'Sets the session cookie. With a second factor the state is `second-factor` until its code was shown.',
        tags: ['session'],
        body: z.strictObject({ email: typedEmail, password: typedPassword }),
        response: { 200: sessionJson, 400: errorBody, 401: errorBody, 429: errorBody },
      },
    },
    async (request, reply) => {
      const { email: address, password } = request.body;
      void reply.header('Cache-Control', 'no-store');
      const tried = address.trim().toLowerCase();
      const about = { kind: 'session', id: '', label: tried };
      try {
        countTry(request, tried);
      } catch (error) {
        await request.record('sign-in', about, {
          outcome: 'refused',
          detail: { reason: 'throttled' },
        });
        throw error;
      }
      const account = await accounts.byEmail(tried);
      const proofs = account === undefined ? undefined : await accounts.proofs(account.id);
      const isRight = await passwords.verify(password, proofs?.passwordHash ?? null);
      if (account === undefined || !isRight) {
        await request.record('sign-in', about, { outcome: 'refused' });
        throw new SignInFailed('e-mail address and password do not belong together');
      }
      throttle.succeeded(tried, request.ip);
      await request.record(
        'sign-in',
        { kind: 'person', id: account.id, label: account.name },
        { detail: { with: 'password', secondFactorNext: account.hasSecondFactor } },
      );
      return told(await begin(request, reply, account.id));
    },
  );

  typed.post(
    '/api/v1/session/second-factor',
    {
      config: { action: 'public' },
      schema: {
        summary: 'Second step: a code of the authenticator app, or a recovery code',
        tags: ['session'],
        body: z.strictObject({ code: z.string().trim().max(MAX_CODE_LENGTH) }),
        response: { 200: sessionJson, 400: errorBody, 401: errorBody, 429: errorBody },
      },
    },
    async (request, reply) => {
      const { code } = request.body;
      const { admitted } = request;
      void reply.header('Cache-Control', 'no-store');
      if (admitted === undefined || admitted.credential.kind !== 'session') {
        throw new SignInNeeded('sign in with your password first');
      }
      const { accountId, actor } = admitted.rights;
      const about = { kind: 'person', id: accountId, label: actor.name };
      countTry(request, `code of ${accountId}`);
      const proofs = await accounts.proofs(accountId);
      const secret = proofs?.codeSecret ?? null;
      if (proofs === undefined || secret === null) {
        throw new SignInFailed('this account has no second factor');
      }
      const step = stepOfCode(secret, code, now(), proofs.codeUsedStep);
      const withApp = step !== undefined && (await accounts.useCodeStep(accountId, step));
      const isRight = withApp || (await accounts.useRecoveryCode(accountId, code));
      if (!isRight) {
        await request.record('sign-in.second-factor', about, { outcome: 'refused' });
        throw new SignInFailed('the code is wrong, or was used already');
      }
      throttle.succeeded(`code of ${accountId}`, request.ip);
      await request.record('sign-in.second-factor', about, {
        detail: { with: withApp ? 'app' : 'recovery code' },
      });
      const token = await sessions.strengthen(admitted.credential.hash);
      if (token === undefined) throw new SignInNeeded('the session has ended meanwhile');
      return told(await take(request, reply, token));
    },
  );

  typed.delete(
    '/api/v1/session',
    {
      config: { action: 'public' },
      schema: { summary: 'Sign out', tags: ['session'], response: { 204: z.undefined() } },
    },
    async (request, reply) => {
      const { admitted } = request;
      if (admitted?.credential.kind === 'session') {
        const { accountId, actor } = admitted.rights;
        await sessions.end(admitted.credential.hash);
        await admission.recheck();
        await request.record('sign-out', { kind: 'person', id: accountId, label: actor.name });
      }
      return reply
        .code(204)
        .header('Set-Cookie', sessionCookie(null, secureCookies))
        .header('Cache-Control', 'no-store')
        .send();
    },
  );

  typed.post(
    '/api/v1/setup',
    {
      config: { action: 'public' },
      schema: {
        summary: 'Make the first administrator, with the token of the set-up link',
        description: 'Once. The link is printed when the gateway starts and has no account yet.',
        tags: ['session'],
        body: z.strictObject({
          token: z.string().max(MAX_TOKEN_LENGTH),
          name: personName,
          email,
          password: typedPassword,
        }),
        response: { 201: sessionJson, 400: errorBody, 403: errorBody, 409: errorBody },
      },
    },
    async (request, reply) => {
      const { token, name, email: address, password } = request.body;
      countTry(request, 'set-up');
      if (hashOfToken(token) !== hashOfToken(people.setupToken)) {
        await request.record(
          'person.create',
          { kind: 'person', id: 'first', label: name },
          { outcome: 'refused', detail: { first: true } },
        );
        throw new SignInFailed('this is not the set-up link that was printed last');
      }
      throttle.succeeded('set-up', request.ip);
      const passwordHash = await hashNewPassword(passwords, password, { name, email: address });
      await request.record(
        'person.create',
        { kind: 'person', id: 'first', label: name },
        { detail: { first: true, email: address } },
      );
      const account = await accounts.createFirst(
        { name, email: address, grants: [{ role: 'administrator', area: country }] },
        passwordHash,
      );
      return reply.code(201).send(await told(await begin(request, reply, account.id)));
    },
  );

  if (openId !== undefined) registerOpenIdRoutes(app, openId);

  /** The provider's page, and the way back from it. Both are visited by the browser itself, so answers are redirects. */
  function registerOpenIdRoutes(scope: FastifyInstance, provider: OpenIdSignIn): void {
    const withZod = scope.withTypeProvider<ZodTypeProvider>();
    withZod.get(
      OPEN_ID_START,
      { config: { action: 'public' }, schema: { hide: true } },
      async (_request, reply) => {
        const { address, cookie } = await provider.start();
        return reply
          .header('Set-Cookie', cookie)
          .header('Cache-Control', 'no-store')
          .redirect(address);
      },
    );
    withZod.get(
      `${OPEN_ID_START}/callback`,
      { config: { action: 'public' }, schema: { hide: true } },
      async (request, reply) => {
        void reply.header('Cache-Control', 'no-store').header('Set-Cookie', provider.noCookie);
        const account = await provider.finish(request.raw).catch(async (error: unknown) => {
          request.log.warn({ err: error }, 'sign-in through OpenID Connect failed');
          await request.record(
            'sign-in',
            { kind: 'session', id: '' },
            { outcome: 'refused', detail: { with: 'openid' } },
          );
          return undefined;
        });
        if (account === undefined) return reply.redirect('/?sign-in=failed');
        await request.record(
          'sign-in',
          { kind: 'person', id: account.id, label: account.name },
          { detail: { with: 'openid', secondFactorNext: account.hasSecondFactor } },
        );
        await begin(request, reply, account.id);
        return reply.redirect('/');
      },
    );
  }
}

const OPEN_ID_START = '/api/v1/session/open-id';
const MAX_EMAIL_LENGTH = 254;
/** Whatever was typed; PostgreSQL takes no question with U+0000. */
const typedEmail = z
  .string()
  .max(MAX_EMAIL_LENGTH)
  .refine((text) => !text.includes('\0'), 'must not hold control characters');
const MAX_TOKEN_LENGTH = 200;
