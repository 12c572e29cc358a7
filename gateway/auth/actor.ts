import { contains, type Area, type AreaLevel, type Place } from '#registry/area.ts';
import type { Author } from '#registry/author.ts';
import type { Action } from './actions.ts';

/**
 * Who acts: a person who signed in, a machine with an API token, or the gateway itself. What it may do is decided in
 * policy.ts and nowhere else.
 */
export type Actor = Person | Machine | System;

interface Named {
  /** Of the account, for a token too: it acts for the person that made it. */
  id: string;
  /** As shown in history and audit. */
  name: string;
  grants: readonly Grant[];
}

export interface Person extends Named {
  kind: 'person';
  /** This session has shown a second factor, not only that the account has one. */
  secondFactor: boolean;
}

export interface Machine extends Named {
  kind: 'token';
  tokenId: string;
  /** The only actions that it may do, of those that its account may. */
  actions: ReadonlySet<Action>;
  /** It was made in a session that had shown a second factor. */
  secondFactor: boolean;
}

export interface System extends Named {
  kind: 'system';
}

/** One role in one area. A person may have several. */
export interface Grant {
  role: Role;
  area: Area;
  /** LAOs that were merged into that of `area`: what still goes by their names is its own. */
  merged?: readonly Area[];
}

/** Where the role holds. */
export function areasOf({ area, merged = [] }: Grant): Area[] {
  return [area, ...merged];
}

export const roles = [
  'owner',
  'district',
  'province',
  'dla',
  'operator',
  'investigator',
  'approver',
  'auditor',
  'administrator',
] as const;
export type Role = (typeof roles)[number];

/** In which areas a role may be given: forms.md §1 for the first four; the log of audit is one for the whole country. */
export const levelsOf: Readonly<Record<Role, readonly AreaLevel[]>> = {
  owner: ['lao'],
  district: ['district'],
  province: ['province'],
  dla: ['country'],
  operator: ['country', 'province', 'district', 'lao'],
  investigator: ['country', 'province', 'district', 'lao'],
  approver: ['country', 'province', 'district', 'lao'],
  auditor: ['country'],
  administrator: ['country', 'province', 'district', 'lao'],
};

/** Roles that count only once the session has shown a second factor. */
export const secondFactorRoles: ReadonlySet<Role> = new Set<Role>(['approver', 'administrator']);

/** The gateway's own acts: retention, the daily anchor. It holds no role; its acts are recorded, not permitted. */
export const system: System = { kind: 'system', id: 'system', name: 'gateway', grants: [] };

/** The actor as the author of a change at `place`; a district that is not its owner enters data as its proxy. */
export function authorOf(actor: Actor, place: Place): Author {
  const { id, name, grants } = actor;
  const holds = (role: Role): boolean =>
    grants.some(
      (grant) => grant.role === role && areasOf(grant).some((area) => contains(area, place)),
    );
  return { id, name, proxyFor: !holds('owner') && holds('district') ? place.name : null };
}
