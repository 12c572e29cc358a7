/** Ten thousand holds against ten thousand sweeps, on each database: never both win, and never neither. */
import { expect, test } from 'vitest';
import { openCatalogue } from '#storage/catalogue/open-catalogue.ts';
import { onEachDatabase } from '../contracts/each-database.ts';
import { holdAgainstSweep } from '../contracts/hold-against-sweep.ts';

const PAIRS = 10_000;

onEachDatabase((rig) => {
  test(`${PAIRS} pairs`, async () => {
    const outcome = await holdAgainstSweep(await openCatalogue(rig.open()), {
      pairs: PAIRS,
      seed: 20_261_125,
    });
    console.log(`${rig.kind}: ${JSON.stringify(outcome)}`);
    expect([outcome.bothWon, outcome.neitherWon]).toEqual([0, 0]);
    expect(outcome.held + outcome.deleted).toBe(PAIRS);
    // Chance decided: neither is always the first.
    expect(Math.min(outcome.held, outcome.deleted)).toBeGreaterThan(PAIRS / 100);
  });
});
