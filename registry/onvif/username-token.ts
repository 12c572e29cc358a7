import { createHash, randomBytes } from 'node:crypto';

const NONCE_BYTES = 16;

/** What a request carries to prove a password, as the `onvif` package puts it into its envelope. */
export interface PasswordDigest {
  passdigest: string;
  nonce: string;
  timestamp: string;
}

/**
 * WS-Security UsernameToken Profile 1.1 §3.1: Base64 (SHA-1 (nonce + created + password)), the password as UTF-8. The package
 * takes its low bytes alone, so that one with Thai letters was refused though it was right.
 */
export function passwordDigest(
  password: string,
  createdAt: Date,
  nonce: Buffer = randomBytes(NONCE_BYTES),
): PasswordDigest {
  const timestamp = createdAt.toISOString();
  const passdigest = createHash('sha1')
    .update(nonce)
    .update(timestamp, 'utf8')
    .update(password, 'utf8')
    .digest('base64');
  return { passdigest, nonce: nonce.toString('base64'), timestamp };
}
