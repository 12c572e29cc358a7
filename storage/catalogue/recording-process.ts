import type { Catalogue } from './tables.ts';

/** The process that records says that it does. */
export async function noteAlive(catalogue: Catalogue, aliveMs: number): Promise<void> {
  await catalogue
    .insertInto('recording_process')
    .values({ id: 1, alive_ms: aliveMs })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ alive_ms: aliveMs }))
    .execute();
}

/** Until when the last one is known to have run, Unix ms; undefined: none has said so. */
export async function aliveToMs(catalogue: Catalogue): Promise<number | undefined> {
  const row = await catalogue.selectFrom('recording_process').select('alive_ms').executeTakeFirst();
  return row?.alive_ms;
}
