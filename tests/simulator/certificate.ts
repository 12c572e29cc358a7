import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';

/**
 * A certificate that nobody vouches for, with its key, as cameras have it: for 127.0.0.1, ::1 and localhost, good until
 * 2126. Made with `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500`; it protects
 * nothing.
 */
const pem = readFileSync(new URL('self-signed.pem', import.meta.url), 'latin1');

export const selfSigned = { key: pem, cert: pem };
/** SHA-256, upper case, with colons. */
export const selfSignedFingerprint = new X509Certificate(
  pem.slice(pem.indexOf('-----BEGIN CERTIFICATE-----')),
).fingerprint256;
