/** A gateway that is killed while it records: what is kept is whole, and accounted for. `npm run torture` does it 100 times. */
import { expect, test } from 'vitest';
import { seededRandom } from '../simulator/seeded-random.ts';
import { killLoop } from './kill-loop.ts';

/**
 * A part of half a second is being written, another is on its way, and media takes a moment to arrive; a machine that
 * stalls keeps it on its way for longer. What the gateway had said is recorded is asked of it to the ms (kill-loop.ts).
 */
const LOST_MS = 8_000;

test(
  'three kills lose no more than the part that is being written',
  { timeout: 180_000 },
  async () => {
    const lost = await killLoop(3, seededRandom(20_691_125));
    expect(lost).toHaveLength(3);
    for (const ms of lost) expect(ms).toBeLessThan(LOST_MS);
  },
);
