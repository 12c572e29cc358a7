import type { CountRow, SurveyPlace } from '../api/survey.ts';

/** Where one is in the counts, and how far down from there: pure. */

export const levels = ['province', 'district', 'lao', 'budget-source'] as const;
export type Level = (typeof levels)[number];

export function placeOf(query: string): SurveyPlace {
  const given = new URLSearchParams(query);
  const province = given.get('province') ?? undefined;
  const district = given.get('district') ?? undefined;
  const lao = given.get('lao') ?? undefined;
  if (province === undefined) return {};
  if (district === undefined) return { province };
  return lao === undefined ? { province, district } : { province, district, lao };
}

export function placeQuery(place: SurveyPlace): string {
  return new URLSearchParams(
    Object.entries(place).filter((part): part is [string, string] => part[1] !== undefined),
  ).toString();
}

/** The rows of a place are what lies directly below it. */
export function levelBelow({ province, district, lao }: SurveyPlace): Level {
  if (province === undefined) return 'province';
  if (district === undefined) return 'district';
  return lao === undefined ? 'lao' : 'budget-source';
}

/** Where a row leads; undefined: there is nothing below a budget source. */
export function placeOfRow(row: CountRow): SurveyPlace | undefined {
  if (row.budgetSource !== null || row.province === null) return undefined;
  return {
    province: row.province,
    ...(row.district === null ? {} : { district: row.district }),
    ...(row.lao === null ? {} : { lao: row.lao }),
  };
}

export function nameOfRow(row: CountRow): string {
  return row.budgetSource ?? row.lao ?? row.district ?? row.province ?? '';
}

/** Whoever sees one province, district or LAO alone begins there. */
export function firstPlace(
  areas: readonly { level: string; province?: string; district?: string; lao?: string }[],
): SurveyPlace {
  const [only, ...others] = areas;
  if (only === undefined || others.length > 0 || only.level === 'country') return {};
  const { province, district, lao } = only;
  return { province, district, lao };
}
