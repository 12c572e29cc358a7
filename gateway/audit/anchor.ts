import type { KeyObject } from 'node:crypto';
import * as z from 'zod';
import { canonicalJson } from './canonical-json.ts';
import { digestOf } from './chain.ts';
import { isSigned, type SigningKey } from './signing-key.ts';

/**
 * A signed word about the log: at this time, entry `sequence` was the last one and had this hash. Copies of it kept
 * elsewhere (the log of the process, AUDIT_ANCHOR_FILE) are what a rewritten log cannot answer to.
 */

export const anchorKinds = ['start', 'daily', 'stop', 'cut'] as const;
export type AnchorKind = (typeof anchorKinds)[number];

const hex256 = z.string().regex(/^[0-9a-f]{64}$/);

/** `cut`: entries up to `sequence` were removed at the end of their time; the chain goes on from `hash`. */
export const anchorSchema = z.strictObject({
  kind: z.enum(anchorKinds),
  /** From 1 without a gap: an anchor that was taken away is missed. */
  number: z.int().min(1),
  /** Digest of the anchor before it; 64 zeros for the first. */
  previous: hex256,
  /** 0: the log was empty. */
  sequence: z.int().min(0),
  hash: hex256,
  at: z.iso.datetime(),
  keyId: z.string().regex(/^[0-9a-f]{16}$/),
  /** Ed25519 over the canonical JSON of all the rest, base64. */
  signature: z.base64(),
});
export type Anchor = z.infer<typeof anchorSchema>;

const ANCHOR = 'cctv-audit-anchor-1\n';

export function signAnchor(
  anchor: Omit<Anchor, 'keyId' | 'signature' | 'at'> & { atMs: number },
  key: SigningKey,
): Anchor {
  const { kind, number, previous, sequence, hash, atMs } = anchor;
  const at = new Date(atMs).toISOString();
  const statement = { kind, number, previous, sequence, hash, at, keyId: key.keyId };
  return { ...statement, signature: key.sign(ANCHOR + canonicalJson(statement)) };
}

export function isAnchorSigned({ signature, ...statement }: Anchor, publicKey: KeyObject): boolean {
  return isSigned(ANCHOR + canonicalJson(statement), signature, publicKey);
}

/** What the next anchor calls `previous`. */
export function anchorDigest(anchor: Anchor): string {
  return digestOf(canonicalJson(anchor));
}

/** The last entry at this moment: kept beside the entries and signed anew with every write. */
export interface Head {
  sequence: number;
  hash: string;
  keyId: string;
  signature: string;
}

const HEAD = 'cctv-audit-head-1\n';

export function signHead(sequence: number, hash: string, key: SigningKey): Head {
  const statement = { sequence, hash, keyId: key.keyId };
  return { ...statement, signature: key.sign(HEAD + canonicalJson(statement)) };
}

export function isHeadSigned({ signature, ...statement }: Head, publicKey: KeyObject): boolean {
  return isSigned(HEAD + canonicalJson(statement), signature, publicKey);
}
