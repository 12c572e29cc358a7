/** Which screen an address is of. */
import { expect, test } from 'vitest';
import { isAt } from '#gateway/web/route.ts';

test('an address is of its screen whatever of it is shown, and of no other', () => {
  expect(isAt('#/recordings', 'recordings')).toBe(true);
  expect(isAt('#/recordings?day=2026-11-27', 'recordings')).toBe(true);
  // Somebody went on: what is out of sight has no address to write.
  expect(isAt('#/register', 'recordings')).toBe(false);
  // Nobody asked for the wall by name.
  expect(isAt('', 'wall')).toBe(true);
});
