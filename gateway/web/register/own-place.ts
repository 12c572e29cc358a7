import type { Grant } from '../api/areas.ts';

/** The part of a place that all cameras of somebody who keeps the register have in common: it needs no typing. */
export function ownPlace(grants: readonly Grant[]): {
  province?: string;
  district?: string;
  lao?: string;
} {
  const areas = grants
    .filter(({ role }) => keepers.has(role))
    .map(({ area }): { province?: string; district?: string; lao?: string } => {
      const { level: _level, ...place } = area;
      return place;
    });
  const [first, ...others] = areas;
  if (first === undefined) return {};
  return Object.fromEntries(
    (['province', 'district', 'lao'] as const).flatMap((part) => {
      const value = first[part];
      return value !== undefined && others.every((other) => other[part] === value)
        ? [[part, value]]
        : [];
    }),
  );
}

const keepers = new Set(['owner', 'district', 'administrator']);
