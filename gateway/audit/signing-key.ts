import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';
import { closeSync, fstatSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';

/** Ed25519 (RFC 8032): signs what the audit log was at a moment. */
export interface SigningKey {
  /** The first 16 hex digits of the SHA-256 of its public half (DER). */
  keyId: string;
  publicKey: KeyObject;
  /** Base64. */
  sign: (statement: string) => string;
}

/** The key file cannot be used; the message says what to do. */
export class SigningKeyNotUsable extends Error {
  readonly code = 'signing_key_not_usable';
  readonly path: string;
  constructor(path: string, why: string, options?: ErrorOptions) {
    super(`the audit log's signing key ${path} ${why}`, options);
    this.path = path;
  }
}

/** In the data folder, unless AUDIT_KEY_FILE says otherwise. */
export const SIGNING_KEY_FILE = 'audit-signing-key.pem';

const OTHERS = 0o077;

/** Reads the key (PEM, PKCS #8), or makes it when there is no such file. Throws SigningKeyNotUsable. */
export function openSigningKey(path: string): SigningKey {
  const pem = readKeyFile(path) ?? makeKeyFile(path);
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(pem);
  } catch (cause) {
    // Not the cause's message: it may quote the file.
    throw new SigningKeyNotUsable(path, 'is not a private key in PEM form', { cause });
  }
  if (privateKey.asymmetricKeyType !== 'ed25519') {
    throw new SigningKeyNotUsable(path, 'is not an Ed25519 key');
  }
  const publicKey = createPublicKey(privateKey);
  return {
    keyId: keyIdOf(publicKey),
    publicKey,
    sign: (statement) => sign(null, Buffer.from(statement), privateKey).toString('base64'),
  };
}

export function keyIdOf(publicKey: KeyObject): string {
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(der).digest('hex').slice(0, 16);
}

export function isSigned(statement: string, signature: string, publicKey: KeyObject): boolean {
  return verify(null, Buffer.from(statement), publicKey, Buffer.from(signature, 'base64'));
}

function readKeyFile(path: string): string | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return undefined;
    throw new SigningKeyNotUsable(path, 'cannot be read', { cause });
  }
  try {
    // Windows has no such bits.
    if (process.platform !== 'win32' && (fstatSync(file).mode & OTHERS) !== 0) {
      throw new SigningKeyNotUsable(path, 'can be read by others: chmod 600');
    }
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}

function makeKeyFile(path: string): string {
  const { privateKey } = generateKeyPairSync('ed25519', {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  try {
    // Exclusive: two gateways that start at once must not each go on with a key of their own.
    const file = openSync(path, 'wx', 0o600);
    writeSync(file, privateKey);
    // A key that a power cut takes away leaves signatures that nobody can check.
    fsyncSync(file);
    closeSync(file);
  } catch (cause) {
    const made = hasCode(cause, 'EEXIST') ? readKeyFile(path) : undefined;
    if (made !== undefined) return made;
    throw new SigningKeyNotUsable(path, 'cannot be made', { cause });
  }
  return privateKey;
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
