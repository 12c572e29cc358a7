import { describe, expect, test } from 'vitest';
import { backOffMs } from '#ingest/back-off.ts';

const MIDDLE = 0.5;
const LAST = 1 - Number.EPSILON;

describe('the wait before another attempt', () => {
  test('doubles from one second to one minute', () => {
    const waits = [1, 2, 3, 4, 5, 6, 7, 8, 100].map((n) => backOffMs(n, 'timeout', MIDDLE));
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60].map((seconds) => seconds * 1000));
  });

  test('is spread by a quarter either way', () => {
    expect(backOffMs(1, 'silent', 0)).toBe(750);
    expect(backOffMs(1, 'silent', LAST)).toBeCloseTo(1250);
    expect(backOffMs(50, 'silent', 0)).toBe(45_000);
    expect(backOffMs(50, 'silent', LAST)).toBeLessThanOrEqual(75_000);
  });

  test('after a refused password is five minutes from the first, for cameras lock out who keeps trying', () => {
    for (const attempt of [1, 2, 9]) {
      expect(backOffMs(attempt, 'unauthorised', 0)).toBe(225_000);
      expect(backOffMs(attempt, 'unauthorised', LAST)).toBeCloseTo(375_000);
    }
  });

  test('has an end for any number of attempts', () => {
    for (const attempt of [1e3, 1e9, Number.MAX_SAFE_INTEGER]) {
      expect(backOffMs(attempt, 'refused', MIDDLE)).toBe(60_000);
    }
  });
});
