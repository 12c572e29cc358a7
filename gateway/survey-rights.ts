import { containsArea, country, type Area } from '#registry/area.ts';
import type { RegistryDatabase } from '#registry/schema/tables.ts';
import { areasOfReturns } from '#registry/survey/return-areas.ts';
import { ReturnNotFound } from '#registry/survey/return-refusals.ts';
import type { ReturnRowOf } from '#registry/survey/return-versions.ts';
import type { Action } from './auth/actions.ts';
import type { Actor } from './auth/actor.ts';
import { areasFor, decide } from './auth/policy.ts';
import type { ReturnAct } from './routes/survey-return-json.ts';

/**
 * Who may do what with a return: LAO → district → province → Department, a step at a time (forms.md §1). Each step has an
 * action of its own, so that nobody above stands in for a level that was left out.
 */

/** What filling in, signing and correcting a return is, and where. `area`: where the return is (return-areas.ts). */
export function fillingOf(of: ReturnRowOf, area: Area): { action: Action; area: Area } {
  const action = (
    { lao: 'survey.fill', district: 'survey.district', province: 'survey.province' } as const
  )[of.level];
  return { action, area };
}

/** What accepting it, or sending it back, is: of the level that it reports to. */
export function reviewOf({
  reports_to,
  province,
  district,
}: Pick<ReturnRowOf, 'reports_to' | 'province' | 'district'>): {
  action: Action;
  area: Area;
} {
  switch (reports_to) {
    case 'district':
      return { action: 'survey.district', area: { level: 'district', province, district } };
    case 'province':
      return { action: 'survey.province', area: { level: 'province', province } };
    case 'country':
      return { action: 'survey.country', area: country };
  }
}

/**
 * Where it is. A return out of the actor's area does not exist. An LAO's whose district was corrected since the round
 * froze is read in both: it is filled in where the LAO is now, and goes to the level that it was frozen under, which is
 * asked to review what lists show it. Throws ReturnNotFound.
 */
export async function readableArea(
  registry: RegistryDatabase,
  actor: Actor | undefined,
  of: ReturnRowOf,
): Promise<Area> {
  const area = (await areasOfReturns(registry, [of])).get(of.id);
  const readable = actor === undefined ? [] : areasFor(actor, 'survey.read');
  if (area === undefined || !readable.some((outer) => isIn(outer, of, area))) {
    throw new ReturnNotFound(of.id);
  }
  return area;
}

/** As lists narrow returns (area-rows.ts), or where it is now. */
function isIn(outer: Area, { province, district }: ReturnRowOf, now: Area): boolean {
  if (containsArea(outer, now)) return true;
  // By the name that it was frozen under it would be of whichever LAO is called so today.
  return outer.level !== 'lao' && containsArea(outer, { level: 'district', province, district });
}

/** What the actor may do with returns as they are now, by their ids, for screens. */
export async function actsUpon(
  registry: RegistryDatabase,
  actor: Actor | undefined,
  returns: readonly ReturnRowOf[],
  { closed }: { closed: boolean },
): Promise<Map<string, ReturnAct[]>> {
  const areas = await areasOfReturns(registry, returns);
  return new Map(
    returns.map((of) => {
      const area = areas.get(of.id);
      return [of.id, area === undefined ? [] : actsUponOne(actor, of, area, closed)];
    }),
  );
}

function actsUponOne(
  actor: Actor | undefined,
  of: ReturnRowOf,
  area: Area,
  closed: boolean,
): ReturnAct[] {
  if (closed) return [];
  const may = (step: { action: Action; area: Area }): boolean =>
    decide(actor, step.action, { kind: 'area', area: step.area }) === 'allowed';
  const acts: ReturnAct[] = [];
  const waits = of.state === 'draft' || of.state === 'sent-back';
  if (may(fillingOf(of, area))) {
    if (waits)
      acts.push(...(of.level === 'lao' ? (['fill', 'sign'] as const) : (['sign'] as const)));
    else acts.push('correct');
  }
  if (may(reviewOf(of))) {
    if (of.state === 'submitted') acts.push('accept');
    if (waits) acts.push('remind');
    else acts.push('send-back');
  }
  return acts;
}
