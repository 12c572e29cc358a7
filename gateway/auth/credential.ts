import type { IncomingHttpHeaders } from 'node:http';
import { hashOfToken } from './secret-token.ts';

/** What a request brings to show who sends it. Only the hash of it goes further than this file. */
export interface Credential {
  kind: 'session' | 'token';
  hash: string;
}

/** Longer than any token of ours: what is longer is not looked at. */
const MAX_TOKEN_LENGTH = 512;

/**
 * `Authorization: Bearer` before the cookie: a machine says what it means. A header that names another scheme is nobody's.
 * `cookieName`: of sessions, which depends on TLS.
 */
export function credentialOf(
  headers: IncomingHttpHeaders,
  cookieName: string,
): Credential | undefined {
  const { authorization, cookie } = headers;
  if (authorization !== undefined) {
    // RFC 6750 §2.1, and the scheme in any case (RFC 9110 §11.1).
    const token = /^Bearer +([\w.~+/-]+=*)$/i.exec(authorization)?.[1];
    if (token === undefined || token.length > MAX_TOKEN_LENGTH) return undefined;
    return { kind: 'token', hash: hashOfToken(token) };
  }
  const token = cookie === undefined ? undefined : cookieValue(cookie, cookieName);
  return token === undefined ? undefined : { kind: 'session', hash: hashOfToken(token) };
}

/** RFC 6265 §5.4. Our values are base64url, which needs no decoding. */
export function cookieValue(header: string, name: string): string | undefined {
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=');
    if (equals < 0 || pair.slice(0, equals).trim() !== name) continue;
    const value = pair.slice(equals + 1).trim();
    return /^[\w-]{1,512}$/.test(value) ? value : undefined;
  }
  return undefined;
}

/** `__Host-` (RFC 6265bis §4.1.3.2): a browser takes it over TLS only, for this host alone, and from nobody else. */
export function sessionCookieName(secure: boolean): string {
  return secure ? '__Host-session' : 'session';
}

/** `Set-Cookie` of a session, or with null of its end. A session cookie: it goes with the browser's window. */
export function sessionCookie(token: string | null, secure: boolean): string {
  return [
    `${sessionCookieName(secure)}=${token ?? ''}`,
    'Path=/',
    'HttpOnly',
    // Lax: a link in a letter leads to the page signed in. What changes anything is never a GET, and asks for its origin.
    'SameSite=Lax',
    ...(secure ? ['Secure'] : []),
    ...(token === null ? ['Max-Age=0'] : []),
  ].join('; ');
}
