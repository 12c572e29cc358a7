import { expect } from 'vitest';
import { newCamera } from '#registry/camera.ts';
import type { CountedKind } from '#registry/counted-groups.ts';
import { markedKeys } from '#registry/database/change-marks.ts';
import { checkCounts, laoMarks, laosWithUnlinked, settleCounts } from '#registry/lao-counts.ts';
import type { RegistryDatabase } from '#registry/schema/tables.ts';
import { byTest, camerasOf } from '../registry/cameras-of.ts';
import { krabiCamera } from '../registry/krabi-camera.ts';
import { seededRandom } from '../simulator/seeded-random.ts';
import { countedByHand, countedByUs, randomChanges } from './random-changes.ts';

const ACTS_A_ROUND = 12;
const AT_ONCE = 4;

/**
 * Changes of cameras by every path, several at once, while some counts are kept again and some are not: after each round what is
 * counted is what a count by hand says. Returns which paths were taken, and what cameras were counted as.
 */
export async function countsAtRandom(
  database: RegistryDatabase,
  { rounds, seed }: { rounds: number; seed: number },
): Promise<{ paths: ReadonlySet<string>; kinds: readonly CountedKind[] }> {
  const clock = { nowMs: 1_790_000_000_000 };
  const cameras = camerasOf(database, () => clock.nowMs);
  const changes = randomChanges(database, cameras, seededRandom(seed), clock);
  const given = [krabiCamera(), krabiCamera({ budgetSource: 'อบจ.กระบี่' })];
  await cameras.createMany(
    given.map((one) => newCamera.parse(one)),
    byTest,
  );
  const kinds = new Map<string, CountedKind>();
  for (let round = 0; round < rounds; round++) {
    for (let act = 0; act < ACTS_A_ROUND; act += AT_ONCE) {
      await Promise.all([
        ...Array.from({ length: AT_ONCE }, async () => changes.act()),
        // Some are counted again meanwhile, and some are not.
        settleCounts(database, { atMost: round % 3 }),
      ]);
    }
    await changes.byHand();
    if (round % 5 === 2) {
      await changes.allAre('up');
      clock.nowMs += 60_000;
      await changes.allAre('down');
    }
    const byHand = await countedByHand(database);
    const counted = Object.keys(byHand).map((key) => JSON.parse(key) as CountedKey);
    for (const [, , kind] of counted) kinds.set(JSON.stringify(kind), kind);
    expect(await countedByUs(database), `round ${round}, with marks`).toEqual(byHand);
    const unlinked = unlinkedOf(counted);
    expect(await laosWithUnlinked(database)).toEqual(expect.arrayContaining(unlinked));
    if (round % 2 === 0) continue;
    await settleCounts(database);
    expect((await markedKeys(laoMarks).execute(database)).rows).toEqual([]);
    expect(await countedByUs(database), `round ${round}, settled`).toEqual(byHand);
    expect((await laosWithUnlinked(database)).toSorted()).toEqual(unlinked);
    expect((await checkCounts(database)).wrong).toEqual([]);
  }
  return { paths: new Set(changes.done.keys()), kinds: [...kinds.values()] };
}

/** A key of `countedByHand`. */
type CountedKey = [laoId: string, budgetSourceId: string, kind: CountedKind];

/** LAOs with a camera that is not linked, in their order. */
function unlinkedOf(counted: readonly CountedKey[]): string[] {
  const having = counted.filter(([, , { observed }]) => observed === 'not-linked');
  return [...new Set(having.map(([laoId]) => laoId))].toSorted();
}
