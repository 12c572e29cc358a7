import type { Area, AreaLevel, Grant } from '../api/areas.ts';
import { roleLevels, type RoleName } from './grant-words.ts';

/** Roles as a form holds them while they are typed. Pure. */

/** The role that is given most, in the area of whoever gives it. */
export function newGrant(mine: readonly Grant[]): Grant {
  return withRole({ role: 'owner', area: administered(mine) }, 'owner');
}

/** The area within which somebody gives roles: that of their own as an administrator. */
export function administered(mine: readonly Grant[]): Area {
  return mine.find(({ role }) => role === 'administrator')?.area ?? { level: 'country' };
}

/** Another role keeps as much of the area as it can have. */
export function withRole(grant: Grant, role: string): Grant {
  const levels: readonly AreaLevel[] = levelsOf(role);
  const level = levels.includes(grant.area.level) ? grant.area.level : (levels[0] ?? 'country');
  return { role, area: atLevel(grant.area, level) };
}

export function levelsOf(role: string): readonly AreaLevel[] {
  return Object.hasOwn(roleLevels, role) ? roleLevels[role as RoleName] : ['country'];
}

/** The area with the parts that the level has; what is not known yet is empty. */
export function atLevel(area: Area, level: AreaLevel): Area {
  const province = 'province' in area ? area.province : '';
  const district = 'district' in area ? area.district : '';
  const lao = 'lao' in area ? area.lao : '';
  switch (level) {
    case 'country':
      return { level };
    case 'province':
      return { level, province };
    case 'district':
      return { level, province, district };
    case 'lao':
      return { level, province, district, lao };
  }
}

/** Nothing of the area is missing. */
export function isWhole({ area }: Grant): boolean {
  return Object.values(area).every((part) => part.trim() !== '');
}
