import { createHash } from 'node:crypto';

/**
 * The chain: every entry's hash covers the hash before it, so nothing can be changed, taken out or moved without changing
 * every hash that follows, up to one that was signed (anchor.ts).
 *
 *     digest = SHA-256( canonical JSON of the entry )
 *     hash   = SHA-256( "cctv-audit-link-1\n" + previous hash + digest )
 *
 * The hash is of the digest, not of the entry: an export that leaves entries out (those of other people, say) gives their
 * digests, and still proves that what it shows is all there, unchanged and in its place.
 */

/** What stands before the first entry. */
export const GENESIS_HASH = Buffer.alloc(32).toString('hex');

const LINK = 'cctv-audit-link-1\n';

/** Lower-case hex, of the canonical JSON in UTF-8. */
export function digestOf(body: string): string {
  return createHash('sha256').update(body, 'utf8').digest('hex');
}

/** Lower-case hex. */
export function linkHash(previousHash: string, digest: string): string {
  return createHash('sha256')
    .update(LINK)
    .update(previousHash, 'hex')
    .update(digest, 'hex')
    .digest('hex');
}
