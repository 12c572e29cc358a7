import { randomBytes } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';

/** Time-based one-time codes (RFC 6238) as the authenticator apps make them: SHA-1, six digits, thirty seconds. */
const PERIOD_SECONDS = 30;
/** Clocks of telephones are off, and fingers are slow: one step to either side (RFC 6238 §5.2). */
const WINDOW_STEPS = 1;
/** RFC 4226 §4 asks for 160 bits. */
const SECRET_BYTES = 20;
const ISSUER = 'CCTV อปท.';

/** Base32 (RFC 4648), as it is typed into an app. */
export function newCodeSecret(): string {
  return new Secret({ buffer: new Uint8Array(randomBytes(SECRET_BYTES)).buffer }).base32;
}

/** What a QR code for an authenticator app holds. */
export function enrolmentAddress(secret: string, email: string): string {
  return new TOTP({ issuer: ISSUER, label: email, secret: Secret.fromBase32(secret) }).toString();
}

/**
 * The time step that `code` belongs to, or undefined when it is wrong. A step up to `usedStep` was shown before: a code
 * is good once (RFC 6238 §5.2).
 */
export function stepOfCode(
  secret: string,
  code: string,
  nowMs: number,
  usedStep: number,
): number | undefined {
  if (!/^\d{6}$/.test(code)) return undefined;
  const delta = totp(secret).validate({ token: code, timestamp: nowMs, window: WINDOW_STEPS });
  if (delta === null) return undefined;
  const step = Math.floor(nowMs / 1000 / PERIOD_SECONDS) + delta;
  return step > usedStep ? step : undefined;
}

/** The code of this moment: for tests, and for the demo's sign-in page. */
export function codeAt(secret: string, nowMs: number): string {
  return totp(secret).generate({ timestamp: nowMs });
}

function totp(secret: string): TOTP {
  return new TOTP({ secret: Secret.fromBase32(secret), period: PERIOD_SECONDS });
}
