import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { districtKey, provinceKey } from '../thai-names.ts';

/** Provinces and districts with their official codes, as `generate.ts` wrote them. Read when first asked for. */

export interface Province {
  /** Two digits. */
  code: string;
  name: string;
}

export interface District {
  /** Four digits, of which two are the province's. */
  code: string;
  name: string;
  province: string;
}

interface OfficialAreas {
  provinces: readonly Province[];
  districts: readonly District[];
  provinceByKey: ReadonlyMap<string, Province>;
  /** By province code and key. */
  districtByKey: ReadonlyMap<string, District>;
  /** Of whichever province. */
  districtKeys: ReadonlySet<string>;
}

const pairs = z.array(z.tuple([z.string(), z.string()]));
const file = z.object({ provinces: pairs, districts: pairs });

let areas: OfficialAreas | undefined;

export function officialAreas(): OfficialAreas {
  areas ??= read();
  return areas;
}

/** By name or another spelling of it; undefined where there is no such province. */
export function findProvince(name: string): Province | undefined {
  const key = provinceKey(name);
  return officialAreas().provinceByKey.get(abbreviations.get(key) ?? key);
}

/** A district by its name and its province's; undefined where there is no such district. */
export function findDistrict(province: string, name: string): District | undefined {
  const { districtByKey } = officialAreas();
  const found = findProvince(province);
  if (found === undefined) return undefined;
  const key = districtKey(name);
  return (
    districtByKey.get(`${found.code}${key}`) ??
    // อ.เมือง, without the province's name behind it, is what everybody writes.
    (key === 'เมือง' ? districtByKey.get(`${found.code}เมือง${provinceKey(found.name)}`) : undefined)
  );
}

/** As rows of places have districts of this name: of a province, else of all that have one. Never empty. */
export function districtNames(province: string | undefined, name: string): string[] {
  const provinces =
    province === undefined ? officialAreas().provinces.map((one) => one.name) : [province];
  const found = provinces.flatMap((one) => findDistrict(one, name)?.name ?? []);
  return found.length === 0 ? [name] : [...new Set(found)];
}

/** What there is not of a province, and of a district in it where one is given; undefined: both are there. */
export function missingArea(
  province: string,
  district?: string,
): { part: 'province' | 'district'; message: string } | undefined {
  if (findProvince(province) === undefined) {
    return { part: 'province', message: `there is no province ${province}` };
  }
  if (district === undefined || findDistrict(province, district) !== undefined) return undefined;
  return { part: 'district', message: `there is no district ${district} in ${province}` };
}

/** What nobody writes in full. */
const abbreviations: ReadonlyMap<string, string> = new Map(
  ['กทม.', 'กรุงเทพฯ', 'กรุงเทพ'].map((short) => [provinceKey(short), 'กรุงเทพมหานคร']),
);

/** Whether some province has a district of this name; อ.เมือง is one of each. */
export function isDistrictName(name: string): boolean {
  const key = districtKey(name);
  return key === 'เมือง' || officialAreas().districtKeys.has(key);
}

function read(): OfficialAreas {
  const text = readFileSync(new URL('thai-areas.json', import.meta.url), 'utf8');
  const given = file.parse(JSON.parse(text));
  const provinces = given.provinces.map(([code, name]) => ({ code, name }));
  const nameOf = new Map(given.provinces);
  const districts = given.districts.map(([code, name]) => ({
    code,
    name,
    province: nameOf.get(code.slice(0, 2)) ?? '',
  }));
  return {
    provinces,
    districts,
    provinceByKey: new Map(provinces.map((province) => [provinceKey(province.name), province])),
    districtByKey: new Map(
      districts.map((district) => [
        `${district.code.slice(0, 2)}${districtKey(district.name)}`,
        district,
      ]),
    ),
    districtKeys: new Set(districts.map(({ name }) => districtKey(name))),
  };
}
