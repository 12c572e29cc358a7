import { containsArea, type Area } from '#registry/area.ts';
import { placesOfLaos } from '#registry/lao-places.ts';
import type { RegistryDatabase } from '#registry/schema/tables.ts';
import type { Action } from '../auth/actions.ts';
import { areasOf, roles } from '../auth/actor.ts';
import { resolved } from '../auth/grant-rows.ts';
import type { PeopleDatabase } from '../auth/people-database.ts';
import { allowedTo } from '../auth/policy.ts';

/** Whom something waits for: whoever may do the act that it waits for, wherever it is. */
export interface Audience {
  action: Action;
  /** All of them lie within the area of whoever is told. */
  areas: readonly Area[];
  /** The account that asked for it: another has to decide. */
  except?: string | undefined;
}

/** Names in one statement. */
const BATCH = 500;

/**
 * The accounts of each audience, by its index. An administrator may do everything, and is told only where nobody else can: it
 * is nobody's desk. Whether a second factor was set up is asked when they act.
 */
export async function accountsOf(
  people: PeopleDatabase,
  registry: RegistryDatabase,
  audiences: readonly Audience[],
): Promise<string[][]> {
  if (audiences.length === 0) return [];
  const wanted = roles.filter((role) =>
    audiences.some(({ action }) => allowedTo[role].has(action)),
  );
  const provinces = new Set(
    audiences.flatMap(({ areas }) =>
      areas.flatMap((area) => (area.level === 'country' ? [] : [area.province])),
    ),
  );
  const rows = (
    await Promise.all(
      // Of the whole country first; names of provinces in pieces, so that no statement grows without end.
      [undefined, ...inPieces([...provinces])].map(async (some) => {
        let query = people
          .selectFrom('grants')
          .innerJoin('accounts', 'accounts.id', 'grants.account_id')
          .selectAll('grants')
          .where('accounts.disabled', '=', 0)
          .where('role', 'in', wanted);
        query =
          some === undefined
            ? query.where((where) =>
                // A role for an LAO is where the LAO is now (recipients.ts): which, is looked at below.
                where.or([where('province', 'is', null), where('lao_id', 'is not', null)]),
              )
            : query.where('province', 'in', some).where('lao_id', 'is', null);
        return query.execute();
      }),
    )
  ).flat();
  const placesOf = async (ids: readonly string[]) => placesOfLaos(registry, ids);
  const grants = await resolved({ placesOf }, rows);
  return audiences.map(({ action, areas, except }) => {
    const able = grants.filter(
      ({ accountId, grant }) =>
        accountId !== except &&
        allowedTo[grant.role].has(action) &&
        areas.every((area) => areasOf(grant).some((held) => containsArea(held, area))),
    );
    const own = able.filter(({ grant }) => grant.role !== 'administrator');
    return [...new Set((own.length > 0 ? own : able).map(({ accountId }) => accountId))];
  });
}

function* inPieces(names: readonly string[]): Generator<readonly string[]> {
  for (let at = 0; at < names.length; at += BATCH) yield names.slice(at, at + BATCH);
}
