import * as z from 'zod';
import { lineFaultMessage, storedLine } from './text.ts';

/**
 * A part of the country by its official Thai names: what a person's rights are bound to, and what lists are narrowed
 * to. Names are compared as `storedLine` leaves them (trimmed, NFC).
 */
export type Area =
  | { level: 'country' }
  | { level: 'province'; province: string }
  | { level: 'district'; province: string; district: string }
  | { level: 'lao'; province: string; district: string; lao: string };

/** Where a local administration (อปท.) is: `lao` of a camera. */
export interface Place {
  name: string;
  district: string;
  province: string;
}

/** From the widest to the narrowest. */
export const areaLevels = ['country', 'province', 'district', 'lao'] as const;
export type AreaLevel = (typeof areaLevels)[number];

export const country: Area = { level: 'country' };

/** The area of one LAO. */
export function areaOf({ name, district, province }: Place): Area {
  return { level: 'lao', province, district, lao: name };
}

/** The LAO at `place` lies in `area`. */
export function contains(area: Area, place: Place): boolean {
  switch (area.level) {
    case 'country':
      return true;
    case 'province':
      return area.province === place.province;
    case 'district':
      return area.province === place.province && area.district === place.district;
    case 'lao':
      return (
        area.province === place.province &&
        area.district === place.district &&
        area.lao === place.name
      );
  }
}

/** All of `inner` lies in `outer`; an area contains itself. */
export function containsArea(outer: Area, inner: Area): boolean {
  switch (inner.level) {
    case 'country':
      return outer.level === 'country';
    case 'province':
      return outer.level === 'country' || sameProvince(outer, inner);
    case 'district':
      return (
        outer.level === 'country' ||
        sameProvince(outer, inner) ||
        (outer.level === 'district' &&
          outer.province === inner.province &&
          outer.district === inner.district)
      );
    case 'lao':
      return contains(outer, {
        name: inner.lao,
        district: inner.district,
        province: inner.province,
      });
  }
}

function sameProvince(outer: Area, inner: { province: string }): boolean {
  return outer.level === 'province' && outer.province === inner.province;
}

const MAX_NAME_LENGTH = 200;
const name = storedLine(MAX_NAME_LENGTH);

/** As it is told. */
export const area = z
  .discriminatedUnion('level', [
    z.strictObject({ level: z.literal('country') }),
    z.strictObject({ level: z.literal('province'), province: name }),
    z.strictObject({ level: z.literal('district'), province: name, district: name }),
    z.strictObject({ level: z.literal('lao'), province: name, district: name, lao: name }),
  ])
  .meta({
    id: 'Area',
    examples: [{ level: 'district', province: 'กระบี่', district: 'เกาะลันตา' }],
  });

/** As it is given: a right or a round bound to a name that nobody can see would be bound to something else than it shows. */
export const typedArea = area.superRefine((given, context) => {
  for (const [part, text] of Object.entries(given)) {
    const message = lineFaultMessage(text);
    if (message !== undefined) context.addIssue({ code: 'custom', path: [part], message });
  }
});
