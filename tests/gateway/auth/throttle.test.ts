import { expect, test } from 'vitest';
import {
  ACCOUNT_TRIES,
  ADDRESS_TRIES,
  FIRST_WAIT_MS,
  MAX_WAIT_MS,
  openThrottle,
} from '#gateway/auth/throttle.ts';

function rig(maxRemembered?: number) {
  const clock = { nowMs: 1_800_000_000_000 };
  return { clock, throttle: openThrottle(() => clock.nowMs, maxRemembered) };
}

test('an account waits a minute after its tries, then twice as long, up to a quarter of an hour', () => {
  const { clock, throttle } = rig();
  for (let i = 0; i < ACCOUNT_TRIES; i++) expect(throttle.begin('a', `10.0.0.${i}`)).toBe(0);
  const waits: number[] = [];
  for (let i = 0; i < 6; i++) {
    const waitMs = throttle.begin('a', `10.0.1.${i}`);
    waits.push(waitMs);
    clock.nowMs += waitMs - 1;
    expect(throttle.begin('a', '10.0.2.1')).toBe(1);
    clock.nowMs += 1;
    expect(throttle.begin('a', `10.0.3.${i}`)).toBe(0);
  }
  expect(waits).toEqual([1, 2, 4, 8, 15, 15].map((minutes) => minutes * FIRST_WAIT_MS));
  expect(MAX_WAIT_MS).toBe(15 * FIRST_WAIT_MS);
  // Another account from an address that failed little goes on.
  expect(throttle.begin('b', '10.0.2.1')).toBe(0);
});

test('tries that run side by side are counted before they end', () => {
  const { throttle } = rig();
  const waits = Array.from({ length: 100 }, () => throttle.begin('a', '10.0.0.1'));
  expect(waits.filter((waitMs) => waitMs === 0)).toHaveLength(ACCOUNT_TRIES);
});

test('an address that tries one password on many accounts is stopped, and a right one among them is no excuse', () => {
  const { throttle } = rig();
  let tried = 0;
  while (tried < 1_000 && throttle.begin(`account-${tried}`, '10.0.0.1') === 0) {
    if (tried % 10 === 0) throttle.succeeded(`account-${tried}`, '10.0.0.1');
    tried++;
  }
  expect(tried).toBeLessThan(ADDRESS_TRIES * 1.2);
  expect(throttle.begin('account-x', '10.0.0.2')).toBe(0);
});

test('who signs in begins anew, and an hour forgives', () => {
  const { clock, throttle } = rig();
  for (let i = 0; i < ACCOUNT_TRIES - 1; i++) throttle.begin('a', '10.0.0.1');
  throttle.succeeded('a', '10.0.0.1');
  for (let i = 0; i < ACCOUNT_TRIES; i++) expect(throttle.begin('a', '10.0.0.1')).toBe(0);
  expect(throttle.begin('a', '10.0.0.1')).toBeGreaterThan(0);
  clock.nowMs += 60 * 60_000 + 1;
  expect(throttle.begin('a', '10.0.0.1')).toBe(0);
});

test('all addresses of an IPv6 /64 are one', () => {
  const { throttle } = rig();
  for (let i = 0; i < ADDRESS_TRIES; i++) {
    expect(throttle.begin(`account-${i}`, `2001:db8::${i.toString(16)}:1`)).toBe(0);
  }
  expect(throttle.begin('x', '2001:db8:0:0:ffff::1')).toBeGreaterThan(0);
  expect(throttle.begin('x', '2001:db8:0:1::1')).toBe(0);
});

test('the tables are bounded: who tried longest ago is forgotten', () => {
  const { throttle } = rig(100);
  for (let i = 0; i < ACCOUNT_TRIES; i++) throttle.begin('a', '10.0.0.1');
  expect(throttle.begin('a', '10.0.0.1')).toBeGreaterThan(0);
  for (let i = 0; i < 100; i++) throttle.begin(`other-${i}`, `10.1.0.${i}`);
  expect(throttle.begin('a', '10.0.0.1')).toBe(0);
});
