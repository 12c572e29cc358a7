import { BlockList, isIP } from 'node:net';

/** Address ranges that streams may be pulled from (CAMERA_NETWORKS). Nothing outside them is ever dialled. */
export interface CameraNetworks {
  readonly ranges: readonly string[];
  readonly list: BlockList;
}

/** Not an address range. */
export class InvalidCameraNetwork extends Error {
  readonly code = 'invalid_camera_network';
}

/** Private ranges, RFC 1918 and RFC 4193. Loopback, link-local and metadata addresses are in none of them. */
export const DEFAULT_CAMERA_NETWORKS: readonly string[] = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  'fc00::/7',
];

/** From CIDRs or single addresses. Throws InvalidCameraNetwork. */
export function parseCameraNetworks(ranges: readonly string[]): CameraNetworks {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', prefix, ...rest] = range.split('/');
    const version = isIP(address);
    const bits = prefix === undefined ? (version === 4 ? 32 : 128) : Number(prefix);
    const valid =
      version !== 0 && rest.length === 0 && (prefix === undefined || /^\d{1,3}$/.test(prefix));
    if (!valid || bits > (version === 4 ? 32 : 128)) {
      throw new InvalidCameraNetwork(`${range} is not an address range such as 10.0.0.0/8`);
    }
    list.addSubnet(address, bits, version === 4 ? 'ipv4' : 'ipv6');
  }
  return { ranges, list };
}

/** Whether a resolved address may be dialled. An IPv4 address written as IPv6 counts as IPv4. */
export function isAllowed(networks: CameraNetworks, address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  const plain = mapped ?? address;
  const version = isIP(plain);
  return version !== 0 && networks.list.check(plain, version === 4 ? 'ipv4' : 'ipv6');
}
