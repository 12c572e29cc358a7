import { createHash, randomBytes } from 'node:crypto';

/** What a server asks for in WWW-Authenticate; RFC 7616 §3.3, RFC 7617. */
export type Challenge =
  | { scheme: 'basic' }
  | {
      scheme: 'digest';
      realm: string;
      nonce: string;
      opaque: string | undefined;
      algorithm: 'MD5' | 'SHA-256';
      qop: 'auth' | undefined;
      stale: boolean;
    };

export interface Credentials {
  username: string;
  password: string;
}

/** The strongest challenge of all that were offered and are understood, or undefined. */
export function chooseChallenge(values: readonly string[]): Challenge | undefined {
  const challenges = values.flatMap(splitChallenges).map(parseChallenge);
  return (
    challenges.find((c) => c?.scheme === 'digest' && c.algorithm === 'SHA-256') ??
    challenges.find((c) => c?.scheme === 'digest') ??
    challenges.find((c) => c?.scheme === 'basic')
  );
}

/** The Authorization header for one request. `nonceCount` counts requests made with this challenge, from 1. */
export function authorization(
  challenge: Challenge,
  credentials: Credentials,
  method: string,
  uri: string,
  nonceCount: number,
  clientNonce: string = randomBytes(8).toString('hex'),
): string {
  if (challenge.scheme === 'basic') {
    const { username, password } = credentials;
    return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
  }
  // Messages are bytes, held as latin1: what the camera said stays as it is, what was typed becomes UTF-8.
  const username = utf8Bytes(credentials.username);
  const password = utf8Bytes(credentials.password);
  const { realm, nonce, opaque, algorithm, qop } = challenge;
  const hash = (text: string): string =>
    createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
      .update(text, 'latin1')
      .digest('hex');
  const count = nonceCount.toString(16).padStart(8, '0');
  const a1 = hash(`${username}:${realm}:${password}`);
  const a2 = hash(`${method}:${uri}`);
  const response =
    qop === undefined
      ? hash(`${a1}:${nonce}:${a2}`)
      : hash(`${a1}:${nonce}:${count}:${clientNonce}:${qop}:${a2}`);
  const fields = [
    `username="${quote(username)}"`,
    `realm="${quote(realm)}"`,
    `nonce="${quote(nonce)}"`,
    `uri="${quote(uri)}"`,
    `response="${response}"`,
  ];
  if (algorithm !== 'MD5') fields.push(`algorithm=${algorithm}`);
  if (opaque !== undefined) fields.push(`opaque="${quote(opaque)}"`);
  if (qop !== undefined) fields.push(`qop=${qop}`, `nc=${count}`, `cnonce="${clientNonce}"`);
  return `Digest ${fields.join(', ')}`;
}

/** One header may carry several challenges, separated like their own parameters: by commas. */
function splitChallenges(value: string): string[] {
  return value.split(/,\s*(?=(?:Basic|Digest)\s)/i);
}

function parseChallenge(text: string): Challenge | undefined {
  const scheme = /^\s*(basic|digest)\b/i.exec(text)?.[1]?.toLowerCase();
  if (scheme === 'basic') return { scheme: 'basic' };
  if (scheme !== 'digest') return undefined;
  const fields = new Map<string, string>();
  for (const match of text.matchAll(/([a-z]{1,32})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))/gi)) {
    const value = match[2]?.replaceAll(/\\(.)/g, '$1') ?? match[3] ?? '';
    fields.set((match[1] as string).toLowerCase(), value);
  }
  const nonce = fields.get('nonce');
  const algorithm = (fields.get('algorithm') || 'MD5').toUpperCase();
  if (nonce === undefined || (algorithm !== 'MD5' && algorithm !== 'SHA-256')) return undefined;
  const qops = (fields.get('qop') ?? '').split(',').map((qop) => qop.trim().toLowerCase());
  return {
    scheme: 'digest',
    realm: fields.get('realm') ?? '',
    nonce,
    opaque: fields.get('opaque'),
    algorithm,
    qop: qops.includes('auth') ? 'auth' : undefined,
    stale: fields.get('stale')?.toLowerCase() === 'true',
  };
}

function utf8Bytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

function quote(text: string): string {
  return text.replaceAll(/["\\]/g, '\\$&').replaceAll(/[\r\n\0]/g, '');
}
