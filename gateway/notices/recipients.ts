import { areaOf, containsArea, type Area } from '#registry/area.ts';
import { laoIdsWithin, placesOfLaos } from '#registry/lao-places.ts';
import type { RegistryDatabase } from '#registry/schema/tables.ts';
import { areasOf, type Role } from '../auth/actor.ts';
import { resolved } from '../auth/grant-rows.ts';
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
  registry: RegistryDatabase,
  places: readonly NoticePlace[],
): Promise<string[][]> {
  const placesOf = async (ids: readonly string[]) => placesOfLaos(registry, ids);
  const found: string[][] = [];
  for (let at = 0; at < places.length; at += BATCH) {
    const batch = places.slice(at, at + BATCH);
    const laoIds = await laoIdsWithin(
      registry,
      batch.map(areaAt).filter(({ level }) => level === 'lao'),
    );
    const rows = await people
      .selectFrom('grants')
      .innerJoin('accounts', 'accounts.id', 'grants.account_id')
      .selectAll('grants')
      .where('accounts.disabled', '=', 0)
      .where('role', 'in', ['owner', 'district', 'province'])
      .where((where) =>
        where.or([
          where('province', 'in', [...new Set(batch.map(({ province }) => province))]),
          // A role for an LAO is where the LAO is, not where it was when the role was given.
          ...(laoIds.length === 0 ? [] : [where('lao_id', 'in', laoIds)]),
        ]),
      )
      .execute();
    const grants = await resolved({ placesOf }, rows);
    const holders = (role: Role, of: NoticePlace): string[] => {
      const area = areaAt(of);
      return [
        ...new Set(
          grants
            .filter(
              ({ grant }) =>
                grant.role === role && areasOf(grant).some((held) => isSameArea(held, area)),
            )
            .map(({ accountId }) => accountId),
        ),
      ];
    };
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

function areaAt({ province, district, lao }: NoticePlace): Area {
  if (district === null) return { level: 'province', province };
  if (lao === null) return { level: 'district', province, district };
  return areaOf({ name: lao, district, province });
}

function isSameArea(one: Area, other: Area): boolean {
  return containsArea(one, other) && containsArea(other, one);
}
