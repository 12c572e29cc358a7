import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { splitStreamAddress } from '../stream-address.ts';

/** An address that a device named, as far as it may be offered. */
export interface OfferedAddress {
  /** Without credentials; null: it is not offered, and `refused` says why. */
  url: string | null;
  /** It is on another host than the one that was asked: a password given for the device would go there. */
  elsewhere: boolean;
  refused: 'address-not-allowed' | 'not-valid' | null;
}

const NOT_VALID: OfferedAddress = { url: null, elsewhere: false, refused: 'not-valid' };
const MAX_URL_LENGTH = 2_048;

/** How addresses in replies are looked at. `deviceHost`: whom we asked. */
export interface AddressCheck {
  deviceHost: string;
  isAllowed: (address: string) => boolean;
}

/** A stream's address out of a reply. It is asked again whenever it is dialled: a name may lead elsewhere then. */
export async function offeredStream(named: string, check: AddressCheck): Promise<OfferedAddress> {
  let url: string;
  try {
    ({ url } = splitStreamAddress(named));
  } catch {
    return NOT_VALID;
  }
  return offered(url, check);
}

/** The address of a still picture out of a reply. */
export async function offeredSnapshot(named: string, check: AddressCheck): Promise<OfferedAddress> {
  if (named.length > MAX_URL_LENGTH || !URL.canParse(named)) return NOT_VALID;
  const url = new URL(named);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return NOT_VALID;
  url.username = '';
  url.password = '';
  return offered(url.href, check);
}

async function offered(
  url: string,
  { deviceHost, isAllowed }: AddressCheck,
): Promise<OfferedAddress> {
  const host = bare(new URL(url).hostname);
  const elsewhere = host !== bare(deviceHost);
  const addresses = await addressesOf(host);
  if (addresses.length === 0 || !addresses.every((address) => isAllowed(address))) {
    return { url: null, elsewhere, refused: 'address-not-allowed' };
  }
  return { url, elsewhere, refused: null };
}

/** None for a name that leads nowhere. */
async function addressesOf(host: string): Promise<string[]> {
  if (isIP(host) !== 0) return [host];
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch {
    return [];
  }
}

function bare(host: string): string {
  return host.replace(/^\[|\]$/g, '').toLowerCase();
}
