import { isIP } from 'node:net';
import { canonicalHost, PLAIN_HOST } from './stream-host.ts';

/** Longer addresses are not taken. Cameras' own are below 300. */
export const MAX_STREAM_URL_LENGTH = 2_048;

/**
 * What a stream's address may begin with: RTSP (RFC 2326 §3.2), the same over TLS, and either within HTTP requests, for
 * lines that let nothing else through. The last two are names of our own; other programs take them from an option.
 */
export const streamSchemes = ['rtsp', 'rtsps', 'rtsp+http', 'rtsp+https'] as const;

/** What the address of a device's still picture begins with (ONVIF Media §5.15.1). https is not fetched (ingest/device-still.ts). */
export const snapshotSchemes = ['http'] as const;

export interface StreamAddress {
  /** Of one of the schemes that were asked for, without credentials. */
  url: string;
  /** Decoded, as they stood in the address; null where it had none. */
  username: string | null;
  password: string | null;
}

/** Not an address that a stream can be pulled from. The address itself is left out: it may hold a password. */
export class StreamAddressNotValid extends Error {
  readonly code = 'stream_address_not_valid';
  constructor(reason: string) {
    super(`stream address: ${reason}`);
  }
}

/**
 * Takes the credentials out of an address as people paste it. Passwords with a raw `@`, `:`, `/`, `?` or `#` are
 * common in the field, and told from the rest where the host is a number. The rest of the address stays letter for
 * letter: camera firmwares compare paths and queries as text.
 * Throws StreamAddressNotValid.
 */
export function splitStreamAddress(pasted: string): StreamAddress {
  return splitAddress(
    pasted,
    streamSchemes,
    'must begin with rtsp:// or rtsps://, or with rtsp+http:// or rtsp+https:// for RTSP within HTTP',
  );
}

/** The same of the address of a still picture. Throws StreamAddressNotValid. */
export function splitSnapshotAddress(pasted: string): StreamAddress {
  const address = splitAddress(
    pasted,
    snapshotSchemes,
    'of a still picture must begin with http://',
  );
  // Of http a URL takes it for a slash: the host that is asked would be another than the one that is read here.
  if (address.url.includes('\\')) throw new StreamAddressNotValid('must not hold a backslash');
  return address;
}

function splitAddress(
  pasted: string,
  schemes: readonly string[],
  otherScheme: string,
): StreamAddress {
  const text = pasted.trim();
  if (text.length > MAX_STREAM_URL_LENGTH) throw new StreamAddressNotValid('too long');
  const match = /^([a-z+]+):\/\/(.*)$/is.exec(text);
  const scheme = schemes.find((known) => known === match?.[1]?.toLowerCase());
  if (scheme === undefined || match?.[2] === undefined) {
    throw new StreamAddressNotValid(otherScheme);
  }
  const { userInfo, rest } = splitUserInfo(match[2]);
  // Blanks and control characters would end the request line that the address is sent in; half a surrogate pair is no
  // character, and cannot be sent.
  if (/[\s\p{Cc}\p{Cs}]/u.test(rest)) throw new StreamAddressNotValid('must not hold blanks');
  if (rest.includes('#')) throw new StreamAddressNotValid('must not hold a fragment (#)');
  const url = `${scheme}://${rest}`;
  checkHost(url);
  if (userInfo === undefined) return { url, username: null, password: null };
  const colon = userInfo.indexOf(':');
  return {
    url,
    username: decode(colon < 0 ? userInfo : userInfo.slice(0, colon)) || null,
    password: colon < 0 ? null : decode(userInfo.slice(colon + 1)),
  };
}

/** Of each scheme, where its address names none: RFC 2326 §3.2, RFC 7826 §22.14.1, and HTTP's. */
const defaultPorts: Readonly<Record<string, number>> = {
  rtsp: 554,
  rtsps: 322,
  'rtsp+http': 80,
  'rtsp+https': 443,
  http: 80,
};

/**
 * Which device an address leads to: its host and its port, for behind one router each port is another camera. A port that is the
 * scheme's own may be left out, and is no other.
 */
export function deviceOf(address: string): string {
  const { scheme, device } = placeOf(address);
  return device.includes(':', device.lastIndexOf(']') + 1)
    ? device
    : `${device}:${defaultPorts[scheme]}`;
}

/**
 * One for two spellings of one address: a port that is the scheme's own, spellings of a host (stream-host.ts) and a question mark
 * that nothing follows make no other. Paths stay letter for letter, as cameras compare them.
 */
export function addressKey(address: string): string {
  const asked = address.indexOf('?') === address.length - 1 ? address.slice(0, -1) : address;
  // An inventory has 100,000, and most of them are plain.
  const [plain, place = ''] = plainPlace.exec(asked) ?? [];
  if (plain !== undefined) {
    return plain === place ? asked : `${place}${asked.slice(plain.length)}`;
  }
  const { scheme, device, rest } = placeOf(asked);
  return `${scheme}://${device}${rest}`;
}

const plainPlace = new RegExp(String.raw`^(rtsp:\/\/${PLAIN_HOST})(?::554)?(?=[/?]|$)`, 'u');

function placeOf(address: string): { scheme: string; device: string; rest: string } {
  const match = /^([a-z+]+):\/\/(\[[^\]]*\]|[^/?#:]*)(?::(\d*))?(.*)$/isu.exec(address);
  const [, scheme = '', host = '', port = '', rest = ''] = match ?? [];
  const known = scheme.toLowerCase();
  const isOwn = port === '' || Number(port) === defaultPorts[known];
  return {
    scheme: known,
    device: `${canonicalHost(host)}${isOwn ? '' : `:${Number(port)}`}`,
    rest: match === null ? address : rest,
  };
}

function splitUserInfo(afterScheme: string): { userInfo: string | undefined; rest: string } {
  // RFC 3986 §3.2: the authority ends at the first of / ? #, and an @ in it separates the credentials.
  const authorityEnd = afterScheme.search(/[/?#]/);
  const tailStart = authorityEnd < 0 ? afterScheme.length : authorityEnd;
  const byRule = splitAt(afterScheme, afterScheme.lastIndexOf('@', tailStart));
  // An @ further on is part of the path, or the password held a raw / ? #. A host that is a number tells them apart.
  if (!afterScheme.includes('@', tailStart) || beginsWithIp(byRule.rest)) return byRule;
  const byLast = splitAt(afterScheme, afterScheme.lastIndexOf('@'));
  if (beginsWithIp(byLast.rest)) return byLast;
  throw new StreamAddressNotValid('an @ that may end the credentials or not: write it as %40');
}

function splitAt(text: string, at: number): { userInfo: string | undefined; rest: string } {
  return at < 0
    ? { userInfo: undefined, rest: text }
    : { userInfo: text.slice(0, at), rest: text.slice(at + 1) };
}

function beginsWithIp(rest: string): boolean {
  const host = /^(?:\[([^\]]*)\]|([^/?#:]*))/.exec(rest);
  return isIP(host?.[1] ?? host?.[2] ?? '') !== 0;
}

function checkHost(url: string): void {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new StreamAddressNotValid('not an address');
  }
  if (parsed.hostname === '') throw new StreamAddressNotValid('no host');
  if (parsed.username !== '' || parsed.password !== '') {
    throw new StreamAddressNotValid('credentials cannot be told from the host');
  }
  if (parsed.port === '0') throw new StreamAddressNotValid('port 0');
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A raw % in a password that was pasted as it is.
    return text;
  }
}
