import * as z from 'zod/mini';

/** A part of the country that rights are bound to. */
export const areaOnWire = z.discriminatedUnion('level', [
  z.object({ level: z.literal('country') }),
  z.object({ level: z.literal('province'), province: z.string() }),
  z.object({ level: z.literal('district'), province: z.string(), district: z.string() }),
  z.object({
    level: z.literal('lao'),
    province: z.string(),
    district: z.string(),
    lao: z.string(),
  }),
]);
export type Area = z.infer<typeof areaOnWire>;

/** An LAO. */
export interface Place {
  name: string;
  district: string;
  province: string;
}

/** The gateway spells both as the master list does. */
export function liesIn(place: Place, area: Area): boolean {
  if (area.level === 'country') return true;
  if (area.province !== place.province) return false;
  if (area.level === 'province') return true;
  return area.district === place.district && (area.level === 'district' || area.lao === place.name);
}

export type AreaLevel = Area['level'];

export const grantOnWire = z.object({ role: z.string(), area: areaOnWire });
export type Grant = z.infer<typeof grantOnWire>;
