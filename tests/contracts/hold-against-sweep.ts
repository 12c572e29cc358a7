import { setImmediate as turn } from 'node:timers/promises';
import { markGarbage } from '#storage/catalogue/deletion.ts';
import { placeHolds } from '#storage/catalogue/holds.ts';
import type { Catalogue } from '#storage/catalogue/tables.ts';
import { seededRandom } from '../simulator/seeded-random.ts';
import { keep, MINUTE, newId, T0 } from './recorded-minutes.ts';

/** Pairs that run against each other at once, each on a camera of its own. */
const SIDE_BY_SIDE = 16;
const MAX_TURNS = 8;

export interface HoldAgainstSweep {
  /** The hold said that it keeps the recording. */
  held: number;
  /** The recording was marked for deletion. */
  deleted: number;
  bothWon: number;
  neitherWon: number;
}

/** A hold is placed on a recording while a sweep marks it for deletion: so many times, in an order that chance decides. */
export async function holdAgainstSweep(
  catalogue: Catalogue,
  { pairs, seed }: { pairs: number; seed: number },
): Promise<HoldAgainstSweep> {
  const random = seededRandom(seed);
  const outcome = { held: 0, deleted: 0, bothWon: 0, neitherWon: 0 };
  for (let begun = 0; begun < pairs; begun += SIDE_BY_SIDE) {
    const count = Math.min(SIDE_BY_SIDE, pairs - begun);
    await Promise.all(
      Array.from({ length: count }, async () => {
        const turns = Math.floor(random() * MAX_TURNS) - MAX_TURNS / 2;
        const [held, deleted] = await onePair(catalogue, turns);
        if (held) outcome.held++;
        if (deleted) outcome.deleted++;
        if (held && deleted) outcome.bothWon++;
        if (!held && !deleted) outcome.neitherWon++;
      }),
    );
  }
  return outcome;
}

/** `turns`: of the event loop, by which the sweep begins later; below 0: the hold does. */
async function onePair(catalogue: Catalogue, turns: number): Promise<[boolean, boolean]> {
  const cameraId = newId();
  const id = await keep(catalogue, T0, cameraId);
  const holding = async () => {
    await turnsOf(-turns);
    return placeHolds(catalogue, [
      {
        id: newId(),
        cameraId,
        fromMs: T0,
        toMs: T0 + MINUTE,
        reason: 'r',
        placed: { by: 'p', name: 'p', ms: T0 },
      },
    ]);
  };
  const sweeping = async () => {
    await turnsOf(turns);
    return markGarbage(catalogue, cameraId, T0 + 2 * MINUTE);
  };
  const [[found], marked] = await Promise.all([holding(), sweeping()]);
  const { state } = await catalogue
    .selectFrom('recordings')
    .select('state')
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  if ((state === 'garbage') !== (marked === 1)) throw new Error('marked, and not garbage');
  return [found?.recordings === 1, marked === 1];
}

async function turnsOf(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await turn();
}
