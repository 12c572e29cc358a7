import { takeLock } from '../database/database.ts';
import type { RegistryDatabase } from '../schema/tables.ts';

/** One process looks at all cameras (ingest/assignment/static.ts). */
export const WHOLE_SHARD = 'all';

/**
 * Takes the shard of cameras for `worker`. The epoch that comes back is higher than every one before, of whatever shard: a camera
 * may move from one to another, and what its former observer still says must not count. No wall clock decides that;
 * `expiresAtMs` tells others from when on they may take the shard. `above`: an epoch known from elsewhere (a database
 * that was restored from a backup has forgotten some).
 */
export async function takeLease(
  database: RegistryDatabase,
  lease: { shard: string; worker: string; expiresAtMs: number; above?: number },
): Promise<number> {
  const { shard, worker, expiresAtMs, above = 0 } = lease;
  return database.transaction().execute(async (transaction) => {
    await takeLock(transaction, 'shard-leases');
    let highest = above;
    for (const table of ['shard_leases', 'observed_states'] as const) {
      const row = await transaction
        .selectFrom(table)
        .select(({ fn }) => fn.max<number | null>('epoch').as('epoch'))
        .executeTakeFirst();
      highest = Math.max(highest, row?.epoch ?? 0);
    }
    const epoch = highest + 1;
    await transaction
      .insertInto('shard_leases')
      .values({ shard, worker, epoch, expires_at_ms: expiresAtMs })
      .onConflict((conflict) =>
        conflict.column('shard').doUpdateSet({ worker, epoch, expires_at_ms: expiresAtMs }),
      )
      .execute();
    return epoch;
  });
}

/** Whether the lease is still the one with this epoch; its end is moved then. */
export async function renewLease(
  database: RegistryDatabase,
  { shard, epoch, expiresAtMs }: { shard: string; epoch: number; expiresAtMs: number },
): Promise<boolean> {
  const { numUpdatedRows } = await database
    .updateTable('shard_leases')
    .set({ expires_at_ms: expiresAtMs })
    .where('shard', '=', shard)
    .where('epoch', '=', epoch)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}
