import { findDistrict, findProvince } from '../areas/official-areas.ts';
import type { Area } from '../area.ts';
import type { Camera } from '../camera.ts';
import { agencyKey } from '../thai-names.ts';
import type { ColumnKey } from './columns.ts';

/** Whether cameras of an LAO may be imported by whoever has these areas. */

/** By whichever spelling: a row's names are people's, an area's are the list's. */
export function areaCheck(areas: readonly Area[]): (lao: Camera['lao']) => boolean {
  return (lao) =>
    areas.some((area) => {
      if (area.level === 'country') return true;
      if (findProvince(area.province)?.code !== findProvince(lao.province)?.code) return false;
      if (area.level === 'province') return true;
      const own = findDistrict(area.province, area.district)?.code ?? area.district;
      const given = findDistrict(lao.province, lao.district)?.code ?? lao.district;
      if (own !== given) return false;
      return area.level === 'district' || agencyKey(area.lao) === agencyKey(lao.name);
    });
}

/** Null: none. */
export function placeProblem(
  lao: Camera['lao'],
  mayImport: (lao: Camera['lao']) => boolean,
): { key: ColumnKey; reason: string } | null {
  const province = findProvince(lao.province);
  if (province === undefined) return { key: 'laoProvince', reason: 'ไม่มีจังหวัดชื่อนี้' };
  if (findDistrict(lao.province, lao.district) === undefined) {
    return { key: 'laoDistrict', reason: `ไม่มีอำเภอชื่อนี้ในจังหวัด${province.name}` };
  }
  if (!mayImport(lao)) {
    return { key: 'laoName', reason: 'ท่านไม่มีสิทธิ์แก้ไขบัญชีกล้องของ อปท. นี้' };
  }
  return null;
}
