import areas from '#registry/areas/thai-areas.json';

/** Names of provinces and districts, from the registry's own list (registry/areas). */
export interface AreaNames {
  provinces: string[];
  districtsOf: (province: string) => string[];
}

export function areaNames(): AreaNames {
  const codeOf = new Map(areas.provinces.map(([code, name]) => [name, code]));
  const byProvince = Map.groupBy(areas.districts, ([code = '']) => code.slice(0, 2));
  return {
    provinces: inOrder(areas.provinces.map(([, name = '']) => name)),
    districtsOf: (province) => {
      const districts = byProvince.get(codeOf.get(province) ?? '') ?? [];
      return inOrder(districts.map(([, name = '']) => name));
    },
  };
}

function inOrder(names: string[]): string[] {
  return names.toSorted((one, other) => one.localeCompare(other, 'th'));
}
