import { lookup as systemLookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import {
  defaultCameraNetworks,
  isAllowed,
  parseCameraNetworks,
  type CameraNetworks,
} from '#registry/camera-networks.ts';

/**
 * Where webhooks may go. Anybody who may sign in names an address, and the gateway calls it from within: so by default
 * only addresses of the public internet, asked after DNS at every call; others by `WEBHOOK_NETWORKS` alone.
 */
export class WebhookAddressNotAllowed extends Error {
  readonly code = 'webhook_address_not_allowed';
  constructor(address: string) {
    super(`webhooks are not sent to ${address}: it is outside of WEBHOOK_NETWORKS`);
  }
}

const MAX_URL_LENGTH = 2_000;

/** This machine, its link, metadata services, multicast: what parseCameraNetworks leaves out of the whole world. */
const anywhereOrdinary = parseCameraNetworks(['0.0.0.0/0', '::/0']);
const inside = new BlockList();
for (const network of [...defaultCameraNetworks, '100.64.0.0/10']) {
  const [address = '', prefix = ''] = network.split('/', 2);
  inside.addSubnet(address, Number(prefix), isIP(address) === 4 ? 'ipv4' : 'ipv6');
}

/** `ipAddress` after DNS. */
export function isWebhookAllowed(named: CameraNetworks, ipAddress: string): boolean {
  if (isAllowed(named, ipAddress)) return true;
  const family = isIP(ipAddress) === 4 ? 'ipv4' : 'ipv6';
  return isAllowed(anywhereOrdinary, ipAddress) && !inside.check(ipAddress, family);
}

/** As it is stored. Throws WebhookAddressNotAllowed for what can never be called. */
export function webhookUrlOf(given: string, named: CameraNetworks): string {
  const url = URL.canParse(given) && given.length <= MAX_URL_LENGTH ? new URL(given) : undefined;
  if (url === undefined) throw new WebhookAddressNotAllowed(given.slice(0, MAX_URL_LENGTH));
  const host = url.hostname.replace(/^\[|\]$/gu, '');
  // Without TLS only to a machine that the operator named: others read along on the way.
  const plain = url.protocol === 'http:' && isIP(host) !== 0 && isAllowed(named, host);
  if (url.protocol !== 'https:' && !plain) throw new WebhookAddressNotAllowed(url.origin);
  if (url.username !== '' || url.password !== '') throw new WebhookAddressNotAllowed(url.origin);
  if (isIP(host) !== 0 && !isWebhookAllowed(named, host)) throw new WebhookAddressNotAllowed(host);
  return url.href;
}

/** For the client's connections: a name may lead elsewhere the next time. */
export function guardedLookup(named: CameraNetworks): LookupFunction {
  return (hostname, options, callback) => {
    systemLookup(hostname, { all: true }, (error, addresses) => {
      if (error !== null) return callback(error, '', 0);
      const allowed = addresses.filter(({ address }) => isWebhookAllowed(named, address));
      const [first] = allowed;
      if (first === undefined) return callback(new WebhookAddressNotAllowed(hostname), '', 0);
      if (options.all === true) return callback(null, allowed);
      return callback(null, first.address, first.family);
    });
  };
}
