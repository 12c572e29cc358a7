import { createHash, timingSafeEqual } from 'node:crypto';
import type { ServerCredentials } from './behaviour.ts';

const REALM = 'simulated camera';

/** The WWW-Authenticate header that asks for these credentials; RFC 7616 §3.3, RFC 7617. */
export function challenge(credentials: ServerCredentials, nonce: string): string {
  if (credentials.scheme === 'basic') return `Basic realm="${REALM}"`;
  const qop = credentials.qop === false ? '' : ', qop="auth"';
  const algorithm = credentials.algorithm === 'SHA-256' ? ', algorithm=SHA-256' : '';
  return `Digest realm="${REALM}", nonce="${nonce}"${algorithm}${qop}`;
}

/** Whether an Authorization header proves these credentials for this request. */
export function isAuthorised(
  credentials: ServerCredentials,
  nonce: string,
  request: { method: string; url: string; authorization: string | undefined },
): boolean {
  const { authorization, method, url } = request;
  const [scheme, rest] = split(authorization ?? '');
  if (credentials.scheme === 'basic') {
    const expected = Buffer.from(`${credentials.username}:${credentials.password}`).toString(
      'base64',
    );
    return scheme === 'basic' && same(rest, expected);
  }
  if (scheme !== 'digest') return false;
  const fields = new Map<string, string>();
  for (const [, name = '', quoted, bare] of rest.matchAll(
    /([a-z]+)\s*=\s*(?:"([^"]*)"|([^\s,]+))/gi,
  )) {
    fields.set(name.toLowerCase(), quoted ?? bare ?? '');
  }
  if (fields.get('uri') !== url || fields.get('nonce') !== nonce) return false;
  if (fields.get('username') !== credentials.username || fields.get('realm') !== REALM)
    return false;
  const hash = (text: string): string =>
    createHash(credentials.algorithm === 'SHA-256' ? 'sha256' : 'md5')
      .update(text)
      .digest('hex');
  const secret = hash(`${credentials.username}:${REALM}:${credentials.password}`);
  const asked = hash(`${method}:${url}`);
  const expected =
    credentials.qop === false
      ? hash(`${secret}:${nonce}:${asked}`)
      : hash(
          `${secret}:${nonce}:${fields.get('nc') ?? ''}:${fields.get('cnonce') ?? ''}:auth:${asked}`,
        );
  return same(fields.get('response') ?? '', expected);
}

function split(authorization: string): [scheme: string, rest: string] {
  const space = authorization.indexOf(' ');
  return [authorization.slice(0, space).toLowerCase(), authorization.slice(space + 1).trim()];
}

function same(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
