import { findProvince, isDistrictName } from './areas/official-areas.ts';
import type { Camera } from './camera.ts';
import { laoTypes, searchText, splitLaoName, type LaoType } from './thai-names.ts';

/** The one text that a camera is searched by. */
export function cameraSearchText({
  position,
  owningAgency,
  brand,
  model,
  lao,
  site,
}: Pick<Camera, 'position' | 'owningAgency' | 'brand' | 'model' | 'lao' | 'site'>): string {
  const parts: (string | null | undefined)[] = [
    position,
    lao.name,
    otherForm(lao.name),
    lao.district,
    lao.province,
  ];
  if (owningAgency !== lao.name) parts.push(owningAgency, otherForm(owningAgency));
  parts.push(brand, model, site);
  // A line break, which no search holds, keeps a match from beginning in one part and ending in the next.
  return parts
    .filter((part) => part !== null && part !== undefined)
    .map(searchText)
    .join('\n');
}

/** Whether a camera's text is made of this field. */
export function isSearched(field: string): boolean {
  return searchedFields.has(field);
}

const searchedFields: ReadonlySet<string> = new Set([
  'position',
  'owningAgency',
  'brand',
  'model',
  'lao',
  'site',
]);

/** What is searched for, word by word: each must be there. Texts have the names of provinces and districts alone. */
export function searchWords(query: string): string[] {
  const joined = searchText(query).replace(/(^| )(จังหวัด|อำเภอ|เขต) (?=\S)/gu, '$1$2');
  return [...new Set(joined.split(' ').map(withoutLevel))].filter((word) => word !== '');
}

/** จ.กระบี่ and จังหวัดกระบี่ as กระบี่, อ.เกาะลันตา as เกาะลันตา; what is no such name stays as it is. */
function withoutLevel(word: string): string {
  const [, level, name = ''] = /^(จังหวัด|จ\.|อำเภอ|อ\.|เขต)(.+)$/u.exec(word) ?? [];
  if (level === undefined) return word;
  const isProvince = level === 'จังหวัด' || level === 'จ.';
  const isKnown = isProvince ? findProvince(name) !== undefined : isDistrictName(name);
  return isKnown ? name : word;
}

const longForms: Readonly<Record<LaoType, string>> = {
  'อบจ.': 'องค์การบริหารส่วนจังหวัด',
  'ทน.': 'เทศบาลนคร',
  'ทม.': 'เทศบาลเมือง',
  'ทต.': 'เทศบาลตำบล',
  'อบต.': 'องค์การบริหารส่วนตำบล',
  พิเศษ: '',
};

/** People look for ทต.ก and for เทศบาลตำบลก, whichever was registered. */
function otherForm(name: string): string | undefined {
  const split = splitLaoName(name);
  if (split === undefined || longForms[split.type] === '') return undefined;
  const isShort = laoTypes.some((type) => name.startsWith(type));
  return (isShort ? longForms[split.type] : split.type) + split.rest;
}
