import { createHash } from 'node:crypto';

/**
 * A Merkle tree over leaves in their order, RFC 9162 §2.1: leaves and nodes are hashed under different first bytes, so
 * that neither passes for the other. All hashes are hexadecimal SHA-256.
 */
export function merkleRoot(leaves: readonly string[]): string {
  if (leaves.length === 0) return createHash('sha256').digest('hex');
  if (leaves.length === 1) return leaves[0] as string;
  const split = largestPowerBelow(leaves.length);
  return nodeHash(merkleRoot(leaves.slice(0, split)), merkleRoot(leaves.slice(split)));
}

/** What must be known besides a leaf to compute the root, from the bottom up. RFC 9162 §2.1.3. */
export function merklePath(leaves: readonly string[], index: number): string[] {
  if (leaves.length <= 1) return [];
  const split = largestPowerBelow(leaves.length);
  return index < split
    ? [...merklePath(leaves.slice(0, split), index), merkleRoot(leaves.slice(split))]
    : [...merklePath(leaves.slice(split), index - split), merkleRoot(leaves.slice(0, split))];
}

/** The root that a leaf and its path lead to. RFC 9162 §2.1.3.2. */
export function rootOfPath(
  leaf: string,
  { index, leaves, path }: { index: number; leaves: number; path: readonly string[] },
): string {
  if (leaves <= 1) return leaf;
  const split = largestPowerBelow(leaves);
  const beside = path.at(-1) ?? '';
  const below = path.slice(0, -1);
  return index < split
    ? nodeHash(rootOfPath(leaf, { index, leaves: split, path: below }), beside)
    : nodeHash(
        beside,
        rootOfPath(leaf, { index: index - split, leaves: leaves - split, path: below }),
      );
}

export function leafHash(content: string): string {
  return createHash('sha256').update(Buffer.of(0)).update(content).digest('hex');
}

function nodeHash(left: string, right: string): string {
  return createHash('sha256')
    .update(Buffer.of(1))
    .update(left, 'hex')
    .update(right, 'hex')
    .digest('hex');
}

function largestPowerBelow(count: number): number {
  let power = 1;
  while (power * 2 < count) power *= 2;
  return power;
}
