import type { Role } from '../auth/actor.ts';
import type { PeopleDatabase } from '../auth/people-database.ts';
import type { NoticePlace } from './notice.ts';

/** Places in one statement. */
const BATCH = 100;

/**
 * The accounts that are told about a place: of an LAO its owners, or, where nobody owns it, its district, which enters data
 * for it (policy.ts); of a district or a province those who collect there. By the place's index in `places`.
 */
export async function recipientsOf(
  people: PeopleDatabase,
  places: readonly NoticePlace[],
): Promise<string[][]> {
  const found: string[][] = [];
  for (let at = 0; at < places.length; at += BATCH) {
    const batch = places.slice(at, at + BATCH);
    const rows = await people
      .selectFrom('grants')
      .innerJoin('accounts', 'accounts.id', 'grants.account_id')
      .select(['grants.account_id', 'role', 'province', 'district', 'lao'])
      .where('accounts.disabled', '=', 0)
      .where('role', 'in', ['owner', 'district', 'province'])
      .where('province', 'in', [...new Set(batch.map(({ province }) => province))])
      .execute();
    const holders = (role: Role, of: NoticePlace): string[] => [
      ...new Set(
        rows
          .filter(
            (row) =>
              row.role === role &&
              row.province === of.province &&
              row.district === of.district &&
              row.lao === of.lao,
          )
          .map(({ account_id }) => account_id),
      ),
    ];
    for (const place of batch) {
      if (place.district === null) {
        found.push(holders('province', place));
        continue;
      }
      const owners = place.lao === null ? [] : holders('owner', place);
      found.push(owners.length > 0 ? owners : holders('district', { ...place, lao: null }));
    }
  }
  return found;
}
