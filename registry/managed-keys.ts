import { findDistrict, findProvince } from './areas/official-areas.ts';
import { agencyKey, districtKey, matchKey, provinceKey } from './thai-names.ts';

/** Under which key an LAO, a budget source or a site stands in its list: spellings with one key are one row. */

export function laoKey(lao: { name: string; district: string; province: string }): string {
  const province = findProvince(lao.province)?.name ?? lao.province;
  const district = findDistrict(lao.province, lao.district)?.name ?? lao.district;
  return [provinceKey(province), districtKey(district), agencyKey(lao.name)].join('|');
}

/** A budget source is an agency, and often the LAO itself. */
export function budgetSourceKey(name: string): string {
  return agencyKey(name);
}

/** Every LAO has a "ตู้ 1": a site is that of an LAO. */
export function siteKey(laoId: string, name: string): string {
  return `${laoId} ${matchKey(name)}`;
}
