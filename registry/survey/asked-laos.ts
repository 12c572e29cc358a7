import type { Kysely } from 'kysely';
import type { Area } from '../area.ts';
import { liesWithin } from '../area-rows.ts';
import type { RegistryTables } from '../schema/tables.ts';

/** How many LAOs a round of this scope would ask for a return, by what they are in the list. */
export interface AskedLaos {
  listed: number;
  /** Of the proposed, one may be another spelling of one that is listed: the Department lists or merges it first. */
  proposed: number;
}

/** As `openReturns` of snapshot.ts will ask them: all but those that were merged. */
export async function askedLaos(
  database: Kysely<RegistryTables>,
  scope: readonly Area[],
): Promise<AskedLaos> {
  const rows = await database
    .selectFrom('laos')
    .select(({ fn }) => ['status', fn.countAll<number>().as('count')])
    .where('status', '!=', 'merged')
    .where((where) =>
      liesWithin(where, scope, { province: 'province', district: 'district', laoId: 'id' }),
    )
    .groupBy('status')
    .execute();
  const count = (status: keyof AskedLaos): number =>
    rows.find((row) => row.status === status)?.count ?? 0;
  return { listed: count('listed'), proposed: count('proposed') };
}
