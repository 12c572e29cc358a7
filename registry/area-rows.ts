import { sql, type Expression, type ExpressionBuilder, type SqlBool } from 'kysely';
import type { Area } from './area.ts';

/** Columns of a row that lies somewhere, by their names in a query. */
interface PlaceColumns {
  province: string;
  district: string;
  /** The id of its LAO, which outlives the name that stands beside it. */
  laoId: string;
}

/** The row lies within one of `areas`; none: nothing does. An LAO's area never holds a row that has no LAO. */
export function liesWithin<Tables, Table extends keyof Tables>(
  where: ExpressionBuilder<Tables, Table>,
  areas: readonly Area[],
  columns: PlaceColumns,
): Expression<SqlBool> {
  const is = (column: string, value: string): Expression<SqlBool> =>
    where.eb(column as never, '=', value as never);
  return where.or(
    areas.map((area): Expression<SqlBool> => {
      switch (area.level) {
        case 'country':
          return where.lit(true);
        case 'province':
          return is(columns.province, area.province);
        case 'district':
          return where.and([
            is(columns.province, area.province),
            is(columns.district, area.district),
          ]);
        case 'lao':
          return where.eb(
            columns.laoId as never,
            'in',
            sql`(select named.id from laos as named where named.province = ${area.province} and named.district = ${area.district} and named.name = ${area.lao})` as never,
          );
      }
    }),
  );
}
