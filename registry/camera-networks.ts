import { BlockList, isIP } from 'node:net';

/** Where cameras are, when nothing else is said: the private ranges (RFC 1918, RFC 4193). */
export const defaultCameraNetworks: readonly string[] = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  'fc00::/7',
];

/**
 * Ranges that no camera is in: this machine, its link, a cloud's metadata service, many receivers at once, and IPv6
 * forms of IPv4 addresses, which would lead round the rest. A wide network (0.0.0.0/0) does not open them; only one
 * that lies within such a range does.
 */
const specialRanges = [
  '0.0.0.0/8',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '100.100.100.200/32',
  '168.63.129.16/32',
  '192.0.0.192/32',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/96',
  '64:ff9b::/96',
  // The same for a network's own translation (RFC 8215).
  '64:ff9b:1::/48',
  '2002::/16',
  'fe80::/10',
  // All of Amazon's: metadata, DNS, clock, credentials of containers (::254, ::253, ::123, ::23).
  'fd00:ec2::/32',
  'fd20:ce::254/128',
  'ff00::/8',
];

/** Parsed CIDRs; read by `isAllowed`. */
export interface CameraNetworks {
  /** As they were given, to be parsed again in another thread. */
  ranges: readonly string[];
  ordinary: BlockList;
  /** All of the special ranges: most addresses lie in none, and are asked about twice, not a dozen times. */
  anySpecial: BlockList;
  special: readonly { range: BlockList; named: BlockList }[];
}

export class CameraNetworkNotValid extends Error {
  readonly code = 'camera_network_not_valid';
  readonly network: string;
  constructor(network: string) {
    super(`not a network in CIDR form, such as 192.168.0.0/16: ${JSON.stringify(network)}`);
    this.network = network;
  }
}

/** Throws CameraNetworkNotValid. An address without a prefix length names itself alone. */
export function parseCameraNetworks(cidrs: readonly string[]): CameraNetworks {
  const ordinary = new BlockList();
  const anySpecial = new BlockList();
  const special = specialRanges.map((cidr) => {
    const network = parseCidr(cidr);
    const range = new BlockList();
    add(range, network);
    add(anySpecial, network);
    return { network, range, named: new BlockList() };
  });
  for (const cidr of cidrs) {
    const network = parseCidr(cidr);
    add(ordinary, network);
    for (const { network: outer, range, named } of special) {
      const within =
        network.family === outer.family &&
        network.prefix >= outer.prefix &&
        range.check(network.address, network.family);
      if (within) add(named, network);
    }
  }
  return {
    ranges: cidrs,
    ordinary,
    anySpecial,
    special: special.map(({ range, named }) => ({ range, named })),
  };
}

/**
 * Whether a stream may be pulled from this address (after DNS resolution; names are not taken). Checked at every
 * connection, for a name may lead elsewhere the next time.
 */
export function isAllowed(networks: CameraNetworks, ipAddress: string): boolean {
  // Without the zone of a link-local address. BlockList itself reads ::ffff:10.0.0.1 as 10.0.0.1.
  const plain = ipAddress.split('%', 1)[0] ?? '';
  const version = isIP(plain);
  if (version === 0) return false;
  const family = version === 4 ? 'ipv4' : 'ipv6';
  if (networks.anySpecial.check(plain, family)) {
    for (const { range, named } of networks.special) {
      if (range.check(plain, family)) return named.check(plain, family);
    }
  }
  return networks.ordinary.check(plain, family);
}

/**
 * Whether a stream's address says by itself that it will not be connected. Of a name that is not known before it is looked
 * up; of what is no address it is not either.
 */
export function isOutside(networks: CameraNetworks, streamUrl: string): boolean {
  const host = URL.parse(streamUrl)?.hostname.replace(/^\[|\]$/g, '') ?? '';
  return isIP(host) !== 0 && !isAllowed(networks, host);
}

/** Of such an address, for whoever registers it. */
export const outsideThai =
  'อยู่นอกเครือข่ายกล้องที่อนุญาต (CAMERA_NETWORKS) บันทึกไว้ได้ แต่ระบบจะไม่เชื่อมต่อจนกว่าผู้ดูแลระบบจะอนุญาตเครือข่ายนี้';

interface Cidr {
  address: string;
  prefix: number;
  family: 'ipv4' | 'ipv6';
}

function parseCidr(cidr: string): Cidr {
  const match = /^([0-9a-f:.]+)(?:\/(\d{1,3}))?$/i.exec(cidr.trim());
  const address = match?.[1] ?? '';
  const version = isIP(address);
  const longest = version === 4 ? 32 : 128;
  const prefix = match?.[2] === undefined ? longest : Number(match[2]);
  if (version === 0 || prefix > longest) throw new CameraNetworkNotValid(cidr);
  return { address, prefix, family: version === 4 ? 'ipv4' : 'ipv6' };
}

function add(list: BlockList, { address, prefix, family }: Cidr): void {
  list.addSubnet(address, prefix, family);
}
