import { sql, type RawBuilder, type SqlBool } from 'kysely';
import type { Area } from '#registry/area.ts';
import type { Grant } from './actor.ts';
import type { GrantTable, PeopleDatabase } from './people-database.ts';

/** How grants stand in their table: an area by those of its names that it has. */

export function grantRows(accountId: string, grants: readonly Grant[]): GrantTable[] {
  return grants.map(({ role, area }, ordinal) => ({
    account_id: accountId,
    ordinal,
    role,
    province: area.level === 'country' ? null : area.province,
    district: area.level === 'district' || area.level === 'lao' ? area.district : null,
    lao: area.level === 'lao' ? area.lao : null,
  }));
}

export async function grantsOf(
  database: PeopleDatabase,
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
  for (const row of rows) found.get(row.account_id)?.push({ role: row.role, area: areaOfRow(row) });
  return found;
}

/** The grant of the row lies within one of `areas`. Never NULL: "not within" is asked too, and of the whole country. */
export function isWithin(areas: readonly Area[]): RawBuilder<SqlBool> {
  if (areas.length === 0) return sql<SqlBool>`1 = 0`;
  return sql<SqlBool>`(${sql.join(areas.map(isWithinOne), sql` or `)})`;
}

function isWithinOne(area: Area): RawBuilder<SqlBool> {
  switch (area.level) {
    case 'country':
      return sql<SqlBool>`1 = 1`;
    case 'province':
      return named('province', area.province);
    case 'district':
      return sql`(${named('province', area.province)} and ${named('district', area.district)})`;
    case 'lao':
      return sql`(${named('province', area.province)} and ${named('district', area.district)} and ${named('lao', area.lao)})`;
  }
}

function named(column: 'province' | 'district' | 'lao', name: string): RawBuilder<SqlBool> {
  return sql<SqlBool>`coalesce(${sql.ref(`grants.${column}`)}, '') = ${name}`;
}

function areaOfRow({ province, district, lao }: GrantTable): Area {
  if (province === null) return { level: 'country' };
  if (district === null) return { level: 'province', province };
  if (lao === null) return { level: 'district', province, district };
  return { level: 'lao', province, district, lao };
}
