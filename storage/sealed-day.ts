import { createHash } from 'node:crypto';
import { leafHash, merkleRoot } from './merkle.ts';

/**
 * What a day's recordings are sealed as: the hashes of a run's recordings of that day make a chain, the chains are the
 * leaves of a Merkle tree, and its root is signed.
 *
 *     link = SHA-256("cctv-recording-link-1\n" + link before + SHA-256 of the object), from 64 zeros on
 *     leaf = SHA-256(0x00 + "cctv-recording-chain-1\n" + day, camera, run, count, link, a line each)
 *
 * A chain needs hashes alone, which outlive their objects (`deletions`): what was deleted under policy keeps its link.
 */
export interface DayChain {
  cameraId: string;
  runId: string;
  recordings: number;
  /** The last link. */
  chain: string;
}

/** Who signs: the gateway's key, given in (gateway/audit/signing-key.ts). */
export interface Signer {
  keyId: string;
  /** Base64. */
  sign: (statement: string) => string;
}

export interface Seal {
  day: string;
  number: number;
  chains: number;
  recordings: number;
  root: string;
  sealedMs: number;
  keyId: string;
  signature: string;
}

const GENESIS = '0'.repeat(64);
const DAY_MS = 86_400_000;
/** Days begin at midnight in Thailand. */
const THAI_OFFSET_MS = 7 * 3_600_000;

/** Such as `2026-11-25`. */
export function thaiDay(ms: number): string {
  return new Date(ms + THAI_OFFSET_MS).toISOString().slice(0, 10);
}

/** Unix ms, half-open. */
export function rangeOfDay(day: string): { fromMs: number; toMs: number } {
  const fromMs = Date.parse(`${day}T00:00:00Z`) - THAI_OFFSET_MS;
  return { fromMs, toMs: fromMs + DAY_MS };
}

/** Hashes in the order of the recordings' beginnings. */
export function chainOf(hashes: readonly string[]): string {
  return hashes.reduce(
    (before, sha256) =>
      createHash('sha256')
        .update('cctv-recording-link-1\n')
        .update(before, 'hex')
        .update(sha256, 'hex')
        .digest('hex'),
    GENESIS,
  );
}

/** Of chains in the order of camera and run. */
export function rootOf(day: string, chains: readonly DayChain[]): string {
  return merkleRoot(
    chains.map(({ cameraId, runId, recordings, chain }) =>
      leafHash(
        ['cctv-recording-chain-1', day, cameraId, runId, String(recordings), chain].join('\n'),
      ),
    ),
  );
}

export function sealStatement(seal: Omit<Seal, 'signature'>): string {
  const { day, number, chains, recordings, root, sealedMs, keyId } = seal;
  const at = new Date(sealedMs).toISOString();
  return ['cctv-recording-seal-1', day, number, chains, recordings, root, at, keyId].join('\n');
}
