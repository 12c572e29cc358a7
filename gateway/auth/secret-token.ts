import { hash, randomBytes } from 'node:crypto';

const TOKEN_BYTES = 32;

/** 256 bits of chance, base64url: of a session, a one-time link, an API token. Shown once, and kept as its hash only. */
export function newSecretToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

/**
 * What is kept of a token: whoever reads the database cannot use what they find. A plain SHA-256 is enough for 256 bits
 * of chance, which nobody guesses; and since it is looked up by its hash, comparing takes no time that tells anything.
 */
export function hashOfToken(token: string): string {
  return hash('sha256', token, 'hex');
}
