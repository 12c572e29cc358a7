import { Secret } from 'otpauth';
import { expect, test } from 'vitest';
import {
  codeAt,
  enrolmentAddress,
  newCodeSecret,
  stepOfCode,
} from '#gateway/auth/one-time-code.ts';

/** RFC 6238 appendix B, SHA-1: the seed, and the last six of its eight digits. */
const rfcSecret = Secret.fromUTF8('12345678901234567890').base32;

test('codes are those of RFC 6238', () => {
  const vectors = [
    [59, '287082'],
    [1_111_111_109, '081804'],
    [1_111_111_111, '050471'],
    [1_234_567_890, '005924'],
    [2_000_000_000, '279037'],
    [20_000_000_000, '353130'],
  ] as const;
  for (const [seconds, code] of vectors) {
    expect(codeAt(rfcSecret, seconds * 1000)).toBe(code);
    expect(stepOfCode(rfcSecret, code, seconds * 1000, 0)).toBe(Math.floor(seconds / 30));
  }
});

test('a code is good for its step and one to either side, and once', () => {
  const secret = newCodeSecret();
  const atMs = 1_800_000_000_000;
  const step = atMs / 30_000;
  const code = codeAt(secret, atMs);
  expect(stepOfCode(secret, code, atMs - 30_000, 0)).toBe(step);
  expect(stepOfCode(secret, code, atMs + 59_000, 0)).toBe(step);
  expect(stepOfCode(secret, code, atMs + 60_000, 0)).toBeUndefined();
  expect(stepOfCode(secret, code, atMs - 60_000, 0)).toBeUndefined();
  expect(stepOfCode(secret, code, atMs + 1_000, step)).toBeUndefined();
  // Nor one of an earlier step, once a later one was shown.
  expect(stepOfCode(secret, codeAt(secret, atMs - 30_000), atMs, step)).toBeUndefined();
});

test('what is no code of six digits is wrong', () => {
  const secret = newCodeSecret();
  for (const code of ['', '12345', '1234567', 'abcdef', ' 12345', '١٢٣٤٥٦']) {
    expect(stepOfCode(secret, code, 0, -2)).toBeUndefined();
  }
});

test('a secret has 160 bits, and its address is what an authenticator app reads', () => {
  const secret = newCodeSecret();
  expect(secret).toMatch(/^[A-Z2-7]{32}$/);
  const address = new URL(enrolmentAddress(secret, 'somchai@lanta.go.th'));
  expect(address.protocol).toBe('otpauth:');
  expect(address.searchParams.get('secret')).toBe(secret);
  expect(decodeURIComponent(address.pathname)).toContain('somchai@lanta.go.th');
});
