/** Counts of LAOs through a thousand changes on each database, until every path was taken that can change one. */
import { expect, test } from 'vitest';
import { openRegistry } from '#registry/schema/open-registry.ts';
import { countsAtRandom } from '../contracts/counts-at-random.ts';
import { onEachDatabase } from '../contracts/each-database.ts';

const ROUNDS = 100;
/** All of random-changes.ts but the one that is to be refused. */
const PATHS = 12;

onEachDatabase((rig) => {
  test(`${ROUNDS} rounds`, async () => {
    const database = await openRegistry(rig.open());
    const { paths, kinds } = await countsAtRandom(database, { rounds: ROUNDS, seed: 20_261_126 });
    expect(paths.size, [...paths].join()).toBeGreaterThanOrEqual(PATHS);
    expect(kinds).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ incident: true }),
        expect.objectContaining({ observed: 'down' }),
        expect.objectContaining({ observed: 'not-linked' }),
      ]),
    );
  });
}, openRegistry);
