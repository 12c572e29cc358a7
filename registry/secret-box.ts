import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

const KEY_BYTES = 32;
/** NIST SP 800-38D §8.2: 96 bits, random for each sealing; far below 2^32 sealings a key. */
const IV_BYTES = 12;
const TAG_BYTES = 16;
const KEY_FILE = 'secret.key';
/** Longer is no key file. */
const MAX_KEY_FILE_BYTES = 4_096;
const VERSION = 'v1';

/** Encrypts what must not lie in a database as it is: AES-256-GCM, bound to a context so that it cannot be moved. */
export interface SecretBox {
  /** Of the key: the first eight hex digits of its SHA-256. */
  keyId: string;
  /** As text: version, key id, and base64url of IV, ciphertext and tag. */
  seal(plain: string, context: string): string;
  /** Throws SecretUnreadable. */
  open(sealed: string, context: string): string;
  /** A key of its own for another purpose, 32 bytes; the same one in every gateway with this key (HKDF, RFC 5869). */
  keyFor(purpose: string): Buffer;
}

/** Sealed with another key, for another place, or changed since. */
export class SecretUnreadable extends Error {
  readonly code = 'secret_unreadable';
}

/** The key cannot be had, or others can read it. The gateway does not start. */
export class SecretKeyNotUsable extends Error {
  readonly code = 'secret_key_not_usable';
  readonly path: string;
  constructor(path: string, why: string, options?: ErrorOptions) {
    super(`key file ${path}: ${why}`, options);
    this.path = path;
  }
}

export interface SecretKeySettings {
  /** SECRET_KEY_FILE. Without it, `secret.key` in the data folder, made at the first start. */
  secretKeyFile?: string | undefined;
  dataDir: string;
}

/**
 * Reads the key, or makes it where none was named. A file that somebody named is never made by us: an empty disk that
 * was mounted in its place must not look like a new start.
 * Throws SecretKeyNotUsable.
 */
export function openSecretBox({ secretKeyFile, dataDir }: SecretKeySettings): SecretBox {
  const path = secretKeyFile ?? join(dataDir, KEY_FILE);
  if (secretKeyFile === undefined) makeKeyFile(path);
  return secretBox(readKeyFile(path));
}

/** `key`: 32 bytes. */
export function secretBox(key: Uint8Array): SecretBox {
  if (key.length !== KEY_BYTES) throw new RangeError(`a key has ${KEY_BYTES} bytes`);
  const keyId = createHash('sha256').update(key).digest('hex').slice(0, 8);
  const prefix = `${VERSION}:${keyId}:`;
  return {
    keyId,
    seal(plain, context) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
      cipher.setAAD(Buffer.from(prefix + context));
      const sealed = Buffer.concat([
        iv,
        cipher.update(plain, 'utf8'),
        cipher.final(),
        cipher.getAuthTag(),
      ]);
      return prefix + sealed.toString('base64url');
    },
    keyFor: (purpose) => Buffer.from(hkdfSync('sha256', key, '', purpose, KEY_BYTES)),
    open(sealed, context) {
      if (!sealed.startsWith(prefix)) {
        throw new SecretUnreadable(`sealed with another key than ${keyId}`);
      }
      const bytes = Buffer.from(sealed.slice(prefix.length), 'base64url');
      if (bytes.length < IV_BYTES + TAG_BYTES) throw new SecretUnreadable('too short');
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(Buffer.from(prefix + context));
      decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
      try {
        const plain = decipher.update(bytes.subarray(IV_BYTES, bytes.length - TAG_BYTES));
        return Buffer.concat([plain, decipher.final()]).toString('utf8');
      } catch (cause) {
        throw new SecretUnreadable('changed, or of another place', { cause });
      }
    },
  };
}

function makeKeyFile(path: string): void {
  let file: number;
  try {
    file = openSync(path, 'wx', 0o600);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return;
    throw new SecretKeyNotUsable(path, 'cannot be made', { cause: error });
  }
  try {
    writeSync(file, `${randomBytes(KEY_BYTES).toString('base64')}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  // The name too must outlive a power cut, or passwords are sealed with a key that is gone.
  const folder = openSync(dirname(path), constants.O_RDONLY);
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function readKeyFile(path: string): Uint8Array {
  let text: string;
  try {
    const file = openSync(path, constants.O_RDONLY);
    try {
      const { mode, size } = fstatSync(file);
      // Windows has no such bits; its own rights on the folder hold there.
      if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
        throw new SecretKeyNotUsable(path, 'others can read it: chmod 600');
      }
      if (size > MAX_KEY_FILE_BYTES) throw new SecretKeyNotUsable(path, 'too long for a key');
      text = readFileSync(file, 'utf8');
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (error instanceof SecretKeyNotUsable) throw error;
    throw new SecretKeyNotUsable(path, 'cannot be read', { cause: error });
  }
  const key = decodeKey(text.trim());
  if (key === undefined) {
    throw new SecretKeyNotUsable(
      path,
      'must hold 32 bytes in base64 or hex, as `openssl rand -base64 32` makes them',
    );
  }
  return key;
}

function decodeKey(text: string): Uint8Array | undefined {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex');
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return undefined;
  const key = Buffer.from(text, 'base64');
  return key.length === KEY_BYTES ? key : undefined;
}
