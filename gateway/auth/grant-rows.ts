import { sql, type Kysely, type RawBuilder, type SqlBool } from 'kysely';
import { areaOf, type Area } from '#registry/area.ts';
import type { Author } from '#registry/author.ts';
import type { LaoPlace, LaoPlaces } from '#registry/lao-places.ts';
import type { Grant } from './actor.ts';
import type { GrantTable, PeopleDatabase, PeopleTables } from './people-database.ts';

/**
 * How grants stand in their table: an area by those of its names that it has, and an LAO by its id in the master list. Its
 * names are those that it was given under, and nothing is decided by them: where the LAO is now, the list says (decision 0041).
 */

/** `author`: of what is proposed to the list because a role is given for it. */
export async function grantRows(
  accountId: string,
  grants: readonly Grant[],
  laos: Pick<LaoPlaces, 'idOf'>,
  author: Author,
): Promise<GrantTable[]> {
  const rows: GrantTable[] = [];
  for (const [ordinal, { role, area }] of grants.entries()) {
    const names = namesOf(area);
    const { province, district, lao } = names;
    const isLao = province !== null && district !== null && lao !== null;
    rows.push({
      account_id: accountId,
      ordinal,
      role,
      ...names,
      lao_id: isLao ? await laos.idOf({ province, district, name: lao }, author) : null,
    });
  }
  return rows;
}

/** As they count now. */
export async function grantsOf(
  database: PeopleDatabase,
  laos: Pick<LaoPlaces, 'placesOf'>,
  accountIds: readonly string[],
): Promise<Map<string, Grant[]>> {
  const found = new Map<string, Grant[]>(accountIds.map((id) => [id, []]));
  if (accountIds.length === 0) return found;
  const rows = await database
    .selectFrom('grants')
    .selectAll()
    .where('account_id', 'in', [...found.keys()])
    .orderBy('account_id')
    .orderBy('ordinal')
    .execute();
  for (const { accountId, grant } of await resolved(laos, rows)) found.get(accountId)?.push(grant);
  return found;
}

/** The grants of rows. One for an LAO that the list does not know is for nowhere, and left out. */
export async function resolved(
  laos: Pick<LaoPlaces, 'placesOf'>,
  rows: readonly GrantTable[],
): Promise<{ accountId: string; grant: Grant }[]> {
  const ids = new Set(rows.flatMap(({ lao_id }) => lao_id ?? []));
  const places = ids.size === 0 ? new Map<string, LaoPlace>() : await laos.placesOf([...ids]);
  return rows.flatMap((row) => {
    const { account_id: accountId, role } = row;
    if (row.lao === null) return { accountId, grant: { role, area: areaOfRow(row) } };
    const lao = places.get(row.lao_id ?? '');
    if (lao === undefined) return [];
    const merged = lao.merged.map(areaOf);
    const grant = { role, area: areaOf(lao.place), ...(merged.length === 0 ? {} : { merged }) };
    return { accountId, grant };
  });
}

/** Grants of before ids were kept. Returns how many. */
export async function bindGrants(
  database: Kysely<PeopleTables>,
  laos: Pick<LaoPlaces, 'idOf'>,
  author: Author,
): Promise<number> {
  const rows = await database
    .selectFrom('grants')
    .selectAll()
    .where('lao', 'is not', null)
    .where('lao_id', 'is', null)
    .execute();
  for (const { account_id, ordinal, province, district, lao } of rows) {
    if (province === null || district === null || lao === null) continue;
    await database
      .updateTable('grants')
      .set({ lao_id: await laos.idOf({ province, district, name: lao }, author) })
      .where('account_id', '=', account_id)
      .where('ordinal', '=', ordinal)
      .execute();
  }
  return rows.length;
}

/**
 * The grant of the row lies within one of `areas`, in which the LAOs of `laoIds` lie. Never NULL: "not within" is asked too,
 * and of the whole country.
 */
export function isWithin(areas: readonly Area[], laoIds: readonly string[]): RawBuilder<SqlBool> {
  const named = areas.map(isWithinOne);
  if (laoIds.length > 0) {
    named.push(sql<SqlBool>`coalesce(grants.lao_id, '') in (${sql.join(laoIds)})`);
  }
  if (named.length === 0) return sql<SqlBool>`1 = 0`;
  return sql<SqlBool>`(${sql.join(named, sql` or `)})`;
}

/** Of grants that are for no LAO: for one, its id decides. */
function isWithinOne(area: Area): RawBuilder<SqlBool> {
  switch (area.level) {
    case 'country':
      return sql<SqlBool>`1 = 1`;
    case 'province':
      return sql`(grants.lao is null and ${is('province', area.province)})`;
    case 'district':
      return sql`(grants.lao is null and ${is('province', area.province)} and ${is('district', area.district)})`;
    case 'lao':
      return sql<SqlBool>`1 = 0`;
  }
}

function is(column: 'province' | 'district', name: string): RawBuilder<SqlBool> {
  return sql<SqlBool>`coalesce(${sql.ref(`grants.${column}`)}, '') = ${name}`;
}

function namesOf(area: Area): Pick<GrantTable, 'province' | 'district' | 'lao'> {
  return {
    province: area.level === 'country' ? null : area.province,
    district: area.level === 'district' || area.level === 'lao' ? area.district : null,
    lao: area.level === 'lao' ? area.lao : null,
  };
}

function areaOfRow({ province, district }: GrantTable): Area {
  if (province === null) return { level: 'country' };
  if (district === null) return { level: 'province', province };
  return { level: 'district', province, district };
}
