/** A hundred kills of a recording gateway at random moments: what it kept is whole, and every moment accounted for. */
import { expect, test } from 'vitest';
import { killLoop } from '../end-to-end/kill-loop.ts';
import { seededRandom } from '../simulator/seeded-random.ts';

const KILLS = 100;
const LOST_MS = 2_000;

test(`${KILLS} kills`, { timeout: 40 * 60_000 }, async () => {
  const lost = await killLoop(KILLS, seededRandom(1));
  const worst = Math.max(...lost);
  console.log(`${KILLS} kills; footage ends ${Math.round(worst)} ms before the kill at worst`);
  expect(worst).toBeLessThan(LOST_MS);
});
