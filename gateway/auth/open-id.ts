import type { IncomingMessage } from 'node:http';
import * as client from 'openid-client';
import type { Account, Accounts } from './accounts.ts';
import { cookieValue } from './credential.ts';
import { SignInFailed } from './sign-in-errors.ts';

export interface OpenIdSettings {
  issuer: string;
  clientId: string;
  clientSecret: string;
  /** As the sign-in page calls it. */
  name: string;
  /** `https://…/api/v1/session/open-id/callback`, as registered with the provider. */
  redirectUrl: string;
}

/** Signing in with another system's account: authorization code flow with PKCE (OpenID Connect Core 1.0, RFC 7636). */
export interface OpenIdSignIn {
  name: string;
  /** Where to send the browser, and the cookie by which it is known when it comes back. */
  start: () => Promise<{ address: string; cookie: string }>;
  /** Whom the provider vouches for. Throws SignInFailed, and what openid-client throws. */
  finish: (request: IncomingMessage) => Promise<Account>;
  /** Removes the cookie. */
  noCookie: string;
}

const COOKIE = 'open-id';
const COOKIE_LIFE_SECONDS = 600;
/** State, nonce and code verifier stand behind one another in the cookie; openid-client makes them of this length. */
const SECRET_LENGTH = 43;
const REQUEST_TIMEOUT_SECONDS = 10;

/**
 * No account is made here: whom nobody entered does not come in. The first time a person is known by their e-mail
 * address, which the provider must have verified, and from then on by the provider's own name for them.
 */
export function openIdSignIn(
  settings: OpenIdSettings,
  accounts: Pick<Accounts, 'byEmail' | 'byOpenIdSubject' | 'bindOpenIdSubject'>,
): OpenIdSignIn {
  const secure = settings.redirectUrl.startsWith('https:');
  const attributes = `Path=/api/v1/session/open-id; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
  let discovered: Promise<client.Configuration> | undefined;

  /** When it is first needed, and again after a failure: the gateway starts while the provider is down. */
  async function configuration(): Promise<client.Configuration> {
    discovered ??= discover(settings).catch((error: unknown) => {
      discovered = undefined;
      throw error;
    });
    return discovered;
  }

  async function accountOf(subject: string, claims: Claims): Promise<Account> {
    const bound = await accounts.byOpenIdSubject(subject);
    if (bound !== undefined) return bound;
    if (typeof claims['email'] !== 'string' || claims['email_verified'] !== true) {
      throw new SignInFailed('the provider names no e-mail address that it has verified');
    }
    const account = await accounts.byEmail(claims['email']);
    if (account === undefined) throw new SignInFailed('nobody here has this e-mail address');
    await accounts.bindOpenIdSubject(account.id, subject);
    // An account that was bound to another name of the provider's stays so.
    const now = await accounts.byOpenIdSubject(subject);
    if (now === undefined) throw new SignInFailed('this account belongs to another person there');
    return now;
  }

  return {
    name: settings.name,
    noCookie: `${COOKIE}=; Max-Age=0; ${attributes}`,
    async start() {
      const config = await configuration();
      const state = client.randomState();
      const nonce = client.randomNonce();
      const verifier = client.randomPKCECodeVerifier();
      const address = client.buildAuthorizationUrl(config, {
        redirect_uri: settings.redirectUrl,
        scope: 'openid email profile',
        state,
        nonce,
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      });
      const cookie = `${COOKIE}=${state}${nonce}${verifier}; Max-Age=${COOKIE_LIFE_SECONDS}; ${attributes}`;
      return { address: address.href, cookie };
    },
    async finish(request) {
      const kept = cookieValue(request.headers.cookie ?? '', COOKIE) ?? '';
      if (kept.length !== 3 * SECRET_LENGTH)
        throw new SignInFailed('the sign-in did not begin here');
      const config = await configuration();
      // Our own address and the query that came: the Host header has no say in it.
      const current = new URL(settings.redirectUrl);
      current.search = new URL(request.url ?? '', settings.redirectUrl).search;
      const tokens = await client.authorizationCodeGrant(config, current, {
        expectedState: kept.slice(0, SECRET_LENGTH),
        expectedNonce: kept.slice(SECRET_LENGTH, 2 * SECRET_LENGTH),
        pkceCodeVerifier: kept.slice(2 * SECRET_LENGTH),
        idTokenExpected: true,
      });
      const claims = tokens.claims();
      if (claims === undefined) throw new SignInFailed('the provider sent no ID token');
      const subject = `${claims.iss} ${claims.sub}`;
      const more: Claims =
        claims['email'] === undefined
          ? await client.fetchUserInfo(config, tokens.access_token, claims.sub)
          : claims;
      const account = await accountOf(subject, more);
      if (account.disabled) throw new SignInFailed('this account is closed');
      return account;
    },
  };
}

interface Claims {
  [name: string]: unknown;
}

async function discover(settings: OpenIdSettings): Promise<client.Configuration> {
  const issuer = new URL(settings.issuer);
  return client.discovery(issuer, settings.clientId, settings.clientSecret, undefined, {
    timeout: REQUEST_TIMEOUT_SECONDS,
    // config.ts lets a provider without TLS be on this machine only.
    execute: issuer.protocol === 'http:' ? [client.allowInsecureRequests] : [],
  });
}
