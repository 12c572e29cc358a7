import { sql, type RawBuilder, type SqlBool } from 'kysely';
import type { Area } from './area.ts';

/** The joined row of `laos` lies within one of `areas`; none: nothing does. */
export function isWithinAreas(areas: readonly Area[]): RawBuilder<SqlBool> {
  if (areas.length === 0) return sql<SqlBool>`1 = 0`;
  return sql<SqlBool>`(${sql.join(areas.map(isWithin), sql` or `)})`;
}

function isWithin(area: Area): RawBuilder<SqlBool> {
  switch (area.level) {
    case 'country':
      return sql<SqlBool>`1 = 1`;
    case 'province':
      return sql<SqlBool>`laos.province = ${area.province}`;
    case 'district':
      return sql<SqlBool>`(laos.province = ${area.province} and laos.district = ${area.district})`;
    case 'lao':
      return sql<SqlBool>`(laos.province = ${area.province} and laos.district = ${area.district} and laos.name = ${area.lao})`;
  }
}
