/** Holds, fewer days, more days, a store that fails and ends of the process between: no order of them loses what is to be kept. */
import { beforeEach, expect, test } from 'vitest';
import { openCatalogue } from '#storage/catalogue/open-catalogue.ts';
import type { Catalogue } from '#storage/catalogue/tables.ts';
import { onEachDatabase } from '../contracts/each-database.ts';
import { keepingAtRandom } from '../contracts/keeping-at-random.ts';

const SEEDS = Number(process.env['KEEPING_SEEDS'] ?? 40);
const STEPS = 120;

onEachDatabase((rig) => {
  let catalogue: Catalogue;
  beforeEach(async () => {
    catalogue = await openCatalogue(rig.open());
  });

  test.each(Array.from({ length: SEEDS }, (_, i) => i + 1))(
    `${STEPS} deeds by the seed %i`,
    async (seed) => {
      expect(await keepingAtRandom(catalogue, { steps: STEPS, seed })).toEqual([]);
    },
  );
}, openCatalogue);
