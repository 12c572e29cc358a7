import { isIPv4 } from 'node:net';
import * as z from 'zod';

/** A /22: 1,024 addresses at once. */
export const WIDEST_PREFIX = 22;

/** An IPv4 network of at most 1,024 addresses, such as 192.168.1.0/24. Parsed: its addresses, in order. */
export const discoveryRange = z
  .string()
  .trim()
  .max(18)
  .transform((given, context) => {
    const addresses = addressesOf(given);
    if (addresses !== undefined) return { network: given, addresses };
    context.addIssue({
      code: 'custom',
      message: `must be an IPv4 network of at most 1,024 addresses (/${WIDEST_PREFIX}), such as 192.168.1.0/24`,
    });
    return z.NEVER;
  });

function addressesOf(cidr: string): string[] | undefined {
  const [address = '', prefixText = ''] = cidr.split('/');
  const prefix = Number(prefixText);
  if (!isIPv4(address) || !/^\d\d$/.test(prefixText)) return undefined;
  if (prefix < WIDEST_PREFIX || prefix > 32) return undefined;
  const count = 2 ** (32 - prefix);
  const number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const first = Math.floor(number / count) * count;
  return Array.from({ length: count }, (_, index) => dotted(first + index));
}

function dotted(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}
