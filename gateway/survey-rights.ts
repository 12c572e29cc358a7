import { containsArea, country, type Area } from '#registry/area.ts';
import { areaOfReturn, ReturnNotFound, type ReturnRowOf } from '#registry/survey/returns.ts';
import type { Action } from './auth/actions.ts';
import type { Actor } from './auth/actor.ts';
import { areasFor, decide } from './auth/policy.ts';
import type { ReturnAct } from './routes/survey-json.ts';

/**
 * Who may do what with a return: LAO → district → province → Department, a step at a time (forms.md §1). Each step has an
 * action of its own, so that nobody above stands in for a level that was left out.
 */

/** What filling in, signing and correcting a return is, and where. */
export function fillingOf(of: ReturnRowOf): { action: Action; area: Area } {
  const action = (
    { lao: 'survey.fill', district: 'survey.district', province: 'survey.province' } as const
  )[of.level];
  return { action, area: areaOfReturn(of) };
}

/** What accepting it, or sending it back, is: of the level that it reports to. */
export function reviewOf({ reports_to, province, district }: ReturnRowOf): {
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

/** A return out of the actor's area does not exist. Throws ReturnNotFound. */
export function refuseUnlessReadable(actor: Actor | undefined, of: ReturnRowOf): void {
  const area = areaOfReturn(of);
  const readable = actor === undefined ? [] : areasFor(actor, 'survey.read');
  if (!readable.some((outer) => containsArea(outer, area))) throw new ReturnNotFound(of.id);
}

/** What the actor may do with it as it is now, for screens. */
export function actsUpon(actor: Actor | undefined, of: ReturnRowOf, closed: boolean): ReturnAct[] {
  if (closed) return [];
  const may = ({ action, area }: { action: Action; area: Area }): boolean =>
    decide(actor, action, { kind: 'area', area }) === 'allowed';
  const acts: ReturnAct[] = [];
  const waits = of.state === 'draft' || of.state === 'sent-back';
  if (may(fillingOf(of))) {
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
